"""Monthly Operations."""

from pytest_readiness import Attestation, Check, attested, days, item, section

pytestmark = section("monthly-operations", stage="monthly")

PASSED = ("pass", "passed", "ok", "successful")


def check_record(check: Check, attestation: Attestation) -> None:
    """Hold the record that was signed against what a record must say."""
    check("evidence", attestation.evidence).satisfies("at least one piece", bool)
    for field in ("by", "date", "result", "scope"):
        check(f"field {field!r}", attestation.fields).contains(field)
    today = attestation.today
    check("its date", attestation.date("date")).between(today - days(35), today)
    check("its result", attestation.text("result")).one_of(PASSED)


@item("performance-optimization", owner="dev-lead")
@attested(role="dev-lead", scope="environment", max_age=days(35))
def test_performance_optimization() -> None:
    """The month's slowest parts were looked into and improved where it pays.

    Why: performance is lost in small steps that no single limit catches.
    Fix: take the month's slowest routes and statements, decide on each, and sign.
    """


@item("security-assessment", owner="security-lead")
@attested(role="security-lead", scope="environment", max_age=days(35))
def test_security_assessment(check: Check, attestation: Attestation) -> None:
    """A security assessment of this environment was made this month and passed.

    Why: new weaknesses become known every month in software that has not changed.
    Fix: make the assessment, write date, by, scope and result into its record (YAML,
    TOML, JSON or Markdown front matter) and sign with it as `--evidence`.
    """
    check_record(check, attestation)


@item("disaster-recovery-test", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(35))
def test_disaster_recovery_test(check: Check, attestation: Attestation) -> None:
    """Recovery from a disaster was practised this month and worked.

    Why: a recovery plan that is not practised fails on the day, on the one step that
    has changed since.
    Fix: practise the recovery, write date, by, scope and result into its record and
    sign with it as `--evidence`.
    """
    check_record(check, attestation)


@item("update-planning", owner="dev-lead")
@attested(role="dev-lead", scope="environment", max_age=days(35))
def test_update_planning() -> None:
    """Updates of the platform and the libraries are planned, with dates.

    Why: updates that wait for each other become a migration.
    Fix: plan what comes due, security fixes first, and sign.
    """


@item("team-training", owner="project-manager")
@attested(role="project-manager", scope="organisation", max_age=days(35))
def test_team_training() -> None:
    """The training that was due this month took place.

    Why: an on-call engineer who has never done it does it for the first time in an
    outage.
    Fix: hold what is due, note who took part, and sign.
    """


@item("vendor-review", owner="business-owner")
@attested(role="business-owner", scope="organisation", max_age=days(35))
def test_vendor_review() -> None:
    """The vendors' service of this month was held against what was agreed.

    Why: a data provider that gets worse slowly is noticed only when it fails.
    Fix: compare outages, latency and bills with the contracts, and sign.
    """


@item("budget-review", owner="executive-sponsor")
@attested(role="executive-sponsor", scope="organisation", max_age=days(35))
def test_budget_review() -> None:
    """What the system costs this month is known and within its budget.

    Why: a bill that nobody reads grows, and cutting it in haste cuts what was needed.
    Fix: compare with the budget, decide on what is over it, and sign.
    """
