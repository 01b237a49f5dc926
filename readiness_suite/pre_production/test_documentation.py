"""Documentation."""

from pytest_readiness import Check, Openapi, Served, attested, item, section

pytestmark = section("documentation", stage="pre-production")


@item("api-documentation", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_api_documentation(check: Check, openapi: Openapi, served: Served) -> None:
    """The API's description is valid, says all of every operation, and is the true one.

    Why: clients are written from the description; what it leaves out, or says of
    another release, they find out with their first wrong request.
    Fix: mend what is named here in the document of the release, or make it anew from
    the code, and deploy both together.
    """
    check("the document exists", openapi.found).is_true()
    check("what is invalid in it", openapi.problems).empty()
    check("operations that it describes", openapi.count).above(0)
    check("what is said of none", openapi.undescribed).empty()
    if openapi.compared.otherwise(default=False):
        check("what is served otherwise", served.differences).empty()
