"""pytest-html's own report in our words: its summary, its columns, the evidence.

It is kept as ``tests.html`` beside our own page, or written where ``--html`` says. Only
registered where pytest-html is there.
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import pytest
from markupsafe import Markup

from pytest_readiness.plugin.deciding import decide_on
from pytest_readiness.reports.blocking import counted
from pytest_readiness.reports.html.evidence import cell, evidence, lines

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_readiness.plugin.run import Run
    from pytest_readiness.verdict.decision import Decision

__all__ = ["TESTS_PAGE", "TestsPage", "activate"]

TESTS_PAGE: Final = "tests.html"
_MOST: Final = 500
"""Of a longer checklist it is made only where it is asked for: it takes as long as
judging the items does."""
_NAMED: Final = 20
_COLUMNS: Final = ("state", "item", "section", "owner")


def activate(config: pytest.Config, run: Run) -> None:
    """Give pytest-html our words, and a place where none is named."""
    if not config.pluginmanager.hasplugin("html"):
        return
    folder = None
    if not config.option.htmlpath and len(run.lock.items) <= _MOST:
        # It writes in place; the report folder gets the whole file or none.
        folder = tempfile.TemporaryDirectory(prefix="readiness-html-")
        config.option.htmlpath = str(Path(folder.name) / TESTS_PAGE)
        config.option.self_contained_html = True
    config.pluginmanager.register(TestsPage(run, folder))


class _Titled(Protocol):
    """Of pytest-html's report what is ours to change."""

    title: str


class TestsPage:
    """The hooks that pytest-html calls."""

    __test__ = False

    def __init__(
        self, run: Run, folder: tempfile.TemporaryDirectory[str] | None
    ) -> None:
        self.run = run
        self._folder = folder

    def pytest_html_report_title(self, report: _Titled) -> None:
        """Name what is judged."""
        run = self.run
        report.title = cell(
            f"{run.configuration.system} {run.release.version} in {run.target.name}"
        )

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Put our columns between the result and the duration."""
        result, _, duration, *_ = cells
        ours = (
            f'<th class="sortable" data-column-type="{name}">{name.capitalize()}</th>'
            for name in _COLUMNS
        )
        cells[:] = [result, *ours, duration]

    def pytest_html_results_table_row(
        self, report: pytest.TestReport, cells: list[str]
    ) -> None:
        """Fill our columns; of what is no item with its node id alone."""
        result, _, duration, *_ = cells
        record = self.run.records.get(self.run.item_ids.get(report.nodeid, ""))
        told = ("", report.nodeid, "", "")
        if record is not None:
            item = record.item
            told = (record.outcome.state, item.id, item.section_title, item.owner)
        ours = (
            Markup('<td class="col-{}">{}</td>').format(name, cell(text))
            for name, text in zip(_COLUMNS, told, strict=True)
        )
        cells[:] = [result, *ours, duration]

    def pytest_html_results_table_html(
        self, report: pytest.TestReport, data: list[str]
    ) -> None:
        """Show the evidence of an item, before what its body printed."""
        record = self.run.records.get(self.run.item_ids.get(report.nodeid, ""))
        if record is None:
            return
        if report.longreprtext or not report.sections:
            del data[:1]  # the message says again what follows, or that there is none
        data.insert(0, evidence(record.item, record.outcome, record.judgements))

    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Say the verdict, what it rests on, and what blocks, by owner."""
        run = self.run
        if not run.judged:
            prefix.append("<p>Nothing was judged, so it is not ready.</p>")
            return
        decision = decide_on(run)
        head = Markup("<p><b>{}</b> ({} seen, {} signed): {}</p>").format(
            decision.verdict,
            decision.seen,
            decision.signed,
            cell(
                f"{run.configuration.system} in {run.target.name}, "
                f"{run.release_text}, gate {run.gate.name}"
            ),
        )
        rest = lines(f"Before waivers: {decision.raw_verdict}", run.signing.described)
        prefix += [head, Markup("<p>{}</p>").format(rest), _blocks(run, decision)]

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(
        self, session: pytest.Session
    ) -> Generator[None, object, object]:
        """Take what pytest-html wrote, before it says where that is."""
        result = yield
        if self._folder is not None:
            from pytest_html.basereport import (  # type: ignore[import-untyped]  # noqa: PLC0415  # where it is
                BaseReport,
            )

            with suppress(OSError):
                path = Path(self._folder.name) / TESTS_PAGE
                self.run.tests_page = path.read_bytes()
            manager = session.config.pluginmanager
            for plugin in manager.get_plugins():
                if isinstance(plugin, BaseReport):
                    manager.unregister(plugin)
        return result

    def pytest_unconfigure(self) -> None:
        """Remove what pytest-html wrote."""
        if self._folder is not None:
            self._folder.cleanup()


def _blocks(run: Run, decision: Decision) -> Markup:
    owners = {item.id: item.owner for item in run.lock.items}
    open_: dict[str, list[str]] = {}
    for outcome in decision.outcomes:
        if outcome.state.blocks:
            text = f"{outcome.id} ({outcome.state})"
            open_.setdefault(owners[outcome.id], []).append(text)
    if not open_:
        return Markup("<p>Nothing blocks.</p>")
    rows = Markup().join(
        Markup("<li><b>{}</b>: {}{}</li>").format(
            owner,
            ", ".join(names[:_NAMED]),
            f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "",
        )
        for owner, names in open_.items()
    )
    found = counted(o.state for o in decision.outcomes if o.state.blocks)
    return Markup("<p>What blocks: {}</p><ul>{}</ul>").format(found, rows)
