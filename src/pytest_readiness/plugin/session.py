"""The hooks of a readiness run; each hands over to what knows."""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.terms import is_approval
from pytest_readiness.catalogue.lock import UPDATE, Change, compare
from pytest_readiness.errors import ConfigError, ReadinessError
from pytest_readiness.plugin.ci_output import Actions
from pytest_readiness.plugin.collection import ReadinessItem, SuiteCollection
from pytest_readiness.plugin.conclusion import conclude, tell
from pytest_readiness.plugin.entry import METADATA
from pytest_readiness.plugin.origins import origins_of
from pytest_readiness.plugin.outcomes import contradicts, show
from pytest_readiness.plugin.run import FOREIGN
from pytest_readiness.probes import REGISTRY
from pytest_readiness.reports.messages import failure_text, one_line
from pytest_readiness.verdict.rollup import in_order
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import warnings
    from collections.abc import Callable, Generator

    from pytest_readiness.plugin.run import Record, Run

__all__ = ["ReadinessSession"]


class ReadinessSession:
    """Registered as a plugin while a target is judged."""

    def __init__(
        self, run: Run, collection: SuiteCollection, close: Callable[[], None]
    ) -> None:
        self.run = run
        self.collection = collection
        self.actions = Actions(os.environ)
        self._close = close
        self.status: int | None = None
        """The exit code, once it is decided."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Fill the table of pytest-metadata, with nothing but what is judged."""
        _thaw()
        tell(session, *self.actions.begin())
        metadata = session.config.stash.get(METADATA, dict[str, object]())
        metadata.clear()  # others may have added to what the entry point emptied
        metadata["System"] = self.run.configuration.system
        metadata["Environment"] = self.run.target.name
        metadata["Release"] = self.run.release_text

    def pytest_report_header(self) -> list[str]:
        """Say what is judged, and what was switched off for it."""
        run = self.run
        return [
            f"readiness: {what}"
            for what in (
                f"{run.configuration.system} in {run.target.name}, {run.release_text}",
                f"gate {run.gate.name}, target digest {run.target_digest[:12]}",
                f"suite {run.suite} ({len(run.lock.items)} items)",
                *run.notes,
            )
        ]

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say whose word counts: known once the suite is collected and read."""
        if not self.run.nodes:
            return []
        signing = self.run.signing
        failures = map(str, signing.signatures.failures)
        lines = [signing.described, *signing.warnings, *failures]
        return [f"readiness: {line}" for line in lines]

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note what others leave out."""
        for node in items:
            if isinstance(node, ReadinessItem) and self.run.gate.asks(node.item.stage):
                self.run.left_out[node.item.id] = "it was deselected"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Check the suite, leave out what the gate does not ask, set rollups aside."""
        nodes = [node for node in items if isinstance(node, ReadinessItem)]
        self._check_suite(nodes)
        stages = self.run.gate.stages
        outside = [node for node in nodes if node.item.stage not in stages]
        if outside:
            left_out = set(outside)
            items[:] = [node for node in items if node not in left_out]
            config.hook.pytest_deselected(items=outside)
        carried = [
            node
            for node in items
            if isinstance(node, ReadinessItem) and node.item.id in self.run.carried
        ]
        if carried:
            gone = set(carried)
            items[:] = [node for node in items if node not in gone]
            config.hook.pytest_deselected(items=carried)
        result = yield
        left = [node for node in items if isinstance(node, ReadinessItem)]
        for node in set(nodes).difference(outside, left):
            self.run.left_out.setdefault(node.item.id, "it was taken out unannounced")
        self.run.rollups = [node for node in left if node.item.kind.is_rollup]
        rollups = set(self.run.rollups)
        items[:] = [node for node in items if node not in rollups]
        # Approvals are bound to what the others came to, whatever order was asked for.
        items.sort(key=_is_approval)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """Gather before the items, decide the rollups after them."""
        option = session.config.option
        broken = session.testsfailed and not option.continue_on_collection_errors
        if option.collectonly or option.setupplan or option.setuponly or broken:
            return (yield)
        self.run.judged = True
        session.testscollected += len(self.run.rollups)  # for the progress shown
        nodes = [node for node in session.items if isinstance(node, ReadinessItem)]
        needs = self.run.needs(nodes, REGISTRY)
        self.run.gathering.origins = origins_of(self.run, needs)
        self.run.gathering.run(needs)
        # Thousands of items live to the end: the collector need not look at each again,
        # least of all when pytest and then the process end.
        gc.freeze()
        try:
            return (yield)
        finally:
            self.run.roll_up(self.run.rollups)
            for node in self.run.rollups:
                self._report_rollup(node)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show the recorded state, whatever the hooks inside made of the report."""
        report = yield
        if not isinstance(item, ReadinessItem):
            return report
        redact = self.run.redact
        report.sections = [(name, redact(text)) for name, text in report.sections]
        if call.when == "setup" and call.excinfo is not None:
            if call.excinfo.errisinstance(FOREIGN):
                self.run.record_foreign(item.item, "it was skipped before its body ran")
            else:
                self.run.record_error(item, call.excinfo.exconly())
        elif call.when != "call":
            if call.excinfo is not None:  # its frames would show arguments
                report.longrepr = redact(f"{item.item.id}: {call.excinfo.exconly()}")
            return report
        record = self.run.records.get(item.item.id)
        if record is not None:
            self._show(report, record)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(
        self, report: pytest.TestReport
    ) -> Generator[None, object, object]:
        """Notice an outcome that contradicts the record: somebody changed it."""
        result = yield
        item_id = self.run.item_ids.get(report.nodeid)
        if item_id is None:
            return result
        if report.when == "setup":
            self.run.foreign.pop(item_id, None)  # a plugin may run an item again
        record = self.run.records.get(item_id)
        # Set-up and teardown pass, or have the record's outcome where they decided it.
        plain = report.when != "call" and report.outcome == "passed"
        if not plain and (record is None or contradicts(report, record.outcome.state)):
            self.run.foreign[item_id] = f"its {report.when} was logged {report.outcome}"
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Let no warning tell a secret: a driver may quote what it was given."""
        warning_message.message = self.run.redact(str(warning_message.message))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """Decide, write the report, print the summary: after everybody else."""
        try:
            return (yield)
        finally:
            self.status = conclude(self.run, session, self.actions)
            session.exitstatus = self.status

    def pytest_unconfigure(self) -> None:
        """Stop what was started for this run."""
        self._close()

    def _check_suite(self, nodes: list[ReadinessItem]) -> None:
        run, self.collection.nodes = self.run, nodes
        found = self.collection.problems()
        found += [
            f"suite.lock: {difference}; {UPDATE}"
            for difference in compare(run.lock, self.collection.items)
            # What was not collected is not run; the order of collection means nothing.
            if difference.change in {Change.ADDED, Change.CHANGED}
        ]
        try:
            rollups = [item for item in self.collection.items if item.kind.is_rollup]
            in_order(rollups, [locked.id for locked in run.lock.items])
        except ConfigError as error:
            found.append(str(error))
        if found:
            raise pytest.UsageError("\n".join(f"readiness: {line}" for line in found))
        run.nodes = nodes
        for node in nodes:
            node.run = run
            run.item_ids[node.nodeid] = node.item.id
        try:
            run.read_signatures()
        except ReadinessError as error:
            raise pytest.UsageError(f"readiness: {error}") from None

    def _show(self, report: pytest.TestReport, record: Record) -> None:
        item, outcome = record.item, record.outcome
        if outcome.state in {State.VERIFIED, State.ATTESTED}:  # nothing to be said
            show(report, outcome.state, "", "")
            return
        message = failure_text(item, outcome, record.judgements)
        waiver = record.signatures.waiver if record.signatures else None
        show(report, outcome.state, one_line(item, outcome, waiver), message)

    def _report_rollup(self, node: ReadinessItem) -> None:
        hook = node.ihook
        hook.pytest_runtest_logstart(nodeid=node.nodeid, location=node.location)
        record = self.run.records[node.item.id]
        for when in ("setup", "call", "teardown"):
            report = pytest.TestReport(
                nodeid=node.nodeid,
                location=node.location,
                keywords=dict.fromkeys(node.keywords, 1),
                outcome="passed",
                longrepr=None,
                when=when,
            )
            if when == "call":
                self._show(report, record)
            hook.pytest_runtest_logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=node.nodeid, location=node.location)


def _thaw() -> None:
    """Give free what an earlier run of this process kept from the collector."""
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.collect()


def _is_approval(node: pytest.Item) -> bool:
    return isinstance(node, ReadinessItem) and is_approval(node.item)
