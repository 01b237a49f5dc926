"""Stakeholder Approval."""

from pytest_readiness import attested, days, item, section

pytestmark = section("stakeholder-approval", stage="sign-off")


@item("development-team-lead", owner="dev-lead", core=True)
@attested(role="dev-lead", scope="release", max_age=days(14))
def test_development_team_lead() -> None:
    """I have seen the report and approve: the code does what it must, and well.

    Why: whoever wrote it knows best what is not finished.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("qa-team-lead", owner="qa-lead", core=True)
@attested(role="qa-lead", scope="release", max_age=days(14))
def test_qa_team_lead() -> None:
    """I have seen the report and approve: it was tested well, and all found is settled.

    Why: what was not tested fails in front of users.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("security-team-lead", owner="security-lead", core=True)
@attested(role="security-lead", scope="release", max_age=days(14))
def test_security_team_lead() -> None:
    """I have seen the report and approve: the security measures are in place and work.

    Why: an attacker needs one gap, and money is at stake here.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("operations-team-lead", owner="ops-lead", core=True)
@attested(role="ops-lead", scope="release", max_age=days(14))
def test_operations_team_lead() -> None:
    """I have seen the report and approve: operations can run, watch and restore it.

    Why: those who are called at night must be able to help.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("database-administrator", owner="dba", core=True)
@attested(role="dba", scope="release", max_age=days(14))
def test_database_administrator() -> None:
    """I have seen the report and approve: the database is set up, fast enough and safe.

    Why: data that is lost or slow cannot be patched in.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("network-administrator", owner="network-admin", core=True)
@attested(role="network-admin", scope="release", max_age=days(14))
def test_network_administrator() -> None:
    """I have seen the report and approve: the network carries it and keeps others out.

    Why: every order and every quote goes over it.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("project-manager", owner="project-manager", core=True)
@attested(role="project-manager", scope="release", max_age=days(14))
def test_project_manager() -> None:
    """I have seen the report and approve: what was agreed on is delivered.

    Why: an open deliverable found after the launch delays the next one, too.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("business-owner", owner="business-owner", core=True)
@attested(role="business-owner", scope="release", max_age=days(14))
def test_business_owner() -> None:
    """I have seen the report and approve: it meets what the business needs.

    Why: the business carries the loss if it does not.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("compliance-officer", owner="compliance-officer", core=True)
@attested(role="compliance-officer", scope="release", max_age=days(14))
def test_compliance_officer() -> None:
    """I have seen the report and approve: it meets the rules that apply to us.

    Why: a breach cannot be rolled back.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """


@item("executive-sponsor", owner="executive-sponsor", core=True)
@attested(role="executive-sponsor", scope="release", max_age=days(14))
def test_executive_sponsor() -> None:
    """I have seen the report and approve: it may be deployed.

    Why: somebody must answer for the decision as a whole.
    Fix: read the report of this release and this target, then sign; what is still open
    must be named with `--with-open`.
    """
