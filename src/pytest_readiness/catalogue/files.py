"""Files that are written whole or not at all: suite locks here, reports further on."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["TEMPORARY", "write_atomically"]

TEMPORARY = ".tmp"
"""How the name of a file ends that is not whole yet."""

_DEFAULT_MODE = 0o644


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a kill at any moment leaves the old one or the new one.

    The bytes go to a temporary file of the same folder, which must exist, are flushed
    to the disk and renamed over the old file, whose mode they keep; the folder is then
    flushed too, so that the name survives a power cut. A symbolic link is followed.

    Raises:
        OSError: as the operating system says; the old file stays and no temporary file.
    """
    path = Path(os.path.realpath(path))
    mode = path.stat().st_mode & 0o7777 if path.exists() else _DEFAULT_MODE
    handle, name = tempfile.mkstemp(TEMPORARY, f".{path.name[:100]}.", path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            # mkstemp gives 0600; another user's CI step must be able to read a report.
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Make a rename durable; only POSIX lets a program open a folder."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
