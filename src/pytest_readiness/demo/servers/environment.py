"""The service's own virtual environment: what it needs, linked from what we have.

A service has an environment of its own, and the packages of ours are none of its
business: what is installed here beside the demo must not decide how it is judged.
"""

from __future__ import annotations

import os
import sys
import venv
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["create", "packages_of"]

_MEASURING = "COVERAGE_"


def create(folder: Path, requirements: Path) -> Path:
    """Make an environment in ``folder`` with what a file requires; give its Python.

    Raises:
        ConfigError: something of it is not installed here.
    """
    venv.create(folder, symlinks=True)
    packages = packages_of(folder)
    texts = requirements.read_text("utf-8").splitlines()
    wanted = [Requirement(text) for text in texts if text and text[0] != "#"]
    if any(name.startswith(_MEASURING) for name in os.environ):
        wanted.append(Requirement("coverage"))
    for one in _with_theirs(wanted):
        _link(one, packages)
    return folder / "bin" / "python"


def packages_of(folder: Path) -> Path:
    """Give where an environment keeps its packages."""
    major, minor = sys.version_info[:2]
    return folder / "lib" / f"python{major}.{minor}" / "site-packages"


def _with_theirs(wanted: list[Requirement]) -> Iterator[metadata.Distribution]:
    """Give the packages of requirements, and all that they require in turn."""
    done: set[tuple[str, str]] = set()
    while wanted:
        requirement = wanted.pop()
        name = canonicalize_name(requirement.name)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise ConfigError(
                "--readiness-target=demo",
                f"the demo's package {name} is not installed",
                "pip install 'pytest-readiness[demo]'",
            ) from None
        for extra in {"", *requirement.extras}:
            if (name, extra) in done:
                continue
            done.add((name, extra))
            inner = [Requirement(text) for text in found.requires or ()]
            wanted += [
                one
                for one in inner
                if one.marker is None or one.marker.evaluate({"extra": extra})
            ]
            yield found


def _link(found: metadata.Distribution, packages: Path) -> None:
    """Link a package's files into an environment, folders as wholes."""
    tops = {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}
    places = [Path(str(found.locate_file(top))) for top in tops]
    if not places or any(not place.exists() for place in places):
        # Installed without a list of its files: all of its folder comes along.
        path = packages / "beside.pth"
        path.write_text(f"{found.locate_file('')}\n", encoding="utf-8")
        return
    for place in places:
        link = packages / place.name
        if not link.exists():
            link.symlink_to(place)
