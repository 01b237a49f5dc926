"""Interpreters that one does not want: an old one, and one that never answers."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["hanging_python", "old_python"]

_SECONDS = 60
"""Longer than any look waits; short enough to leave nothing behind."""

_OLD = '''\
"""Runs what it is given as an older Python would report itself."""

import collections
import sys

VERSION = {version!r}
Info = collections.namedtuple("version_info", "major minor micro releaselevel serial")

major, minor, micro = map(int, VERSION.split("."))
sys.version_info = Info(major, minor, micro, "final", 0)
sys.version = VERSION + " (default) \\n[GCC 12.2.0]"
sys.hexversion = major << 24 | minor << 16 | micro << 8 | 0xF0

arguments = sys.argv[1:]
while arguments and arguments[0] not in ("-c", "-"):
    option = arguments.pop(0)
    if option in ("-V", "--version"):
        sys.exit(print("Python " + VERSION))
code = sys.stdin.read() if arguments[:1] == ["-"] else "".join(arguments[1:2])
sys.argv = ["-c", *arguments[2:]]
exec(compile(code, "<string>", "exec"), {{"__name__": "__main__"}})
'''


def old_python(folder: Path, version: str, real: Path) -> Path:
    """Write an interpreter that says it is ``version``; ``real`` does the work."""
    program = folder / f"python{version}.py"
    program.write_text(_OLD.format(version=version), encoding="utf-8")
    command = f"exec {shlex.quote(str(real))} -I {shlex.quote(str(program))}"
    return _script(folder / f"python{version}", f'{command} "$@"')


def hanging_python(folder: Path) -> Path:
    """Write an interpreter that starts and never says anything."""
    return _script(folder / "python-hangs", f"exec sleep {_SECONDS}")


def _script(path: Path, command: str) -> Path:
    path.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
