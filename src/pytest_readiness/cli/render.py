"""``readiness render``: every format again from a report.json, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.cli import console, stored
from pytest_readiness.errors import ConfigError
from pytest_readiness.reports.formats import FORMATS
from pytest_readiness.store.files import write

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]

_DIFFERS = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    stored.add_report(parser)
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to (default: beside the report)"
    )
    parser.add_argument(
        "--only", action="append", metavar="FILE", help="one of the files; repeatable"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit 1 where one differs",
    )


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 once all is written; with ``--check`` 1 where a file is another one."""
    report = stored.of(arguments.report)
    folder: Path = arguments.out or stored.named(arguments.report).parent
    names = arguments.only or list(FORMATS)
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        known = ", ".join(FORMATS)
        raise ConfigError("--only", f"{unknown[0]!a} is no format", f"use {known}")
    if arguments.check:
        differing = [
            name for name in names if _content(folder / name) != FORMATS[name](report)
        ]
        console.say(f"{name}: is not what the report renders to" for name in differing)
        return _DIFFERS if differing else 0
    console.say(str(write(folder, name, FORMATS[name](report))) for name in names)
    return 0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
