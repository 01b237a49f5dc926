"""Operational Procedures."""

from pytest_readiness import (
    Attestation,
    Backup,
    BackupRuns,
    Check,
    Document,
    Drill,
    Forge,
    Limits,
    Pipeline,
    Rota,
    RowCounts,
    attested,
    backup_rules,
    days,
    document_rules,
    drill_rules,
    item,
    section,
)

pytestmark = section("operational-procedures", stage="pre-production")


@item("deployment-process", owner="ops-lead")
@attested(role="ops-lead", scope="environment", when="unconfigured")
def test_deployment_process(check: Check, pipeline: Pipeline) -> None:
    """A pipeline deploys the release, and not before somebody has agreed to it.

    Why: what is deployed by hand is deployed differently each time, and what deploys
    itself does so at the worst moment.
    Fix: have the pipeline's deploying job run in a protected environment, or wait for
    somebody; name it in `[target.NAME.pipeline] jobs` where its name does not tell.
    """
    check("there is a pipeline to read", pipeline.readable).is_true()
    check("jobs that deploy", pipeline.deploying).satisfies("at least one", bool)
    check("jobs that deploy and wait for nobody", pipeline.ungated).empty()


@item("rollback-process", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(90))
def test_rollback_process(
    check: Check, document: Document, attestation: Attestation, limits: Limits
) -> None:
    """A release can be taken back as it is written down, which was tried lately.

    Why: the way back is needed when everybody is nervous, and then nothing that was
    never tried works.
    Fix: write the way back down, try it in staging, and sign with the record of it as
    `--evidence`: with the fields `start`, `end` and `result`.
    """
    document_rules(check, document, limits)
    drill_rules(check, attestation, limits.drills.max_age)


@item("backup-process", owner="dba")
@attested(role="dba", scope="environment", when="unconfigured")
def test_backup_process(
    check: Check,
    backup: Backup,
    backup_runs: BackupRuns,
    drill: Drill,
    row_counts: RowCounts,
    limits: Limits,
) -> None:
    """Each of the last scheduled backups was made, and the newest comes back whole.

    Why: a job that fails now and then fails on the day before the disk does.
    Fix: see why the runs that are named here did not end well, and have somebody told
    when one does not.
    """
    backup_rules(check, backup, drill, row_counts, limits)
    bounds = limits.backup
    gaps = backup_runs.missed(bounds.interval.value, bounds.runs.value)
    check(f"runs missing of the last {bounds.runs.value}", gaps).empty()


@item("recovery-process", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(180))
def test_recovery_process(
    check: Check, document: Document, attestation: Attestation, limits: Limits
) -> None:
    """The system can be brought back after a disaster, as it was tried in a drill.

    Why: who tries it for the first time on the day when the site is gone finds out what
    was forgotten.
    Fix: write the recovery down, hold a drill, and sign with its record as
    `--evidence`: with the fields `start`, `end` and `result`.
    """
    document_rules(check, document, limits)
    drill_rules(check, attestation, limits.drills.max_age_of_disasters)


@item("monitoring-process", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(180))
def test_monitoring_process(check: Check, document: Document, limits: Limits) -> None:
    """Who watches the system, when, and what follows from what they see is agreed on.

    Why: alerts that belong to nobody are closed by nobody.
    Fix: write it down, go through it with those who watch, and sign.
    """
    document_rules(check, document, limits)


@item("incident-response", owner="ops-lead")
@attested(role="ops-lead", scope="organisation", max_age=days(180))
def test_incident_response(check: Check, document: Document, limits: Limits) -> None:
    """What is an incident, who does what in one, and whom to call is written down.

    Why: in the first minutes of an outage nobody has time to agree on who decides.
    Fix: give the document headings for severity levels, roles and contacts, go through
    it with those who are named there, and sign.
    """
    document_rules(check, document, limits)


@item("change-management", owner="project-manager")
@attested(role="project-manager", scope="organisation", max_age=days(180))
def test_change_management(
    check: Check, document: Document, forge: Forge, limits: Limits
) -> None:
    """How a change gets into production is written down, and nobody can go around it.

    Why: the change that nobody looked at is the one that breaks the market's open.
    Fix: write the way down, protect the branch of the releases so that changes need a
    review, and sign.
    """
    document_rules(check, document, limits)
    if forge.named:
        check("the branch of the releases is protected", forge.protected).is_true()


@item("maintenance-windows", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(180))
def test_maintenance_windows(check: Check, document: Document, limits: Limits) -> None:
    """When the system may be worked on is scheduled, and known to its users.

    Why: work that nobody expects is an outage.
    Fix: give the document a heading for the schedule, agree on it with the users, and
    sign.
    """
    document_rules(check, document, limits)


@item("on-call-procedures", owner="ops-lead")
@attested(role="ops-lead", scope="organisation", max_age=days(31))
def test_on_call_procedures(check: Check, rota: Rota, limits: Limits) -> None:
    """Somebody is on call at every hour, and somebody else if they do not answer.

    Why: the one hour that nobody has is the hour of the outage.
    Fix: fill the gap that is named here, give the escalation a second level, go through
    the plan with everybody on it, and sign.
    """
    bounds = limits.rota
    check("there is a rota", rota.found).is_true()
    check("levels of the escalation", rota.levels).at_least(bounds.min_levels)
    check("without a gap from now on", rota.covered).at_least(bounds.ahead)


@item("documentation-updates", owner="project-manager")
@attested(role="project-manager", scope="organisation", max_age=days(180))
def test_documentation_updates(
    check: Check, document: Document, limits: Limits
) -> None:
    """How documents stay true while the system changes is agreed on, and is done so.

    Why: a guide that describes last year's system leads people astray with confidence.
    Fix: write down who keeps which document, and when; do so, and sign.
    """
    document_rules(check, document, limits)
