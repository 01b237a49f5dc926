"""Reading a suite without judging anything: what ``readiness check`` works from."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import Stage
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.collection import SuiteCollection

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.lock import Lock

__all__ = [
    "CollectErrors",
    "checklist_order",
    "collect_suite",
    "no_other_plugins",
    "read_suite",
]


class CollectErrors:
    """A pytest plugin that keeps what could not be collected."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a module that cannot be imported, with its last line."""
        if report.failed:
            lines = report.longreprtext.strip().splitlines() or ["cannot be collected"]
            last = lines[-1].removeprefix("E").strip()
            self.problems.append(f"{report.nodeid}: {last}")


def read_suite(suite: Path) -> tuple[list[Item], list[str]]:
    """Collect a suite's items, and all that is wrong with it, a line each."""
    collection, problems = collect_suite(suite)
    return collection.items, problems


def collect_suite(suite: Path) -> tuple[SuiteCollection, list[str]]:
    """Collect a suite, and say all that is wrong with it, a line each.

    Runs pytest's collection in this process, with nothing but the suite's own folder:
    no ini, no foreign conftest, no other plugin.
    """
    if not suite.is_dir():
        raise ConfigError(str(suite), "there is no such suite", "name its folder")
    collection, errors = SuiteCollection(suite.resolve()), CollectErrors()
    arguments = [
        f"-c{os.devnull}",
        f"--rootdir={suite}",
        f"--confcutdir={suite}",
        "--import-mode=importlib",
        "--collect-only",
        "-pno:readiness",
        "-pno:cacheprovider",
        "-pno:terminal",
        str(suite),
    ]
    with no_other_plugins(), _modules_apart(suite):
        pytest.main(arguments, plugins=[collection, errors])
    return collection, [*errors.problems, *collection.problems()]


def checklist_order(items: list[Item], lock: Lock) -> list[Item]:
    """Sort a suite's items as the checklist has them.

    Stages come in their own order; sections of one stage as the lock has them, new ones
    last (move their tables in the lock to give them another place); items as their
    module has them.
    """
    stages, sections = list(Stage), [locked.section for locked in lock.items]

    def place(item: Item) -> tuple[int, int]:
        known = item.section in sections
        return (
            stages.index(item.stage),
            sections.index(item.section) if known else len(sections),
        )

    return sorted(items, key=place)


@contextmanager
def _modules_apart(suite: Path) -> Generator[None]:
    """Let a suite's modules be loaded from its files, and leave none of them behind.

    Pytest names them by their places in the suite, and takes a module of that name that
    is there already, though it may be another suite's.
    """
    names: set[str] = set()
    for path in suite.rglob("*.py"):
        parts = path.relative_to(suite).with_suffix("").parts
        names |= {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    held = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(held)


@contextmanager
def no_other_plugins() -> Generator[None]:
    """Run pytest with none of the plugins that the environment would bring."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
