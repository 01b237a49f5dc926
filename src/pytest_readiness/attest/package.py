r"""Which plugin judged: a digest of the installed package that its wheel shows, too.

An installed package no longer has its wheel's digest, and what a tool wrote down about
it is no word about the files that run. So the files are hashed as they are, and written
as the wheel's own list of files has them; the digest is over that list. From a wheel::

    unzip -p pytest_readiness-*.whl '*/RECORD' \
      | grep '^pytest_readiness/' | LC_ALL=C sort | sha256sum
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest_readiness

__all__ = ["Package", "installed_package", "package_digest"]


class Package(NamedTuple):
    """The plugin that is running."""

    name: str
    """With its version."""
    digest: str


@cache
def installed_package() -> Package:
    """Give the package that this very code is part of; read once a process."""
    name = f"pytest_readiness-{pytest_readiness.__version__}"
    return Package(name, package_digest(Path(pytest_readiness.__file__).parent))


def package_digest(folder: Path) -> str:
    """Give the sha256 over the sorted lines of a wheel's RECORD for a package.

    Raises:
        OSError: a file cannot be read.
    """
    lines = [
        _record(path, folder.parent)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return hashlib.sha256(b"".join(sorted(lines))).hexdigest()


def _record(path: Path, root: Path) -> bytes:
    """Write a line as the wheel has it (PEP 427: url-safe base64, no padding)."""
    data = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    name = path.relative_to(root).as_posix().encode()
    return b"%b,sha256=%b,%d\n" % (name, digest, len(data))
