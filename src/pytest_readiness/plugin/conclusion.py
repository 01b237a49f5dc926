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
from pytest_readiness.errors import AttestationError, StoreError
from pytest_readiness.plugin.deciding import decide_on
from pytest_readiness.plugin.keeping import Keeping
from pytest_readiness.plugin.run_statement import keep_statement
from pytest_readiness.plugin.tests_page import TESTS_PAGE
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
from pytest_readiness.store.files import REPORT, write
from pytest_readiness.store.signed import trust_shown
from pytest_readiness.verdict.decision import Decision, Exit, exit_code
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_readiness.plugin.ci_output import Actions
    from pytest_readiness.plugin.run import Run
    from pytest_readiness.store.document import PastRun

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
    decision = decide_on(run)
    code = exit_code(decision, status)
    keeping = Keeping.of(run)
    report = _report(run, session, decision, code, keeping.trend)
    out = session.config.invocation_params.dir / run.settings.out
    try:
        path = write_json(report, out)
        # Before it is signed: what certifies the run names a page's digest.
        unwritten = write_formats(report, out)
        _keep_tests_page(run, out, session)
        keep_statement(run, report.canonical(), out)
        if run.signed is not None:
            from pytest_readiness.plugin.demonstrating import leave  # noqa: PLC0415

            leave(run, run.signed, report, out)
    except (StoreError, AttestationError) as error:
        # A verdict that nobody can look up later is none: the last report still stands.
        tell(session, f"readiness: {error}")
        return int(pytest.ExitCode.INTERNAL_ERROR)
    stands = f"{REPORT} was, and its verdict stands"
    tell(session, *(f"readiness: {line}; {stands}" for line in unwritten))
    tell(session, *keeping.keep(report))
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        writer = reporter._tw  # noqa: SLF001  # knows width and colour
        where, color = os.path.relpath(path), writer.hasmarkup
        tell(session, *keeping.compared(report, writer.fullwidth))
        tell(session, summary(report, writer.fullwidth, color=color, where=where))
    return report


def _keep_tests_page(run: Run, out: Path, session: pytest.Session) -> None:
    """Write pytest-html's page, where no other place was asked for."""
    if run.tests_page is not None:
        write(out, TESTS_PAGE, run.tests_page)
    elif not session.config.getoption("htmlpath", None):
        with suppress(OSError):  # an earlier run's page would tell another verdict
            (out / TESTS_PAGE).unlink(missing_ok=True)


def _report(
    run: Run,
    session: pytest.Session,
    decision: Decision,
    code: int,
    trend: Sequence[PastRun],
) -> Report:
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
        trend=trend,
        carried=run.carried,
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
