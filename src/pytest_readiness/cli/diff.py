"""``readiness diff OLD [NEW]``: what became better, worse, new, gone or stale."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.cli import console, given, stored
from pytest_readiness.reports.changes import change_lines, changes_document
from pytest_readiness.store.comparison import compare

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]

_WORSE = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "old", type=Path, metavar="OLD", help="the earlier report.json, or its folder"
    )
    stored.add_report(parser)
    parser.add_argument(
        "--within", default="14d", metavar="TIME", help="what ends so soon (14d)"
    )
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where nothing is worse, else 1."""
    within = given.within("--within", arguments.within)
    found = compare(stored.of(arguments.old), stored.of(arguments.report), within)
    if arguments.json:
        console.print_json(changes_document(found))
    else:
        console.say(change_lines(found))
    return _WORSE if found.is_worse else 0
