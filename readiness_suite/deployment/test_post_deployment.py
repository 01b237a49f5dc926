"""Post-Deployment."""

from pytest_readiness import attested, days, item, section

pytestmark = section("post-deployment", stage="post-deployment")


@item("user-feedback", owner="business-owner")
@attested(role="business-owner", scope="release", max_age=days(14))
def test_user_feedback() -> None:
    """Its first users were asked, and nothing that they say calls for a rollback.

    Why: what users meet in the first days shows in no metric that was planned
    beforehand.
    Fix: collect what users and support report, decide on each point, and sign.
    """


@item("team-briefing", owner="project-manager")
@attested(role="project-manager", scope="release", max_age=days(14))
def test_team_briefing() -> None:
    """The teams were briefed on how the deployment went and what is different now.

    Why: those who answer the next call at night must know what changed and what to
    watch.
    Fix: hold the briefing, note who was there, and sign.
    """


@item("success-confirmation", owner="business-owner")
@attested(role=("business-owner", "another-role"), scope="release", max_age=days(14))
def test_success_confirmation() -> None:
    """The deployment reached its aim, as two people of different roles confirm.

    Why: one person alone tends to see what was hoped for; a second view from another
    role keeps the judgement honest.
    Fix: compare with the success criteria; then the business owner and a person of
    another role sign.
    """
