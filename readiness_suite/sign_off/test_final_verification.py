"""Final Verification."""

from pytest_readiness import (
    Attestation,
    Check,
    attested,
    days,
    item,
    rollup,
    section,
)

pytestmark = section("final-verification", stage="sign-off")


@item("all-checklist-items", owner="project-manager", core=True, scope="release")
@rollup(over="*", excluding="final-verification.production-ready")
def test_all_checklist_items() -> None:
    """Every item of this gate is satisfied.

    Why: one open box is enough to stop a launch; the list is only done as a whole.
    Fix: close the items that the reason names; each of them says how.
    """


@item("documentation-complete", owner="project-manager", scope="release")
@rollup(over="documentation.*")
@attested(role="project-manager", scope="release", max_age=days(14))
def test_documentation_complete() -> None:
    """All of the documentation is there for this release, and somebody answers for it.

    Why: each guide may pass alone, and the set still leave out what was built last.
    Fix: close the items of the section Documentation, read the whole once, and sign.
    """


@item("training-complete", owner="project-manager")
@attested(role="project-manager", scope="release", max_age=days(90))
def test_training_complete(check: Check, attestation: Attestation) -> None:
    """Everybody who runs, supports or uses the system was trained for this release.

    Why: the first user error and the first outage come in the first days.
    Fix: train those who are missing, and sign with the roster as `--evidence`.
    """
    check("evidence", attestation.evidence).satisfies("at least one piece", bool)


@item("post-launch-support", owner="ops-lead")
@attested(role="ops-lead", scope="release", max_age=days(14))
def test_post_launch_support() -> None:
    """Support for the days after the launch is arranged: who, when, how reached.

    Why: a launch without people behind it turns small defects into outages.
    Fix: name people and hours for the first two weeks, tell the users, and sign.
    """


@item("production-ready", owner="executive-sponsor", core=True)
@rollup(over="*")
@attested(role="executive-sponsor", scope="release", max_age=days(14))
def test_production_ready() -> None:
    """All of the checklist is satisfied, and the one who certifies says so.

    Why: a certificate needs somebody who has seen the whole and answers for it.
    Fix: close what is open, then sign; the certificate is issued afterwards with
    `readiness certify`.
    """
