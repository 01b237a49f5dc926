"""The files of a report beside ``report.json``: each is rendered from it alone.

A format is one line here and one module: ``render(report) -> bytes``, with no clock, no
environment and no other file, so that it comes out again byte for byte.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from pytest_readiness.attest.certificate import REPORT_PAGE
from pytest_readiness.catalogue.rendering import printable
from pytest_readiness.reports import code_quality, junit, markdown, metrics, table
from pytest_readiness.store.files import write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_readiness.store.document import Report

__all__ = ["FORMATS", "rendered", "write_formats"]


def _page(report: Report) -> bytes:
    from pytest_readiness.reports.html import page  # noqa: PLC0415  # after the looks

    return page(report)


FORMATS: Final[Mapping[str, Callable[[Report], bytes]]] = {
    REPORT_PAGE: _page,
    "report.md": markdown.render,
    "junit.xml": junit.render,
    "metrics.prom": metrics.render,
    "report.csv": table.render,
    "code-quality.json": code_quality.render,
}
"""By file name."""


def rendered(report: Report) -> dict[str, bytes]:
    """Give every file's content by its name."""
    return {name: render(report) for name, render in FORMATS.items()}


def write_formats(report: Report, folder: Path) -> list[str]:
    """Write every file into the report's folder.

    A format that cannot be made takes no verdict with it: its file of an earlier run,
    which would tell another one, is taken away, and what went wrong is given back.

    Raises:
        StoreError: a file cannot be written; its last version stays.
    """
    problems: list[str] = []
    for name, render in FORMATS.items():
        try:
            data = render(report)
        except Exception as error:  # noqa: BLE001  # a defect of ours is no verdict
            with contextlib.suppress(OSError):
                (folder / name).unlink(missing_ok=True)
            why = printable(f"{type(error).__name__}: {error}")
            problems.append(f"{name} was not written ({why})")
        else:
            write(folder, name, data)
    return problems
