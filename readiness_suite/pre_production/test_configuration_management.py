"""Configuration Management."""

from pytest_readiness import (
    BackupSchedule,
    Check,
    Configuration,
    Database,
    Environment,
    Limits,
    Logs,
    Machine,
    Pgbouncer,
    Prometheus,
    Secrecy,
    Sizing,
    attested,
    item,
    section,
)

pytestmark = section("configuration-management", stage="pre-production")


@item("environment-variables", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_environment_variables(check: Check, environment: Environment) -> None:
    """Every variable that the service needs is set to a value of its own, and kept.

    Why: a variable that is missing shows when the code that reads it first runs, and
    one that everybody can read is no secret any more.
    Fix: set what is named here; `chmod 600` the file and `git rm --cached` it, then
    change the secrets that it held.
    """
    check("variables that must be set", environment.required).satisfies(
        "at least one", bool
    )
    check("variables that are not set", environment.missing).empty()
    check("variables that are empty", environment.empty).empty()
    check("variables left as in the example", environment.placeholders).empty()
    if environment.is_file.otherwise(default=False):
        check("others may read the file", environment.open_to_others).is_false()
        check("git keeps the file", environment.tracked).is_false()


@item("configuration-files", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_configuration_files(check: Check, configuration: Configuration) -> None:
    """Every configuration file can be read, holds what it must, and is accepted.

    Why: a file that cannot be read stops the service at its next start, and of a key
    that stands twice one value is silently lost.
    Fix: mend the file and line that are named; for the logging file, make the class or
    the module that it names importable for the service's interpreter.
    """
    check("files that are not there", configuration.absent).empty()
    check("files that cannot be read", configuration.malformed).empty()
    check("keys that are missing", configuration.missing).empty()
    check("what breaks a schema", configuration.breaches).empty()
    check("logging is accepted", configuration.logging_accepted).is_true()


@item("security-settings", owner="security-lead")
@attested(role="security-lead", scope="release", when="unconfigured")
def test_security_settings(check: Check, secrecy: Secrecy) -> None:
    """No secret stands in a configuration file, and secrets are for the service alone.

    Why: what is in a configuration file is in every copy and every backup of it, and a
    debugger that is left on lets in whoever meets an error.
    Fix: move the secret that is named and change it; `chmod 600` the file or encrypt
    it; switch debugging off. What is no secret is audited in `.secrets.baseline`.
    """
    check("secrets in plain text", secrecy.planted).empty()
    check("secrets that others may read", secrecy.exposed).empty()
    check("debugging that is on", secrecy.debug_switches).empty()


@item("logging-configuration", owner="ops-lead")
@attested(role="ops-lead", scope="release", when="unconfigured")
def test_logging_configuration(
    check: Check, configuration: Configuration, logs: Logs, limits: Limits
) -> None:
    """The service logs what matters, errors above all, and cannot fill its disk.

    Why: with DEBUG on, secrets and gigabytes go into the logs, and a log that grows for
    ever ends with a disk that is full.
    Fix: set the loggers to INFO, give the root a handler for errors, take a rotating
    handler or a rule of logrotate; name what collects the standard output.
    """
    check("logging is accepted", configuration.logging_accepted).is_true()
    check("loggers below INFO", configuration.verbose).empty()
    check("handlers that take errors", configuration.error_sinks).satisfies(
        "at least one", bool
    )
    check("files that grow for ever", configuration.unbounded).empty()
    check("output that nothing collects", configuration.uncollected).empty()
    if configuration.collected.otherwise(()):
        check("a line of this service was collected", logs.found).is_true()
        check("its age", logs.age).at_most(limits.logs.age)


@item("monitoring-configuration", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_monitoring_configuration(check: Check, prometheus: Prometheus) -> None:
    """Every metric that matters has an alert with a threshold, and every rule works.

    Why: a rule that Prometheus cannot evaluate, or has never loaded, is silent, and so
    is everything that it should have told.
    Fix: load a rule that compares the metric and waits (`for`); mend the rule that is
    named. `[target.NAME.prometheus.key_metrics]` says which metrics matter.
    """
    check("rules that cannot be evaluated", prometheus.broken_rules).empty()
    for metric in check.each("key metrics", prometheus.key_metrics):
        alerts = prometheus.alerts_on(metric)
        check(f"alerts on {metric.name} ({metric.metric})", alerts).satisfies(
            "at least one, with a threshold and a `for`", bool
        )


@item("performance-settings", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_performance_settings(
    check: Check,
    sizing: Sizing,
    database: Database,
    pgbouncer: Pgbouncer,
    machine: Machine,
    limits: Limits,
) -> None:
    """All clients together fit the database, and their threads fit the machine.

    Why: pools are set for each process, and a day with one more worker or pod is the
    day when the database refuses connections.
    Fix: lower `pool_size` or the workers, put PgBouncer between, or raise
    `max_connections`; name every client in `[target.NAME.sizing.clients]`.
    """
    check("sizes that are not set", sizing.missing).empty()
    check("sizes that are none", sizing.unusable).empty()
    check(
        "connections at the database", sizing.at_server(pgbouncer.size_limit)
    ).at_most(database.usable_connections)
    if sizing.pooled.otherwise(0):
        check("connections at the pool", sizing.pooled).at_most(pgbouncer.client_limit)
    if sizing.threads.otherwise(0):
        factor = limits.sizing.threads_per_core.value
        most = machine.cores.map(lambda cores: int(cores * factor), unit="")
        check("threads at the same time", sizing.threads).at_most(most)


@item("backup-configuration", owner="dba")
@attested(role="dba", scope="environment", when="unconfigured")
def test_backup_configuration(
    check: Check, backup_schedule: BackupSchedule, limits: Limits
) -> None:
    """A schedule that is in force makes a backup every day.

    Why: a backup that somebody has to think of is missing when it is needed.
    Fix: put the job into the crontab, or `systemctl enable --now` its timer; resume the
    CronJob; have it run at least daily.
    """
    check("schedules", backup_schedule.schedules).satisfies("at least one", bool)
    check("in force", backup_schedule.enabled).is_true()
    bounds = limits.backup
    seen = backup_schedule.by_results.otherwise(default=False)
    check("longest time between two backups", backup_schedule.longest_gap).at_most(
        bounds.rpo if seen else bounds.interval
    )
