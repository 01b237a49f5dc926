"""``readiness badge``: the verdict as a picture, or for shields.io."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.cli import console, stored
from pytest_readiness.reports import badge
from pytest_readiness.store.files import write

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    stored.add_report(parser)
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where to (default: standard output)"
    )
    parser.add_argument(
        "--endpoint", action="store_true", help="JSON for shields.io, no SVG"
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 once it is written, whatever the verdict."""
    report = stored.of(arguments.report)
    data = badge.endpoint(report) if arguments.endpoint else badge.svg(report)
    if arguments.out is None:
        sys.stdout.write(data.decode())
    else:
        out: Path = arguments.out.absolute()
        console.say([str(write(out.parent, out.name, data))])
    return 0
