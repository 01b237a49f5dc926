"""Configuration Management."""

from pytest_readiness import Check, Environment, attested, item, section

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
