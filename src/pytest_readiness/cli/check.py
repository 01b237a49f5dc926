"""``readiness check``: suite against lock, target file against its types."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.catalogue import lock
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.entry import LOCK_NAME
from pytest_readiness.plugin.inspection import checklist_order, read_suite
from pytest_readiness.plugin.suite import default_suite
from pytest_readiness.target.finding import find
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("suite", nargs="?", type=Path, help="the suite's folder")
    parser.add_argument("--config", type=Path, help="the target file")
    parser.add_argument(
        "--write", action="store_true", help=f"write {LOCK_NAME} from the suite"
    )
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where all agrees, 1 where something does not, 4 on a wrong file."""
    target_file = find(arguments.config, Path.cwd())
    suite: Path = arguments.suite or default_suite(target_file, Path.cwd())
    if arguments.write and arguments.suite is None and not _is_here(suite):
        what = "is not in this folder, so nothing is written into it"
        raise ConfigError(str(suite), what, "name it if it is meant")
    items, found = read_suite(suite)
    path = suite / LOCK_NAME
    if arguments.write and not path.exists():
        stands = lock.Lock(suite.resolve().name)
    else:
        stands = lock.read(path)
    items = checklist_order(items, stands)
    if arguments.write and not found:
        lock.write(lock.lock_items(items, stands), path)
    else:
        found += [f"{path}: {line}" for line in lock.compare(stands, items)]
    if target_file is not None:
        load(target_file, Redactor(), os.environ)
    if arguments.json:
        result = {
            "suite": str(suite),
            "items": len(items),
            "target_file": target_file and str(target_file),
            "problems": found,
        }
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        for line in found:
            sys.stdout.write(f"{line}\n")
        agreed = "ok" if not found else f"{len(found)} to mend"
        sys.stdout.write(f"{suite}: {len(items)} items, {agreed}\n")
        if target_file is not None:
            sys.stdout.write(f"{target_file}: ok\n")
    return 1 if found else 0


def _is_here(suite: Path) -> bool:
    return suite.resolve().is_relative_to(Path.cwd())
