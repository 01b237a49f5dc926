"""Opening files that somebody else put there: regular ones only, and not too large."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code, Malformed, Refused

if TYPE_CHECKING:
    import io
    from pathlib import Path

__all__ = ["open_regular"]

# Opening a pipe would wait for its other end. (Windows has neither flag.)
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: Path, most: int, *, links: bool = True) -> io.BufferedReader:
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

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | extra)

    stream = open(path, "rb", opener=opener)  # noqa: SIM115 - Path has no opener
    refused = _refuse(os.fstat(stream.fileno()), most, str(path))
    if refused is not None:
        stream.close()
        raise refused
    return stream


def _refuse(found: os.stat_result, most: int, where: str) -> Refused | None:
    if not stat.S_ISREG(found.st_mode):
        return Malformed("is no regular file", where)
    if found.st_size > most:
        return Refused(Code.TOO_LARGE, f"is larger than {most} bytes", where)
    return None
