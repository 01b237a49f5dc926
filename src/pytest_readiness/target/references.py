"""Fills in ``${env:NAME}``, ``${file:PATH}`` and ``${cmd:PROGRAM ARGUMENTS}``.

What a reference gives is known only to the caller; names and problems are for people
and never hold a value, a file's content or a command's output.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

from pytest_readiness.target.values import Mistake, near

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "COMMAND_TIMEOUT",
    "MAX_SIZE",
    "Filled",
    "References",
    "check_references",
    "is_reference",
    "parse_reference",
]

COMMAND_TIMEOUT = 10.0
"""Seconds that a command of a reference may take."""
MAX_SIZE = 65536
"""Most bytes that a file or a command may give."""

_REFERENCE = re.compile(r"\$(\$\{)|\$\{([^{}]*)\}|\$\{")
_KINDS = ("env", "file", "cmd", "secret")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_USE = "write ${env:NAME}, ${file:PATH} or ${cmd:PROGRAM ARGUMENTS}"


@dataclass(frozen=True, slots=True)
class Filled:
    """A text whose references are filled in; ``text`` is None where one is unset."""

    text: str | None = field(repr=False)
    name: str
    secret: bool
    problem: str = ""


def is_reference(text: str) -> bool:
    """Whether the text holds a reference (or an escaped one, ``$${``)."""
    return "${" in text


def check_references(text: str) -> None:
    """Raise Mistake for a malformed reference, without looking at any."""
    for found in _REFERENCE.finditer(text):
        if not found[1]:
            parse_reference(found[2])


@dataclass
class References:
    """Fills in the references of one file; every reference is looked at once."""

    base: Path
    environ: Mapping[str, str]
    timeout: float = COMMAND_TIMEOUT
    _known: dict[str, Filled] = field(default_factory=dict)

    def fill(self, text: str) -> Filled:
        """Fill in every reference of a text; raise Mistake for a malformed one."""
        pieces: list[str] = []
        parts: list[Filled] = []
        end = 0
        for found in _REFERENCE.finditer(text):
            pieces.append(text[end : found.start()])
            end = found.end()
            if found[1]:
                pieces.append("${")
                continue
            part = self._one(*parse_reference(found[2]))
            parts.append(part)
            pieces.append(part.text or "")
        problem = "; ".join(part.problem for part in parts if part.problem)
        return Filled(
            None if problem else "".join([*pieces, text[end:]]),
            ", ".join(dict.fromkeys(part.name for part in parts)),
            secret=any(part.secret for part in parts),
            problem=problem,
        )

    @property
    def looked_up(self) -> tuple[tuple[str, str], ...]:
        """What was looked at so far: kind and name, never a value."""
        names = (known.name.partition(":") for known in self._known.values())
        return tuple((kind, name) for kind, _, name in names)

    def _one(self, kind: str, argument: str, secret: bool) -> Filled:  # noqa: FBT001
        reference = f"{kind}:{argument}"
        if reference not in self._known:
            self._known[reference] = self._look(kind, argument)
        known = self._known[reference]
        return Filled(known.text, known.name, secret, known.problem)

    def _look(self, kind: str, argument: str) -> Filled:
        if kind == "env":
            return _filled(f"env:{argument}", self.environ.get(argument), "is not set")
        if kind == "file":
            return self._file(argument)
        return self._command(argument)

    def _file(self, argument: str) -> Filled:
        name = f"file:{argument}"
        path = self.base / argument
        try:
            if not path.is_file():
                return _filled(name, None, "is not a file that exists")
            with path.open("rb") as stream:
                data = stream.read(MAX_SIZE + 1)
        except OSError as error:
            return _filled(name, None, f"cannot be read ({type(error).__name__})")
        return _decoded(name, data)

    def _command(self, argument: str) -> Filled:
        words = shlex.split(argument)
        # The arguments may hold what nobody should read; the digest tells them apart.
        name = f"cmd:{words[0]}#{hashlib.sha256(argument.encode()).hexdigest()[:8]}"
        try:
            process = subprocess.Popen(  # the user's own command, no shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self.base,
                env=dict(self.environ),
                start_new_session=True,
            )
        except OSError as error:
            return _filled(name, None, f"cannot be started ({type(error).__name__})")
        data = _output(process, self.timeout)
        if data is None:
            return _filled(name, None, f"gave no answer within {self.timeout:g} s")
        if process.returncode and len(data) <= MAX_SIZE:
            return _filled(name, None, f"ended with status {process.returncode}")
        return _decoded(name, data)


def parse_reference(inner: str | None) -> tuple[str, str, bool]:
    """Split what stands between the braces into kind, argument and secrecy."""
    if inner is None:
        what = "holds a reference without its closing brace"
        raise Mistake(what, f"{_USE}, or $${{ for the characters themselves")
    kind, colon, argument = inner.partition(":")
    secret = kind == "secret" and bool(colon)
    if secret:
        kind, colon, argument = argument.partition(":")
    if kind not in _KINDS[:3]:
        meant = near(kind, _KINDS)
        what = "holds a reference of an unknown kind"
        raise Mistake(what, f"did you mean `{meant}`? {_USE}" if meant else _USE)
    if not colon or not _well_formed(kind, argument):
        what = f"holds a malformed {kind} reference"
        raise Mistake(what, _USE)
    return kind, argument, secret


def _well_formed(kind: str, argument: str) -> bool:
    if kind == "env":
        return _NAME.fullmatch(argument) is not None
    try:
        return bool(argument.strip() if kind == "file" else shlex.split(argument))
    except ValueError:  # a quotation that does not end
        return False


def _filled(name: str, text: str | None, problem: str) -> Filled:
    why = "" if text else f"{name} {problem if text is None else 'is empty'}"
    return Filled(text, name, secret=False, problem=why)


def _decoded(name: str, data: bytes) -> Filled:
    if len(data) > MAX_SIZE:
        return _filled(name, None, f"gives more than {MAX_SIZE} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _filled(name, None, "gives no UTF-8 text")
    return _filled(name, text.rstrip("\r\n"), "")


def _output(process: subprocess.Popen[bytes], timeout: float) -> bytes | None:
    """Read a bounded answer; None where there is none in time. Ends the process."""
    deadline = time.monotonic() + timeout
    answer: list[bytes] = []

    def read() -> None:
        # Closed here: a child that was left behind may hold the other end for long.
        with cast("IO[bytes]", process.stdout) as stream:
            answer.append(stream.read(MAX_SIZE + 1))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(timeout)
    data = answer[0] if answer else None
    if data is None or len(data) > MAX_SIZE:
        _kill(process)
        return data
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        _kill(process)
        return None
    return data


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and what it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
