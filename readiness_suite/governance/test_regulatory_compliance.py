"""Regulatory Compliance."""

from pytest_readiness import Attestation, Check, Target, attested, days, item, section

pytestmark = section("regulatory-compliance", stage="compliance")


@item("financial-regulations", owner="compliance-officer")
@attested(role="compliance-officer", scope="organisation")
def test_financial_regulations(check: Check, attestation: Attestation) -> None:
    """The rules for the markets that we trade in are met, as an assessment shows.

    Why: trading against a rule costs the licence, not only a fine.
    Fix: have the assessment made or renewed, and sign with it as `--evidence`.
    """
    check("evidence", attestation.evidence).satisfies("at least one piece", bool)


@item("third-party-compliance", owner="compliance-officer")
@attested(role="compliance-officer", scope="organisation", max_age=days(365))
def test_third_party_compliance(
    check: Check, attestation: Attestation, target: Target
) -> None:
    """Every vendor of the system has shown that it meets its own obligations.

    Why: a provider's breach is ours in the eyes of the regulator.
    Fix: ask each vendor of `[target.NAME] vendors` for its report, and sign with one
    piece of evidence a vendor, named after it.
    """
    check("evidence", attestation.evidence).satisfies("at least one piece", bool)
    for vendor in check.each("vendors", attestation.declared(target.vendors)):
        check(f"evidence of {vendor}", attestation.naming(vendor)).satisfies(
            "at least one piece", bool
        )
