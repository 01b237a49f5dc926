"""Documentation."""

from pytest_readiness import (
    Check,
    Document,
    Limits,
    Openapi,
    Runbooks,
    Served,
    attested,
    document_rules,
    item,
    section,
)

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


@item("installation-guide", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_installation_guide(check: Check, document: Document, limits: Limits) -> None:
    """A new machine can be set up from the installation guide alone.

    Why: the day a machine must be replaced is the day nobody who knows it is there.
    Fix: write down what is missing, have somebody else follow it, and set `reviewed:`.
    """
    document_rules(check, document, limits)


@item("configuration-guide", owner="dev-lead")
@attested(role="dev-lead", scope="release", when="unconfigured")
def test_configuration_guide(check: Check, document: Document, limits: Limits) -> None:
    """Every setting of the service is described where operators look for it.

    Why: a setting that only its author knows is set wrongly by everybody else.
    Fix: describe what is missing, have it read by an operator, and set `reviewed:`.
    """
    document_rules(check, document, limits)
    check("settings that it does not name", document.undescribed).empty()


@item("user-manual", owner="business-owner")
@attested(role="business-owner", scope="release", when="unconfigured")
def test_user_manual(check: Check, document: Document, limits: Limits) -> None:
    """Users find what they may do, and how, in a manual that is kept up to date.

    Why: what users cannot look up they ask, or get wrong with real money.
    Fix: write down what is missing, have a user read it, and set `reviewed:`.
    """
    document_rules(check, document, limits)


@item("administrator-guide", owner="ops-lead")
@attested(role="ops-lead", scope="release", when="unconfigured")
def test_administrator_guide(check: Check, document: Document, limits: Limits) -> None:
    """Whoever administers the system finds each of the duties described.

    Why: a duty that stands nowhere ends with the person who did it.
    Fix: write down what is missing, have a colleague follow it, and set `reviewed:`.
    """
    document_rules(check, document, limits)


@item("troubleshooting-guide", owner="ops-lead")
@attested(role="ops-lead", scope="release", when="unconfigured")
def test_troubleshooting_guide(
    check: Check, document: Document, limits: Limits
) -> None:
    """What goes wrong often is described, with what helps against it.

    Why: at night people do what the page says; without one they try things out.
    Fix: write down what is missing, try it on a broken system, and set `reviewed:`.
    """
    document_rules(check, document, limits)


@item("deployment-guide", owner="ops-lead")
@attested(role="ops-lead", scope="release", when="unconfigured")
def test_deployment_guide(check: Check, document: Document, limits: Limits) -> None:
    """A release can be deployed, and taken back, from the deployment guide alone.

    Why: a step that is only remembered is forgotten in the one deployment that matters.
    Fix: write down what is missing, have it followed in staging, and set `reviewed:`.
    """
    document_rules(check, document, limits)


@item("monitoring-guide", owner="ops-lead")
@attested(role="ops-lead", scope="release", when="unconfigured")
def test_monitoring_guide(
    check: Check, document: Document, runbooks: Runbooks, limits: Limits
) -> None:
    """What is watched and what each alert asks one to do stands in the guide.

    Why: an alert without instructions is switched off by whoever it wakes.
    Fix: write down what is missing, let each alert's runbook lead to its part, and set
    `reviewed:`.
    """
    document_rules(check, document, limits)
    check("alerts whose runbook leads nowhere", runbooks.dangling).empty()


@item("backup-and-recovery", owner="dba")
@attested(role="dba", scope="release", when="unconfigured")
def test_backup_and_recovery(check: Check, document: Document, limits: Limits) -> None:
    """How backups are made, kept and brought back is described step by step.

    Why: a restore happens once in years, under pressure, by somebody who never did one.
    Fix: write down what is missing, restore by it once, and set `reviewed:`.
    """
    document_rules(check, document, limits)


@item("security-guide", owner="security-lead")
@attested(role="security-lead", scope="release", when="unconfigured")
def test_security_guide(check: Check, document: Document, limits: Limits) -> None:
    """How the system is kept safe, and what to do at a breach, is described.

    Why: rules that nobody can read are kept by nobody.
    Fix: write down what is missing, have security read it, and set `reviewed:`.
    """
    document_rules(check, document, limits)
