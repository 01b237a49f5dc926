"""Where the suite is: named, in the user's repository, or bundled."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_readiness
from pytest_readiness.plugin.entry import LOCK_NAME, SUITE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["bundled_suite", "default_suite", "enclosing_suite", "suite_of"]


def bundled_suite() -> Path:
    """Give the suite that came with the package (a checkout keeps it at its top)."""
    package = Path(pytest_readiness.__file__).parent
    inside = package / "suite"
    return inside if inside.is_dir() else package.parents[1] / SUITE_NAME


def enclosing_suite(path: Path) -> Path | None:
    """Give the suite that a path lies in, if any."""
    for folder in (path, *path.parents):
        if (folder / LOCK_NAME).is_file() or folder.name == SUITE_NAME:
            return folder
    return None


def suite_of(paths: Iterable[Path]) -> list[Path]:
    """Give the suites that the given paths lie in, each once."""
    found = (enclosing_suite(path) for path in paths)
    return list(dict.fromkeys(suite for suite in found if suite is not None))


def default_suite(target_file: Path | None, here: Path) -> Path:
    """Give the suite that a run without a path judges by.

    The target file's ``suite`` (relative to it), else ``readiness_suite`` in the
    present folder, else the bundled one.
    """
    if target_file is not None and (named := _named_in(target_file)):
        return (target_file.parent / named).absolute()
    local = here / SUITE_NAME
    return local if local.is_dir() else bundled_suite()


def _named_in(target_file: Path) -> str | None:
    # Only this key is needed before conftests are loaded; the whole file is read, and
    # its mistakes are reported, when the plugin is configured.
    try:
        with target_file.open("rb") as file:
            document = tomllib.load(file)
    except (OSError, ValueError):
        return None
    named = document.get("suite")
    return named if isinstance(named, str) else None
