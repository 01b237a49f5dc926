"""Pre-Deployment."""

from pytest_readiness import (
    Attestation,
    Check,
    Junit,
    attested,
    days,
    item,
    section,
)

pytestmark = section("pre-deployment", stage="pre-deployment")


@item("testing", owner="qa-lead")
@attested(role="qa-lead", scope="release", when="unconfigured")
def test_testing(check: Check, junit: Junit) -> None:
    """On staging every test of this release passed.

    Why: staging is the last place where a failure costs nothing.
    Fix: mend what fails, deploy that to staging, and hand over the reports of the run
    there, stamped.
    """
    check("reports of another release", junit.foreign).empty()
    check("tests that ran", junit.ran).above(0)
    check("tests that failed", junit.bad).empty()


@item("configuration-review", owner="security-lead")
@attested(role="security-lead", scope="release", max_age=days(14))
def test_configuration_review(check: Check, attestation: Attestation) -> None:
    """The production configuration of this release was read and is right.

    Why: a setting that slipped through (debug on, a test host, an open origin) undoes
    what the code does right, and no test of the code sees it.
    Fix: read the files of the production configuration, or a manifest of their digests,
    and sign with each as `--evidence`; one changed byte asks for a new look.
    """
    check("evidence", attestation.evidence).satisfies("at least one piece", bool)


@item("team-notification", owner="project-manager")
@attested(role="project-manager", scope="release", max_age=days(14))
def test_team_notification() -> None:
    """Everybody whom this deployment concerns knows when it happens and what changes.

    Why: support, trading desk and partners who are surprised by a change report it as
    an outage.
    Fix: send the announcement with time, content and contact, and sign.
    """
