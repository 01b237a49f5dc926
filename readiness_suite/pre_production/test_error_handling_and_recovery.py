"""Error Handling and Recovery."""

from pytest_readiness import (
    Alertmanager,
    Attestation,
    Check,
    Configuration,
    Contents,
    Document,
    Junit,
    Leaks,
    Limits,
    Logs,
    Prometheus,
    Sources,
    attested,
    case_rules,
    days,
    document_rules,
    drill_rules,
    item,
    section,
)

pytestmark = section("error-handling-and-recovery", stage="pre-production")


@item("error-logging", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_error_logging(
    check: Check,
    configuration: Configuration,
    junit: Junit,
    logs: Logs,
    limits: Limits,
) -> None:
    """Errors are logged where somebody finds them, as tests or the log store show.

    Why: an error that nobody can read afterwards happens again.
    Fix: give the root logger a handler for errors, and test that what goes wrong is
    logged; or name the store of the lines in `[target.NAME.logs]`.
    """
    in_file = configuration.error_sinks.configured
    if in_file:
        check("handlers that take errors", configuration.error_sinks).satisfies(
            "at least one", bool
        )
    if in_file and junit.bound.configured:
        case_rules(check, junit, limits)
    else:
        check("a line of this service", logs.found).is_true()
        check("its age", logs.age).at_most(limits.logs.age)


@item("exception-handling", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_exception_handling(check: Check, sources: Sources, leaks: Leaks) -> None:
    """No exception is caught and lost, and no answer shows where one came from.

    Why: what is swallowed is found as wrong data weeks later, and a stack trace tells a
    stranger what to attack.
    Fix: catch what is expected, log or raise the rest; excuse a place with a comment
    that names the rule and the reason; answer errors with a text of your own.
    """
    check("exceptions that are lost", sources.swallowed).empty()
    check("unknown and malformed requests", leaks.asked).above(0)
    check("answered with a stack trace", leaks.traces).empty()


@item("circuit-breakers", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_circuit_breakers(check: Check, junit: Junit, limits: Limits) -> None:
    """Tests of this release show that a breaker opens, and closes again.

    Why: a provider that hangs takes every worker with it, unless something stops
    asking.
    Fix: test both ways, and name the cases in `[target.NAME.artefacts]` by `cases`.
    """
    case_rules(check, junit, limits)


@item("retry-logic", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_retry_logic(check: Check, junit: Junit, limits: Limits) -> None:
    """Tests of this release show what is tried again, how often, and what never is.

    Why: without an end retries make an outage of a hiccup, and an order that is sent
    again is bought twice.
    Fix: test that retries wait and end, and that what is not idempotent is sent once.
    """
    case_rules(check, junit, limits)


@item("fallback-mechanisms", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_fallback_mechanisms(check: Check, junit: Junit, limits: Limits) -> None:
    """Tests of this release show what is answered when a source of data is gone.

    Why: a fallback that was never taken fails on the day when it is needed.
    Fix: take each source away in a test, and check what is shown instead.
    """
    case_rules(check, junit, limits)


@item("graceful-degradation", owner="dev-lead")
@attested(role="dev-lead", scope="environment", when="unconfigured")
def test_graceful_degradation(check: Check, junit: Junit, limits: Limits) -> None:
    """Tests of this release show what still works while a part of the system is down.

    Why: a cache that is gone should cost speed, not the market's opening.
    Fix: take each dependency away in a test, and check that the rest goes on.
    """
    case_rules(check, junit, limits)


@item("recovery-procedures", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(90))
def test_recovery_procedures(
    check: Check, document: Document, attestation: Attestation, limits: Limits
) -> None:
    """What to do when a part has failed is written down, and was done in a drill.

    Why: at night whoever is on call follows what is written, as it is written.
    Fix: write down each recovery, hold a drill, and sign with its record as
    `--evidence`: with the fields `start`, `end` and `result`.
    """
    document_rules(check, document, limits)
    drill_rules(check, attestation, limits.drills.max_age)


@item("error-notifications", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_error_notifications(
    check: Check, alertmanager: Alertmanager, prometheus: Prometheus, limits: Limits
) -> None:
    """A critical alert calls somebody at once.

    Why: minutes that an alert waits to be grouped with others are minutes of trading.
    Fix: route critical alerts to a receiver that calls somebody, and give that route a
    `group_wait` within the limit.
    """
    ways = alertmanager.ways_of(prometheus.rules, prometheus.critical)
    for way in check.each("critical alerts", ways):
        check(f"{way.name}: calls by", way.channels).satisfies("at least one", bool)
        check(f"{way.name}: waits", way.group_wait).at_most(
            limits.alertmanager.group_wait
        )


@item("rollback-plan", owner="ops-lead")
@attested(role="ops-lead", scope="release", max_age=days(30))
def test_rollback_plan(
    check: Check, document: Document, attestation: Attestation, limits: Limits
) -> None:
    """How this release is taken back is written down, and was done in a drill.

    Why: a way back that was tried with another release may not be one for this.
    Fix: write the plan, try it in staging with this release, and sign with the record
    as `--evidence`: with the fields `start`, `end` and `result`.
    """
    document_rules(check, document, limits)
    drill_rules(check, attestation, limits.drills.max_age)


@item("data-consistency", owner="dba")
@attested(role="dba", scope="release", when="unconfigured")
def test_data_consistency(
    check: Check, contents: Contents, junit: Junit, limits: Limits
) -> None:
    """What must always be true of the data is true now, and after a failure.

    Why: half an order that a crash left behind is found by the auditor.
    Fix: mend the rows that break an assertion of `[target.NAME.postgres.contents]`,
    and name the tests that fail something over, or have a drill signed.
    """
    for one in check.each("assertions", contents.invariants):
        check(one.name, one.value).satisfies(one.required, one.holds)
    case_rules(check, junit, limits)
