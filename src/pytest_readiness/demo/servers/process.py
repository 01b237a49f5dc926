"""One server process: started apart from our group, watched by the guard, stopped."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_readiness.demo.servers.guard import Guard

__all__ = ["START_LIMIT", "Place", "Process", "Program"]

START_LIMIT = 20.0
"""Seconds that a server may take to answer; they need 0.1 s on a quiet machine."""
_STOP_LIMIT = 3.0
_PAUSE = 0.005
_TAIL = 600


@dataclass(frozen=True)
class Place:
    """Where a demo's servers are at home."""

    folder: Path
    sockets: Path
    """A folder with a short path that only its owner can enter."""
    guard: Guard


@dataclass(frozen=True)
class Program:
    """What to run, and how it wants to be ended."""

    name: str
    """Short: its log is called so."""
    title: str
    """What messages call it."""
    command: Sequence[str | Path]
    stop_signal: int = signal.SIGTERM
    environ: Mapping[str, str] | None = None
    pass_fds: Sequence[int] = ()
    user: int | None = None
    """The user to change to, where this one is root."""


class Process:
    """A server that runs until it is stopped; its output goes to a log."""

    def __init__(self, program: Program, place: Place) -> None:
        self._program = program
        self._log = log = place.folder / f"{program.name}.log"
        user = program.user
        with log.open("ab") as output:
            self._popen = subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=program.environ,
                pass_fds=program.pass_fds,
                cwd=log.parent,
                # Ctrl-C is for the run; it stops its servers itself when it is done.
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        place.guard.watch(self._popen.pid, program.stop_signal)

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._popen.poll() is None

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until ``ready`` says so.

        Raises:
            ConfigError: the process ended before, or the limit is over.
        """
        over = time.monotonic() + START_LIMIT
        while not ready():
            if not self.running:
                raise self._error(f"ended with code {self._popen.returncode}")
            if time.monotonic() > over:
                raise self._error(f"did not answer within {START_LIMIT:g} s")
            time.sleep(_PAUSE)

    def ask_to_stop(self) -> None:
        """Send the signal that ends it in good order; does not wait."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._popen.send_signal(self._program.stop_signal)

    def stop(self) -> None:
        """Stop it, by force where it does not stop in good order."""
        self.ask_to_stop()
        try:
            self._popen.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _error(self, what: str) -> ConfigError:
        with contextlib.suppress(OSError):
            text = self._log.read_text(encoding="utf-8", errors="replace")
            what = f"{what}: {' '.join(text[-_TAIL:].split())}"
        return ConfigError(f"demo: {self._program.title}", what)
