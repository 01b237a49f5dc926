"""Opening files that somebody else put there: regular ones only, and not too large."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from pytest_readiness.attest.codes import Code, Malformed, Refused

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["open_regular"]

# Opening a pipe would wait for its other end. (Windows has neither flag.)
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: Path, most: int, *, links: bool = True) -> BinaryIO:
    """Open a file for reading.

    Args:
        path: The file.
        most: Its largest size in bytes.
        links: Whether the last part of the path may be a symbolic link.

    Raises:
        OSError: it does not exist, is a folder, or may not be read.
        Refused: TOO_LARGE; or MALFORMED, it is a pipe or a device.
    """
    extra = _FLAGS if links else _FLAGS | _NO_LINK
    stream = path.open("rb", opener=lambda name, flags: os.open(name, flags | extra))
    found = os.fstat(stream.fileno())
    try:
        if not stat.S_ISREG(found.st_mode):
            raise Malformed("is no regular file", str(path))
        if found.st_size > most:
            raise Refused(Code.TOO_LARGE, f"is larger than {most} bytes", str(path))
    except Refused:
        stream.close()
        raise
    return stream
