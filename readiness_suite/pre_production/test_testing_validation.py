"""Testing Validation."""

from pytest_readiness import (
    Baseline,
    Calls,
    Check,
    Coverage,
    Junit,
    Limits,
    LoadSummary,
    Openapi,
    Recovery,
    Scans,
    attested,
    days,
    item,
    section,
)

pytestmark = section("testing-validation", stage="pre-production")


@item("unit-tests", owner="dev-lead", core=True, scope="release")
def test_unit_tests(
    check: Check, junit: Junit, coverage: Coverage, limits: Limits
) -> None:
    """The unit tests of this release all pass and cover more than 90 % of its lines.

    Why: what no test runs is found out by the users, and a test that fails and is
    shipped nevertheless is one that nobody reads any more.
    Fix: mend what fails, cover what is not covered, and hand over the reports of the
    release's own job, stamped.
    """
    check("reports of another release", junit.foreign).empty()
    check("tests that ran", junit.ran).above(0)
    check("tests that failed", junit.bad).empty()
    check("coverage of another release", coverage.foreign_coverage).empty()
    check("covered", coverage.share).above(limits.coverage.above)


@item("integration-tests", owner="qa-lead")
@attested(role="qa-lead", scope="release", when="unconfigured")
def test_integration_tests(check: Check, junit: Junit) -> None:
    """The integration tests of this release all pass.

    Why: parts that work alone fail together, over a type, a time zone or a time-out.
    Fix: mend what fails and hand over the reports of the release's own job, stamped.
    """
    check("reports of another release", junit.foreign).empty()
    check("tests that ran", junit.ran).above(0)
    check("tests that failed", junit.bad).empty()


@item("api-tests", owner="qa-lead")
@attested(role="qa-lead", scope="release", when="unconfigured")
def test_api_tests(check: Check, junit: Junit, calls: Calls, openapi: Openapi) -> None:
    """The API's tests all pass and call every operation that its document describes.

    Why: an operation that no test calls is one that only clients try out.
    Fix: write a test for each operation that is named here, and hand over what the
    tests called, as HAR or access log, beside their report.
    """
    check("reports of another release", junit.foreign).empty()
    check("tests that ran", junit.ran).above(0)
    check("tests that failed", junit.bad).empty()
    check("calls of another release", calls.foreign_calls).empty()
    check("operations that no test called", calls.unexercised(openapi)).empty()


@item("database-tests", owner="dba")
@attested(role="dba", scope="release", when="unconfigured")
def test_database_tests(check: Check, junit: Junit) -> None:
    """The database's tests all pass, on data like that of production.

    Why: a query that is right on ten rows locks a table of ten million.
    Fix: run them on a masked copy of production, mend what fails, and stamp the report
    with `data=masked-production`.
    """
    check("reports of another release", junit.foreign).empty()
    check("tests that ran", junit.ran).above(0)
    check("tests that failed", junit.bad).empty()
    check("run with", junit.data).one_of(("masked-production", "production-copy"))


@item("performance-tests", owner="qa-lead")
@attested(role="qa-lead", scope="release", max_age=days(30), when="unconfigured")
def test_performance_tests(
    check: Check, load_summary: LoadSummary, limits: Limits
) -> None:
    """Under its ordinary load the release answers fast and without errors.

    Why: what is quick for one user may stand still for a thousand.
    Fix: find what is slow in the load test's own report, and run it again for long
    enough.
    """
    check("summaries of another release", load_summary.foreign).empty()
    check("age of the load test", load_summary.age).at_most(limits.load.max_age)
    check("duration", load_summary.duration).at_least(limits.load.duration)
    check("rate", load_summary.rate).at_least(limits.load.rate)
    check("p95 of the response times", load_summary.p95).below(limits.load.p95)
    check("requests that failed", load_summary.errors).below(limits.load.errors)


@item("stress-tests", owner="qa-lead")
@attested(role="qa-lead", scope="release", max_age=days(30), when="unconfigured")
def test_stress_tests(
    check: Check, load_summary: LoadSummary, recovery: Recovery, limits: Limits
) -> None:
    """Driven beyond its limit the release comes back by itself once the load is gone.

    Why: a crowd does not ask for the limit, and a service that stays down after it
    turns a busy minute into an outage.
    Fix: bound queues and pools, shed load early, and take the ordinary load anew after
    the stress as the proof.
    """
    bounds = limits.load
    check("summaries of another release", load_summary.foreign).empty()
    check("age of the stress test", load_summary.age).at_most(bounds.max_age)
    check("rate under stress", load_summary.rate).at_least(bounds.stress_rate)
    check("recoveries of another release", recovery.foreign).empty()
    # One `readiness stamp` may have stamped both.
    check("recovery looked at", recovery.made).at_least(load_summary.made)
    check("rate afterwards", recovery.rate).at_least(bounds.rate)
    check("p95 afterwards", recovery.p95).below(bounds.p95)
    check("requests that failed afterwards", recovery.errors).below(bounds.errors)


@item("security-tests", owner="security-lead", core=True, scope="release")
def test_security_tests(check: Check, scans: Scans) -> None:
    """The scanners saw all of this release, and nothing grave that they found is open.

    Why: what a scanner finds in a minute an attacker finds as fast; and a scanner that
    could look at nothing reports nothing.
    Fix: mend each finding, or suppress it in the scanner with the reason; have what was
    left out scanned, or say in `unscanned` why it need not be.
    """
    check("reports of another release", scans.foreign).empty()
    check("left out by a scanner", scans.left_out).empty()
    check("open findings", scans.open).empty()
    check("suppressed without a reason", scans.unexplained).empty()


@item("end-to-end-tests", owner="qa-lead")
@attested(role="qa-lead", scope="release", when="unconfigured")
def test_end_to_end_tests(check: Check, junit: Junit) -> None:
    """The end-to-end tests of this release all pass.

    Why: a user's way leads through all parts, and each hand-over on it can fail.
    Fix: mend what fails and hand over the reports of the release's own job, stamped.
    """
    check("reports of another release", junit.foreign).empty()
    check("tests that ran", junit.ran).above(0)
    check("tests that failed", junit.bad).empty()


@item("regression-tests", owner="qa-lead")
@attested(role="qa-lead", scope="release", when="unconfigured")
def test_regression_tests(check: Check, junit: Junit, baseline: Baseline) -> None:
    """Whatever passed in the release before still does, and no test has gone quietly.

    Why: a test that disappears takes its promise along, and nobody notices.
    Fix: mend what broke; bring back what is lost, or say in `removed` why it may go.
    """
    check("reports of another release", junit.foreign).empty()
    check("passed before", baseline.passed_before).above(0)
    check("passed before and fails now", baseline.broken).empty()
    check("passed before and did not run", baseline.lost).empty()


@item("user-acceptance-tests", owner="business-owner")
@attested(role="business-owner", scope="release", max_age=days(30))
def test_user_acceptance_tests() -> None:
    """The people who will use this release have tried it and accept it.

    Why: software can pass every test and still not do what its users need; only they
    can say.
    Fix: run the acceptance session on staging, settle what it brought up, and have the
    business owner sign.
    """
