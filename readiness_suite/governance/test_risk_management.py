"""Risk Management."""

from pytest_readiness import Attestation, Check, attested, days, item, section

pytestmark = section("risk-management", stage="compliance")


@item("insurance-coverage", owner="executive-sponsor")
@attested(role="executive-sponsor", scope="organisation", max_age=days(365))
def test_insurance_coverage(check: Check, attestation: Attestation) -> None:
    """The insurance covers what this system can cost us, and has not ended.

    Why: the day after a policy lapsed is the day it would have been needed.
    Fix: renew the policy, and sign with it as `--evidence` and its last day as `--claim
    ends=YYYY-MM-DD`.
    """
    check("evidence", attestation.evidence).satisfies("at least one piece", bool)
    check("last day of the cover", attestation.date("ends")).at_least(attestation.today)


@item("vendor-risk", owner="compliance-officer")
@attested(role="compliance-officer", scope="organisation", max_age=days(365))
def test_vendor_risk(check: Check, attestation: Attestation) -> None:
    """What happens if a vendor fails, changes or leaves was assessed for each of them.

    Why: the system stands still when its only source of quotes does.
    Fix: assess each vendor with a way out, and sign with the assessment as
    `--evidence`.
    """
    check("evidence", attestation.evidence).satisfies("at least one piece", bool)


@item("operational-risk", owner="ops-lead")
@attested(role="ops-lead", scope="organisation")
def test_operational_risk() -> None:
    """The risks of running the system are known, and we accept those that are left.

    Why: a risk that nobody has named is taken without a decision.
    Fix: go through people, procedures and machines, decide on each risk, and sign.
    """


@item("technology-risk", owner="dev-lead")
@attested(role="dev-lead", scope="organisation")
def test_technology_risk() -> None:
    """The risks of the technology in use are known, and we accept those that are left.

    Why: libraries, platforms and skills end; replacing one takes longer than its
    notice.
    Fix: go through what the system is built of, decide on each risk, and sign.
    """


@item("risk-reporting", owner="compliance-officer")
@attested(role="compliance-officer", scope="organisation", max_age=days(90))
def test_risk_reporting() -> None:
    """The risks were reported to those who answer for them.

    Why: who answers for a risk must know of it to accept it.
    Fix: report the register to the board or its committee, and sign.
    """
