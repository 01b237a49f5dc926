"""Ends a demo whose owner was killed: its servers stop, its folder goes.

A process of its own waits on a pipe that only the owner holds; a kill closes it. It
runs this file with nothing of ours importable, so it imports nothing of ours. What was
started stands in a file in the demo's folder, so that a later run can sweep up what a
killed guard left.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

__all__ = ["PREFIX", "Guard", "began", "main", "noted_in", "reap", "runs", "sweep"]

PREFIX = "readiness-demo-"
"""How a demo's folder in the system's temporary folder begins."""

_FILE = "processes"
_PATIENCE = 3.0
_WELL_ENDED = b"."


class Guard:
    """The owner's side: notes what it starts and lets go of the guard at the end."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._note(os.getpid(), 0)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # Out of reach of what a terminal or a CI runner sends to our group.
            start_new_session=True,
        )

    def watch(self, pid: int, stop_signal: int) -> None:
        """Have this process stopped if this one is killed."""
        self._note(pid, stop_signal)

    def close(self) -> None:
        """Say that all has ended well."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(_WELL_ENDED)
                self._process.stdin.close()
        self._process.wait()
        self._file.unlink(missing_ok=True)

    def _note(self, pid: int, stop_signal: int) -> None:
        with self._file.open("a", encoding="ascii") as file:
            file.write(f"{pid} {began(pid)} {stop_signal}\n")


def sweep(parent: Path) -> None:
    """End the demos below ``parent`` whose owner and guard were both killed."""
    for file in parent.glob(f"{PREFIX}*/{_FILE}"):
        with contextlib.suppress(OSError):  # another user's, or just gone
            noted = noted_in(file)
            if file.stat().st_uid == os.getuid() and noted and not runs(*noted[0][:2]):
                reap(file.parent)


def reap(folder: Path) -> None:
    """Stop what was started in ``folder``, by force if need be, and remove it."""
    try:
        noted = noted_in(folder / _FILE)[1:]
    except OSError:
        noted = []
    for pid, started, stop_signal in noted:
        if runs(pid, started):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, stop_signal)
    over = time.monotonic() + _PATIENCE
    while time.monotonic() < over and any(runs(*who[:2]) for who in noted):
        time.sleep(0.02)
    for pid, started, _ in noted:
        if runs(pid, started):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


def noted_in(file: Path) -> list[tuple[int, str, int]]:
    """Read what was noted: pid, beginning and stop signal, the owner first."""
    noted: list[tuple[int, str, int]] = []
    for line in file.read_text(encoding="ascii").splitlines():
        with contextlib.suppress(ValueError):  # half a line, of a kill
            pid, started, stop_signal = line.split()
            noted.append((int(pid), started, int(stop_signal)))
    return noted


def began(pid: int) -> str:
    """Give when a process began, in the kernel's ticks; ``-`` where there is none.

    A pid alone would name whoever got the number next.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return "-"
    state, *rest = stat.rpartition(")")[2].split()  # a name may hold anything
    return "-" if state == "Z" else rest[18]


def runs(pid: int, started: str) -> bool:
    """Whether the process that began then still runs."""
    return started != "-" and began(pid) == started


def main() -> None:
    """Wait for the owner's end; clean up unless it ended well."""
    if sys.stdin.buffer.read(1) != _WELL_ENDED:
        reap(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
