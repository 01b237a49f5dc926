"""``readiness run``: the form for CI, with our ini and nothing foreign around it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import pytest

from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin import entry
from pytest_readiness.plugin.inspection import no_other_plugins
from pytest_readiness.plugin.settings import DEMO
from pytest_readiness.plugin.suite import bundled_suite, default_suite, suite_of
from pytest_readiness.target.finding import find

__all__ = ["configure", "run", "run_pytest"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; all others are pytest's and the plugin's."""
    parser.add_argument("--target", help="the environment to judge, or 'demo'")
    parser.add_argument("--gate", help="which stages must be ready")
    parser.add_argument("--config", type=Path, help="the target file")
    parser.usage = "readiness run [--target NAME] [--gate NAME] [PYTEST ARGUMENTS]"


def run(arguments: argparse.Namespace) -> int:
    """Judge the target in this process, after taking other plugins out of it."""
    given = {name: getattr(arguments, name) for name in ("target", "gate", "config")}
    rest: list[str] = [
        *arguments.rest,
        *(f"--readiness-{name}={value}" for name, value in given.items() if value),
    ]
    return run_pytest(rest)


def run_pytest(rest: list[str], *plugins: object) -> int:
    """Run pytest with our ini, our plugin and those that are given, nothing else."""
    suite = _suite(rest)
    arguments = [
        f"-c{Path(sys.modules[__name__].__file__ or '').with_name('run.ini')}",
        f"--rootdir={Path.cwd()}",
        # Conftests above the suite are foreign to it, and stay unread.
        f"--confcutdir={suite}",
        "-pno:cacheprovider",
        "--readiness",
        *rest,
    ]
    with no_other_plugins():
        return int(pytest.main(arguments, plugins=[entry, *plugins]))


def _suite(rest: list[str]) -> Path:
    paths = [Path(word.split("::", 1)[0]) for word in rest if not word.startswith("-")]
    named = suite_of(path.absolute() for path in paths if path.exists())
    if named:
        return named[0]
    if _given("target", rest) == DEMO:
        return bundled_suite()
    config = _given("config", rest)
    try:
        target_file = find(Path(config) if config else None, Path.cwd())
    except ConfigError:
        target_file = None  # the run itself reports it
    return default_suite(target_file, Path.cwd())


def _given(stem: str, rest: list[str]) -> str | None:
    """Read a setting as the run will: the command line, else the environment."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(f"--readiness-{stem}", dest="value")
    value: str | None = parser.parse_known_args(rest)[0].value
    return value or os.environ.get(f"READINESS_{stem.upper()}")
