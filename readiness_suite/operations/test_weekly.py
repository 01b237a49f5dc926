"""Weekly Operations."""

from pytest_readiness import attested, days, item, section

pytestmark = section("weekly-operations", stage="weekly")


@item("documentation-review", owner="project-manager")
@attested(role="project-manager", scope="organisation", max_age=days(8))
def test_documentation_review() -> None:
    """The documents that the week touched were read again and are true.

    Why: a runbook that is wrong costs more at night than none.
    Fix: go through the changed documents, correct them, and sign.
    """


@item("team-sync", owner="project-manager")
@attested(role="project-manager", scope="organisation", max_age=days(8))
def test_team_sync() -> None:
    """The team met this week and everybody knows what runs, what broke and what comes.

    Why: work that nobody else knows of stops when its owner is away.
    Fix: hold the meeting, write down what was decided, and sign.
    """


@item("improvement-planning", owner="project-manager")
@attested(role="project-manager", scope="organisation", max_age=days(8))
def test_improvement_planning() -> None:
    """What went badly this week has an owner and a date.

    Why: the same incident comes back where nobody was asked to prevent it.
    Fix: turn findings into tasks with owner and date, and sign.
    """


@item("training-updates", owner="project-manager")
@attested(role="project-manager", scope="organisation", max_age=days(8))
def test_training_updates() -> None:
    """Training material and records are up to date with what changed this week.

    Why: people trained on the old procedure follow the old procedure.
    Fix: update the material, note who still needs it, and sign.
    """
