"""Programs that a probe runs on this host: bounded in time and output, then gone."""

from __future__ import annotations

import atexit
import contextlib
import os
import selectors
import signal
import stat
import subprocess
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from pytest_readiness.probes.look import Look

__all__ = ["Ended", "absence", "ended", "kept", "output_of"]

INTAKE = 10_000
"""Bytes of output that are read where the caller expects no more than a line."""
_OVER = threading.Event()
"""Set when this process ends: a look that is still under way starts nothing more."""
_KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
"""What a program gets of our environment; it may hold the target's secrets."""
_CHUNK = 1 << 16


def absence(path: Path) -> str:
    """Say why there is no file at a path; empty where there is one.

    Raises:
        LookError: this run may not look there.
    """
    try:
        mode = path.stat().st_mode
    except PermissionError:
        reason = f"this run may not look at {path}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    except OSError as error:
        link = (
            "a link to nothing" if path.is_symlink() else os.strerror(error.errno or 0)
        )
        return f"{path}: {link}"
    return "" if stat.S_ISREG(mode) else f"{path}: not a file"


@dataclass(frozen=True)
class Ended:
    """What a program left: its status, and what it said."""

    status: int
    stdout: bytes
    stderr: bytes


def output_of(command: Sequence[str], look: Look, intake: int = INTAKE) -> bytes:
    """Run a program to the end of its output, or of the look; leave nothing behind.

    It gets no input and nothing of this process's environment but what a program needs
    to start. What it says to standard error is dropped: it may quote anything.

    Raises:
        LookError: it cannot be started, does not end, or says more than ``intake``.
    """
    with _started(command, kept(), subprocess.DEVNULL) as process:
        return _read(process, look, intake)[0]


def ended(
    command: Sequence[str], look: Look, environment: Mapping[str, str], intake: int
) -> Ended:
    """Run a program to its end, or to that of the look; leave nothing behind.

    Raises:
        LookError: it cannot be started, does not end, or says more than ``intake``.
    """
    with _started(command, environment, subprocess.PIPE) as process:
        stdout, stderr = _read(process, look, intake)
        try:
            status = process.wait(look.remaining())
        except subprocess.TimeoutExpired:
            raise look.overdue() from None
        return Ended(status, stdout, stderr)


def kept(*more: str) -> dict[str, str]:
    """Give what a program needs of our environment, and ``more`` where it is set."""
    return {name: os.environ[name] for name in (*_KEPT, *more) if name in os.environ}


@contextlib.contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str], errors: int
) -> Generator[subprocess.Popen[bytes]]:
    """Start a program in a session of its own, which is ended whatever happens."""
    if _OVER.is_set():
        raise LookError("the run is over", Cause.LOCAL, final=True)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    except PermissionError:
        reason = f"this run may not start {command[0]}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    except OSError as error:
        text = os.strerror(error.errno or 0)
        raise LookError(f"it cannot be started: {text}", final=True) from None
    leave = partial(_leave, process)
    atexit.register(leave)
    with process:
        try:
            yield process
        finally:
            _end(process)
            atexit.unregister(leave)


def _leave(process: subprocess.Popen[bytes]) -> None:
    """End a program where the run is over, or interrupted, before the look is."""
    _OVER.set()
    _end(process)


def _read(
    process: subprocess.Popen[bytes], look: Look, intake: int
) -> tuple[bytes, bytes]:
    """Read what it says on both its outputs, to their ends."""
    said = {pipe.fileno(): b"" for pipe in (process.stdout, process.stderr) if pipe}
    with selectors.DefaultSelector() as selector:
        for descriptor in said:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(look.remaining())
            if not ready or look.over:
                raise look.overdue()
            for key, _ in ready:
                part = os.read(key.fd, _CHUNK)
                said[key.fd] += part
                if not part:
                    selector.unregister(key.fd)
                if len(said[key.fd]) > intake:
                    raise LookError("its output has no end", final=True)
    texts = list(said.values())
    return texts[0], b"".join(texts[1:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and what it started: they are one session of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1.0)
