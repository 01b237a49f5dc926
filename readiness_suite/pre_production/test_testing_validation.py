"""Testing Validation."""

from pytest_readiness import attested, days, item, section

pytestmark = section("testing-validation", stage="pre-production")


@item("user-acceptance-tests", owner="business-owner")
@attested(role="business-owner", scope="release", max_age=days(30))
def test_user_acceptance_tests() -> None:
    """The people who will use this release have tried it and accept it.

    Why: software can pass every test and still not do what its users need; only they
    can say.
    Fix: run the acceptance session on staging, settle what it brought up, and have the
    business owner sign.
    """
