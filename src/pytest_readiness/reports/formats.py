"""The files of a report beside ``report.json``: each is rendered from it alone.

A format is one line here and one module: ``render(report) -> bytes``, with no clock, no
environment and no other file, so that it comes out again byte for byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_readiness.reports import code_quality, junit, markdown, metrics, table
from pytest_readiness.store.files import write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_readiness.store.document import Report

__all__ = ["FORMATS", "rendered", "write_formats"]

FORMATS: Final[Mapping[str, Callable[[Report], bytes]]] = {
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


def write_formats(report: Report, folder: Path) -> None:
    """Write every file into the report's folder, once all of them are rendered.

    Raises:
        StoreError: one cannot be written; its last version stays.
    """
    for name, data in rendered(report).items():
        write(folder, name, data)
