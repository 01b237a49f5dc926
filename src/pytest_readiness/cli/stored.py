"""Reports that a command's arguments name: a file, or the folder of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest.regular import open_regular
from pytest_readiness.errors import StoreError
from pytest_readiness.plugin.settings import Settings
from pytest_readiness.store.files import MAX_SIZE, REPORT, read_report

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.store.document import Report

__all__ = ["add_report", "bytes_of", "named", "of"]


def add_report(parser: argparse.ArgumentParser) -> None:
    """Declare the report that a command is about."""
    parser.add_argument(
        "report",
        nargs="?",
        type=Path,
        default=Settings.out,
        metavar="REPORT",
        help="a report.json, or its folder (default: the last run's)",
    )


def named(path: Path) -> Path:
    """Give the file that a path means."""
    return path / REPORT if path.is_dir() else path


def of(path: Path) -> Report:
    """Read it.

    Raises:
        StoreError: there is none, or it is no report.
    """
    return read_report(named(path))


def bytes_of(path: Path) -> bytes:
    """Read the very bytes that are hashed.

    Raises:
        StoreError: it is not there, or no regular file.
    """
    try:
        with open_regular(path, MAX_SIZE) as stream:
            return stream.read()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise StoreError(str(path), what, "name a report that is there") from None
