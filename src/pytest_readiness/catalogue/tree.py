"""A folder's digest as git computes it, from the files as they are on the disk.

What git says of a commit is no word about the files that were run. So the tree's id is
computed here, from what is there; in a clean checkout it is the one that
``git rev-parse HEAD:FOLDER`` prints, and anybody can compare.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

__all__ = ["git_tree"]

_LEFT_OUT = frozenset({"__pycache__", ".git", ".pytest_cache", ".ruff_cache"})
"""What tools leave behind and no repository keeps."""
_FOLDER, _FILE, _PROGRAM, _LINK = b"40000", b"100644", b"100755", b"120000"


def git_tree(folder: Path, algorithm: str = "sha1") -> str:
    """Give the id of the tree that git would make of a folder, in hexadecimal digits.

    Args:
        folder: The folder.
        algorithm: The repository's object format, ``sha1`` or ``sha256``.

    Raises:
        OSError: it cannot be read.
    """
    return _tree(folder, algorithm).hex()


def _tree(folder: Path, algorithm: str) -> bytes:
    entries: list[tuple[bytes, bytes]] = []
    for entry in os.scandir(folder):
        if entry.name in _LEFT_OUT or entry.name.endswith(".pyc"):
            continue
        name, path = os.fsencode(entry.name), Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            tree = _tree(path, algorithm)
            if tree != _object(b"tree", b"", algorithm):  # git keeps no empty folder
                # Git sorts a folder as if its name ended in a slash.
                entries.append((name + b"/", b"%b %b\0%b" % (_FOLDER, name, tree)))
            continue
        if entry.is_symlink():
            mode, data = _LINK, os.fsencode(path.readlink())
        else:
            owner_runs = entry.stat().st_mode & stat.S_IXUSR
            mode, data = (_PROGRAM if owner_runs else _FILE), path.read_bytes()
        blob = _object(b"blob", data, algorithm)
        entries.append((name, b"%b %b\0%b" % (mode, name, blob)))
    return _object(b"tree", b"".join(line for _, line in sorted(entries)), algorithm)


def _object(kind: bytes, data: bytes, algorithm: str) -> bytes:
    head = b"%b %d\0" % (kind, len(data))
    return hashlib.new(algorithm, head + data, usedforsecurity=False).digest()
