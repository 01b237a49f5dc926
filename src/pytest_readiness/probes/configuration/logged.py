"""What a logging configuration does, by what the service's interpreter made of it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.configuration.logging_trial import SCRIPT
from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.look import LookError
from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_readiness.probes.hosts import Commanded
    from pytest_readiness.probes.look import Look

__all__ = ["Handler", "Logged", "NotAccepted", "rotated", "tried"]

_PRIVATE = re.compile(r"pass|secret|token|credential|api_?key|dsn", re.IGNORECASE)
_USERINFO = re.compile(r"://[^/@\s]+@")
_MOST = 60_000
"""Characters of a configuration: Linux gives one argument 128 KiB."""
_SHOWN = 200
_MEMORY = "logging.handlers.MemoryHandler"
_NULL, _FILE = "logging.NullHandler", "logging.FileHandler"


class NotAccepted(Exception):  # an observation, not an error
    """``dictConfig`` refuses the configuration; the text says why."""


class Handler(BaseModel):
    """One handler that was made, with the names of its classes."""

    name: str
    kinds: tuple[str, ...]
    level: int
    file: str
    stream: str
    max_bytes: float | None
    kept: float | None
    timed: bool
    target: Handler | None

    @property
    def end(self) -> Handler | None:
        """Where records come to, behind what only holds them for a while."""
        return self.target if _MEMORY in self.kinds else self

    @property
    def title(self) -> str:
        """Its name, and its file or its class."""
        where = self.file or self.stream or self.kinds[0].rpartition(".")[2]
        return f"{self.name} ({where})" if self.name else where

    @property
    def rotates(self) -> bool:
        """Whether it begins new files and removes old ones.

        With either number zero a RotatingFileHandler never begins a new one, and
        without a count a timed one never removes one (Python's documentation).
        """
        return bool(self.kept) and (self.timed or bool(self.max_bytes))


class _Logger(BaseModel):
    level: int
    propagate: bool
    disabled: bool
    handlers: tuple[Handler, ...]


class _Answer(BaseModel):
    loggers: Mapping[str, _Logger] = {}
    error: str = ""
    refused: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Logged:
    """The loggers that a configuration makes, and their handlers."""

    loggers: Mapping[str, _Logger]

    @property
    def verbose(self) -> tuple[str, ...]:
        """Loggers of which something below INFO is written somewhere."""
        return tuple(
            f"{name or 'root'} at {logging.getLevelName(one.level)}"
            for name, one in self.loggers.items()
            if (one.level or not name)
            and not one.disabled
            and any(
                max(one.level, handler.level) < logging.INFO
                for handler in self._reached(name)
            )
        )

    @property
    def error_sinks(self) -> tuple[str, ...]:
        """Handlers of the root that take errors and bring them somewhere."""
        root = self.loggers[""]
        if root.level > logging.ERROR:
            return ()
        ends = (one.end for one in root.handlers if one.level <= logging.ERROR)
        return tuple(
            one.title
            for one in ends
            if one is not None and _NULL not in one.kinds and one.level <= logging.ERROR
        )

    @property
    def unbounded(self) -> tuple[Handler, ...]:
        """Handlers whose files grow for ever, if nothing else cuts them."""
        return tuple(
            one for one in self._all() if _FILE in one.kinds and not one.rotates
        )

    @property
    def streams(self) -> tuple[str, ...]:
        """Handlers that write to the standard output or the standard error."""
        return tuple(one.title for one in self._all() if one.stream)

    def _reached(self, name: str) -> Iterator[Handler]:
        """Give the handlers that a logger's records come to, as ``callHandlers``."""
        while True:
            one = self.loggers.get(name)
            if one is not None:
                yield from (h for h in one.handlers if _NULL not in h.kinds)
            if not name or (one is not None and not one.propagate):
                return
            name = name.rpartition(".")[0]

    def _all(self) -> Iterator[Handler]:
        seen: dict[str, Handler] = {}
        for logger in self.loggers.values():
            for one in logger.handlers:
                end = one.end
                if end is not None:
                    seen.setdefault(end.model_dump_json(), end)
        return iter(seen.values())


def tried(
    data: object, interpreter: str, paths: Sequence[str], host: Commanded, look: Look
) -> Logged:
    """Have the service's interpreter make its loggers of a configuration.

    Raises:
        NotAccepted: it cannot be configured so.
        LookError: it was not tried to its end, and why.
    """
    if not is_table(data):
        raise NotAccepted("it is no dictionary")
    try:
        text = json.dumps(_masked(data))
    except (TypeError, ValueError):
        raise NotAccepted("it holds what is no plain data") from None
    if len(text) > _MOST:
        reason = f"it is longer than {_MOST:,} characters"
        raise LookError(reason, Cause.LOCAL, final=True)
    command = commands.interpreter(interpreter, ("-I", "-c", SCRIPT, text, *paths))
    lines = host.output(command, look).decode(errors="replace").split("\n")
    try:
        answer = _Answer.model_validate_json([line for line in lines if line][-1])
    except (LookupError, ValidationError):
        reason = "the interpreter does not tell what it made of it"
        raise LookError(reason, Cause.NO_ANSWER, final=True) from None
    if answer.refused:
        reason = f"a handler is not made without {answer.refused}, which no trial does"
        raise LookError(reason, Cause.LOCAL, "have the item signed", final=True)
    if answer.error or "" not in answer.loggers:
        raise NotAccepted(_shown(answer))
    return Logged(answer.loggers)


def rotated(handlers: Sequence[Handler], rules: Sequence[str]) -> tuple[str, ...]:
    """Give those handlers whose files no rule of logrotate cuts."""
    patterns = [word for text in rules for word in _patterns(text)]
    return tuple(
        one.title
        for one in handlers
        if not any(fnmatch(one.file, pattern) for pattern in patterns)
    )


def _patterns(text: str) -> Iterator[str]:
    """Give the paths of logrotate's rules: what stands before a brace."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    for part in "\n".join(lines).split("}"):
        names, brace, _ = part.partition("{")
        if brace:
            yield from (word.strip("\"'") for word in names.split() if "/" in word)


def _masked(value: object, *, private: bool = False) -> Any:  # noqa: ANN401  # JSON
    """Leave out what is secret: whoever is on the host may see a command line."""
    if is_table(value):
        return {
            name: _masked(one, private=private or bool(_PRIVATE.search(str(name))))
            for name, one in value.items()
        }
    if is_list(value):
        return [_masked(one, private=private) for one in value]
    if isinstance(value, str):
        return "x" if private else _USERINFO.sub("://", value)
    return value


def _shown(answer: _Answer) -> str:
    parts = dict.fromkeys(filter(None, (answer.error, answer.cause)))
    text = "; ".join(parts) or "there is no root logger"
    return "".join(c if c.isprintable() else " " for c in text)[:_SHOWN]
