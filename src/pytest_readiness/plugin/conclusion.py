"""The end of a run: the decision, the report on disk, the summary on the screen."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

import pytest_readiness
from pytest_readiness.attest.certificate import REPORT_PAGE
from pytest_readiness.catalogue.rendering import printable
from pytest_readiness.errors import AttestationError, StoreError
from pytest_readiness.plugin.run_statement import keep_statement
from pytest_readiness.probes.look import utc_now
from pytest_readiness.reports.formats import write_formats
from pytest_readiness.reports.json import write_json
from pytest_readiness.reports.terminal import summary
from pytest_readiness.store.building import Evidence, Subject, build
from pytest_readiness.store.document import (
    LeftOut,
    ReleaseJudged,
    Report,
    RunFacts,
    Selection,
)
from pytest_readiness.store.files import write
from pytest_readiness.store.signed import trust_shown
from pytest_readiness.verdict.decision import Decision, Exit, decide, exit_code
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.plugin.ci_output import Actions
    from pytest_readiness.plugin.run import Run

__all__ = ["STANDARD_STATUS", "conclude", "tell"]

STANDARD_STATUS = frozenset({2, 3, 4})
"""Interrupted, internal error, usage error: pytest's own, they win over ours."""


def conclude(run: Run, session: pytest.Session, actions: Actions) -> int:
    """Decide, write, tell; give the exit code."""
    try:
        report = _conclude(run, session)
    finally:
        tell(session, *actions.end())
    if isinstance(report, int):
        return report
    unsaid = actions.keep_summary(report)
    tell(session, *actions.annotations(report), *([unsaid] if unsaid else []))
    return report.exit_code


def _conclude(run: Run, session: pytest.Session) -> Report | int:
    """Give the report that was written, or the exit code of a run without one."""
    status = int(session.exitstatus)
    if not run.judged:
        if status != pytest.ExitCode.USAGE_ERROR:
            tell(
                session, "readiness: nothing was judged in this run, so it is not ready"
            )
        return status if status in STANDARD_STATUS else int(Exit.INCOMPLETE)
    decision = decide(
        run.lock.items,
        run.outcomes(),
        run.gate,
        selected=run.selected,
        trust_broken=bool(run.distrust),
        hindrances=run.hindrances(),
        strict=run.settings.strict,
        no_gate=run.settings.no_gate,
        left_out=run.not_run(),
    )
    code = exit_code(decision, status)
    report = _report(run, session, decision, code)
    out = session.config.invocation_params.dir / run.settings.out
    try:
        path = write_json(report, out)
        write_formats(report, out)
        # The page first: what certifies the run names its digest.
        _keep_page(report, out, session)
        keep_statement(run, report.canonical(), out)
        if run.signed is not None:
            from pytest_readiness.plugin.demonstrating import leave  # noqa: PLC0415

            leave(run, run.signed, report, out)
    except (StoreError, AttestationError) as error:
        # A verdict that nobody can look up later is none: the last report still stands.
        tell(session, f"readiness: {error}")
        return int(pytest.ExitCode.INTERNAL_ERROR)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        writer = reporter._tw  # noqa: SLF001  # knows width and colour
        where, color = os.path.relpath(path), writer.hasmarkup
        tell(session, summary(report, writer.fullwidth, color=color, where=where))
    return report


def _keep_page(report: Report, out: Path, session: pytest.Session) -> None:
    """Write what people read. A page that cannot be made takes no verdict with it."""
    from pytest_readiness.reports.html import page  # noqa: PLC0415  # after the looks

    try:
        write(out, REPORT_PAGE, page(report))
    except Exception as error:  # noqa: BLE001  # a defect of ours is no verdict
        # The page of an earlier run would tell another verdict than the report.
        with suppress(OSError):
            (out / REPORT_PAGE).unlink(missing_ok=True)
        why = printable(f"{type(error).__name__}: {error}")
        tell(
            session,
            f"readiness: {REPORT_PAGE} was not written ({why}); report.json was, and "
            "its verdict stands",
        )


def _report(run: Run, session: pytest.Session, decision: Decision, code: int) -> Report:
    evidence = {node.item.id: Evidence(node.item) for node in run.nodes}
    for item_id, record in run.records.items():
        evidence[item_id] = Evidence(record.item, record.judgements, record.signatures)
    release = run.release
    return build(
        subject=Subject(
            system=run.configuration.system,
            organisation=run.configuration.organisation,
            environment=run.target.name,
            candidate=run.target.candidate,
            target_digest=run.target_digest,
            trust=trust_shown(run.signing.signatures, run.signing.described),
            approvers=run.approvers,
            release=ReleaseJudged(
                version=release.version,
                source=release.source,
                commit=release.commit,
                dirty=release.dirty,
                dirty_paths=release.dirty_paths,
                bound=release.source is not None,
            ),
        ),
        run=RunFacts(
            started=run.started,
            ended=utc_now(),
            host=platform.node() or "unknown",
            user=_user(),
            command=tuple(map(run.redact, session.config.invocation_params.args)),
            plugin=pytest_readiness.__version__,
            python=platform.python_version(),
            pytest=pytest.__version__,
        ),
        lock=run.lock,
        decision=decision,
        exit_code=code,
        evidence=evidence,
        selection=_selection(run, decision),
        warnings=run.notes,
    )


def _selection(run: Run, decision: Decision) -> Selection:
    why = run.not_run()
    left_out = tuple(
        LeftOut(id=outcome.id, why=why[outcome.id])
        for outcome in decision.outcomes
        if outcome.state is State.NOT_RUN and outcome.id in why
    )
    return Selection(selected=run.selected, why=tuple(run.selection), left_out=left_out)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


def tell(session: pytest.Session, *lines: str) -> None:
    """Print lines of ours, each at the beginning of one."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    for line in lines:
        if reporter is None:
            sys.stderr.write(f"{line}\n")
        else:
            reporter.ensure_newline()
            reporter.write_line(line)
