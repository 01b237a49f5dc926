"""Finds the target file: where it is named, in the root folder, then upwards."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_readiness.errors import ConfigError

__all__ = ["FILE_NAME", "display", "find", "no_target_file"]

FILE_NAME = "readiness.toml"
_WRITE_ONE = "print an annotated one with `readiness example`"


def find(config_option: Path | None, rootdir: Path) -> Path | None:
    """Give the path of the target file; None where there is none.

    A file that is named must exist. One that is found above the root folder must belong
    to the present user or to root: its references may run commands.
    """
    if config_option is not None:
        if not config_option.is_file():
            what = "is no file"
            raise ConfigError(
                str(config_option), what, f"name one that is, or {_WRITE_ONE}"
            )
        return config_option.absolute()
    rootdir = rootdir.absolute()
    for folder in (rootdir, *rootdir.parents):
        path = folder / FILE_NAME
        if path.is_file():
            if folder != rootdir:
                _refuse_foreign(path)
            return path
    return None


def display(path: Path) -> str:
    """Name a file as a person would from where they stand."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def no_target_file(rootdir: Path) -> ConfigError:
    """Make the error for a run that has nothing to judge."""
    what = f"there is no {FILE_NAME} here or in a folder above"
    remedy = f"{_WRITE_ONE}, or try `pytest --readiness --readiness-target=demo`"
    return ConfigError(str(rootdir), what, remedy)


def _refuse_foreign(path: Path) -> None:
    if not hasattr(os, "getuid"):  # pragma: no cover  # Windows
        return
    if path.stat().st_uid not in {os.getuid(), 0}:
        what = "stands above the root folder and belongs to another user"
        remedy = f"name it with `--readiness-config={path}` if it is meant"
        raise ConfigError(str(path), what, remedy)
