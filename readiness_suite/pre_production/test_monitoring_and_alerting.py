"""Monitoring and Alerting."""

from pytest_readiness import (
    Alertmanager,
    Check,
    Grafana,
    Health,
    Limits,
    Logs,
    Page,
    Prometheus,
    attested,
    item,
    section,
)

pytestmark = section("monitoring-and-alerting", stage="pre-production")


def is_fresh(check: Check, prometheus: Prometheus, query: str) -> None:
    """Require that a query has series, and that none of them is stale."""
    check(f"{query}: series", prometheus.count(query)).at_least(1)
    check(f"{query}: age", prometheus.age(query)).at_most(prometheus.freshness)


def is_up(check: Check, prometheus: Prometheus, query: str) -> None:
    """Require that a query has fresh series, and that each of them is 1."""
    is_fresh(check, prometheus, query)
    for one in check.each(f"{query}: who", prometheus.series(query)):
        check(f"{query}: {one.name}", one.value).equals(1.0)


@item("system-monitoring", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_system_monitoring(check: Check, prometheus: Prometheus) -> None:
    """Every machine is scraped, and tells its CPU, memory, disk and network freshly.

    Why: a machine whose exporter died looks as calm on a dashboard as one that idles.
    Fix: start the exporter or mend the scrape job; `presets` of
    `[target.NAME.prometheus]` choose the machines of this system.
    """
    is_up(check, prometheus, "node-up")
    for query in ("cpu-used", "memory-used", "disk-used", "network-received"):
        is_fresh(check, prometheus, query)
        lacking = prometheus.lacking(query, "node-up")
        check(f"{query}: machines without", lacking).empty()


@item("application-monitoring", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_application_monitoring(check: Check, prometheus: Prometheus) -> None:
    """The service is scraped, and each metric that it must tell is fresh.

    Why: a metric that a release renamed is missed on the day when it was needed.
    Fix: mend the scrape job or the service's metrics; name its queries in
    `metrics` of `[target.NAME.prometheus.service]`.
    """
    is_up(check, prometheus, "service-up")
    for query in check.each("the service's metrics", prometheus.service_metrics):
        is_fresh(check, prometheus, query)


@item("database-monitoring", owner="dba")
@attested(role="dba", scope="environment", when="unconfigured")
def test_database_monitoring(check: Check, prometheus: Prometheus) -> None:
    """The database's exporter is scraped, and reaches the database.

    Why: an exporter that lost its log-in is up, and tells nothing of the database.
    Fix: mend the exporter's connection (`pg_up` is 0 then) or its scrape job.
    """
    is_up(check, prometheus, "postgres-up")


@item("api-monitoring", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_api_monitoring(check: Check, prometheus: Prometheus) -> None:
    """Latency is told as a histogram, errors as a counter, and both for each route.

    Why: an average over all routes hides the one that nobody can use.
    Fix: measure each route with a histogram and a counter; name them in the queries
    `latency-by-route` and `errors-by-route` of `[target.NAME.prometheus]`.
    """
    latency, errors = "latency-by-route", "errors-by-route"
    is_fresh(check, prometheus, latency)
    check(f"{latency}: a histogram", prometheus.is_histogram(latency)).is_true()
    is_fresh(check, prometheus, errors)
    declared = prometheus.service_routes.otherwise(())
    for query in (latency, errors):
        check(f"{query}: routes", prometheus.routes(query)).satisfies(
            f"all of {', '.join(declared)}" if declared else "at least one",
            lambda routes: bool(routes) and set(declared) <= set(routes),
        )


@item("log-monitoring", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_log_monitoring(check: Check, logs: Logs, limits: Limits) -> None:
    """The log store is ready, and has a line of this service from the last minutes.

    Why: a collector that stopped is noticed when somebody looks for a line that should
    explain an outage.
    Fix: mend collector or store; `query` of `[target.NAME.logs]` chooses the lines of
    this service.
    """
    check("the store is ready", logs.ready).is_true()
    check("a line of this service", logs.found).is_true()
    if logs.found.otherwise(default=False):
        check("its age", logs.age).at_most(limits.logs.age)


@item("alert-configuration", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_alert_configuration(check: Check, prometheus: Prometheus) -> None:
    """Every key metric has a critical alert; each alert works, and says what to do.

    Why: a rule that cannot be evaluated never fires, and at three in the morning an
    alert without a runbook is a riddle.
    Fix: add what is named here to the rules: an alert, its `severity`, its
    `runbook_url`; mend a rule's query. Key metrics and the groups of rules are chosen
    in `[target.NAME.prometheus]`.
    """
    for metric in check.each("key metrics", prometheus.key_metrics):
        check(
            f"{metric.name}: critical alerts", prometheus.critical_alerts(metric)
        ).satisfies("at least one", bool)
    check("rules that cannot be evaluated", prometheus.broken_rules).empty()
    check("alerts without severity", prometheus.alerts_without("severity")).empty()
    check("alerts without runbook", prometheus.alerts_without("runbook")).empty()


@item("notification-channels", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_notification_channels(
    check: Check, alertmanager: Alertmanager, prometheus: Prometheus, page: Page
) -> None:
    """Every critical alert calls somebody, at every hour, and a test alert arrived.

    Why: an alert that is routed to nobody is found out by the customers.
    Fix: give critical alerts a route of their own, before those that take them, to a
    receiver that calls somebody; end the silence; mend the channel that told nothing.
    """
    ways = alertmanager.ways_of(prometheus.rules, prometheus.critical)
    for way in check.each("critical alerts", ways):
        check(f"{way.name}: calls by", way.channels).satisfies("at least one", bool)
        check(f"{way.name}: only by default", way.by_default).is_false()
        check(f"{way.name}: silenced by", way.silences).empty()
        if way.channels.otherwise(()):
            check(f"{way.name}: calls nobody at", way.uncalled).empty()
    for channel in check.each("test alert", page.channels):
        check(f"{channel.name}: the test alert arrived", channel.arrived).is_true()
        check(f"{channel.name}: its end arrived", channel.resolved).is_true()


@item("dashboard", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_dashboard(check: Check, grafana: Grafana) -> None:
    """The dashboards exist for who operates the service, and for nobody else.

    Why: in an incident nobody has time to draw a dashboard, and what it shows of
    customers and load is not for everybody.
    Fix: provision the dashboards that `[target.NAME.grafana]` names, and turn
    `[auth.anonymous]` of Grafana off.
    """
    check("Grafana is well", grafana.healthy).is_true()
    for dashboard in check.each("dashboards", grafana.dashboards):
        check(f"{dashboard.uid}: exists", dashboard.exists).is_true()
        check(f"{dashboard.uid}: panels", dashboard.panels).at_least(1)
    if not grafana.open_to_all.otherwise(default=False):
        check("strangers are refused", grafana.strangers_refused).is_true()


@item("health-checks", owner="dev-lead", reach=True, core=True, scope="release")
def test_health_checks(check: Check, health: Health, limits: Limits) -> None:
    """Liveness and readiness answer 200 fast, and nothing that they name is down.

    Why: a balancer that is told "200" sends orders to an instance whose database is
    gone, and an orchestrator that is told nothing restarts one that is well.
    Fix: let readiness ask each dependency and answer 503 while one does not; name the
    routes, and what readiness must name, in `[target.NAME.health]`.
    """
    for route in check.each("health routes", health.routes):
        check(f"{route.name}: status", route.status).one_of((200, 204))
        check(f"{route.name}: time", route.took).at_most(limits.health.answer)
        check(f"{route.name}: format", route.form).satisfies(
            "no web page", lambda form: form != "HTML"
        )
        check(f"{route.name}: not well", route.failing).empty()
        check(f"{route.name}: dependencies not named", route.unnamed).empty()


@item("uptime-monitoring", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_uptime_monitoring(check: Check, prometheus: Prometheus) -> None:
    """The public address is probed from outside, and answers.

    Why: what the inside calls healthy may be out of reach for every customer.
    Fix: probe the public URL with blackbox_exporter, and choose its series by the
    preset `blackbox` of `[target.NAME.prometheus]`.
    """
    is_up(check, prometheus, "probe-success")
