"""The service's configuration files: what they say, and whether they can be used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.configuration.logged import (
    Logged,
    NotAccepted,
    rotated,
    tried,
)
from pytest_readiness.probes.configuration.reading import Malformed, at, parsed
from pytest_readiness.probes.configuration.schema import breaches
from pytest_readiness.probes.hosts import Commanded, entered, where
from pytest_readiness.probes.hosts.plans import on_host, reached, read
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ConfigurationBlock, ConfigurationFile

__all__ = ["Configuration"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Configuration(Facts):
    """What is wrong with the files, and what the service logs by them."""

    block: ClassVar[str] = "configuration"

    absent: Observed[tuple[str, ...]]
    """Files that are not there."""
    malformed: Observed[tuple[str, ...]]
    """Files that cannot be read for what they are, each with line and problem."""
    missing: Observed[tuple[str, ...]]
    """Keys that must be there and are not, or have no value."""
    breaches: Observed[tuple[str, ...]]
    """What breaks a file's schema."""
    logging_accepted: Observed[bool]
    """Whether the service's interpreter takes the logging file."""
    verbose: Observed[tuple[str, ...]]
    """Loggers that write below INFO."""
    error_sinks: Observed[tuple[str, ...]]
    """Handlers of the root logger that bring errors somewhere."""
    unbounded: Observed[tuple[str, ...]]
    """Handlers whose files grow for ever: neither they nor logrotate cut them."""
    uncollected: Observed[tuple[str, ...]]
    """Handlers that write to the standard output, where nothing collects it."""
    collected: Observed[tuple[str, ...]]
    """Those whose output something collects, as the target says."""

    @classmethod
    def gather(cls, block: ConfigurationBlock, look: Look) -> Self:
        """Read the files, and have the logging file tried."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ConfigurationBlock, look: Look) -> Self:
        host = entered(block, look)
        read = look.observe(lambda: tuple(_read(f, host, look) for f in _some(block)))
        made: Observed[Logged | NotAccepted] = look.observe(
            lambda: _made(block, host, look), what="logging"
        )
        logged = made.map(_usable)
        return cls(
            absent=_all(read, lambda file: file.absent),
            malformed=_all(read, lambda file: file.malformed),
            missing=_all(read, lambda file: file.missing),
            breaches=look.observe(
                lambda: tuple(b for f in _value(read) for b in f.breaches())
            ),
            logging_accepted=_accepted(made),
            verbose=logged.map(lambda one: one.verbose),
            error_sinks=logged.map(lambda one: one.error_sinks),
            unbounded=look.observe(lambda: _uncut(block, logged, host, look)),
            uncollected=logged.map(lambda one: () if block.collector else one.streams),
            collected=logged.map(lambda one: one.streams if block.collector else ()),
        )

    @classmethod
    def looks(cls, block: ConfigurationBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read, and what the interpreter is asked."""
        paths = [*(file.path for file in block.files), block.logging, *block.logrotate]
        known = [str(path) for path in paths if path is not None]
        schemas = (file.schema_file for file in block.files)
        asked: tuple[PlannedLook, ...] = ()
        if block.logging is not None:
            words = " ".join(map(str, block.python_path))
            what = f"{block.interpreter} -I -c {{script}} {{logging}} {words}".rstrip()
            note = "writes nothing and connects to nothing"
            asked = (PlannedLook("program", what, on_host(block), note=note),)
        first = reached(block, known[0]) if known else ()
        return (*first, *read(block, *known), *files(*schemas), *asked)

    @staticmethod
    def source(block: ConfigurationBlock) -> str:
        """Name the first file and its host."""
        paths = [*(file.path for file in block.files), block.logging]
        names = [path.name for path in paths if path is not None]
        return f"{where(block)}{', '.join(names) or 'configuration'}"


@dataclass(frozen=True)
class _File:
    """One file as it was read."""

    table: ConfigurationFile
    data: object = None
    absent: tuple[str, ...] = ()
    malformed: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        if self.absent or self.malformed:
            return ()
        name = self.table.path.name
        keys = (key for key in self.table.required if at(self.data, key) is None)
        return tuple(f"{name}: {key}" for key in keys)

    def breaches(self) -> tuple[str, ...]:
        if self.table.schema_file is None or self.absent or self.malformed:
            return ()
        name = self.table.path.name
        found = breaches(self.data, self.table.schema_file)
        return tuple(f"{name}: {breach}" for breach in found)


def _some(block: ConfigurationBlock) -> tuple[ConfigurationFile, ...]:
    if not block.files:
        reason = "the target names no configuration file"
        raise LookError(reason, Cause.UNCONFIGURED, "name them in files", final=True)
    return block.files


def _read(table: ConfigurationFile, host: Commanded, look: Look) -> _File:
    path = str(table.path)
    text = host.read(path, look)
    if text is None:
        return _File(table, absent=(path,))
    try:
        return _File(table, parsed(table.path, text))
    except Malformed as error:
        return _File(table, malformed=(f"{table.path.name}: {error}",))


def _all(
    read: Observed[tuple[_File, ...]], of: Callable[[_File], tuple[str, ...]]
) -> Observed[tuple[str, ...]]:
    return read.map(lambda found: tuple(text for one in found for text in of(one)))


def _made(
    block: ConfigurationBlock, host: Commanded, look: Look
) -> Logged | NotAccepted:
    if block.logging is None or block.interpreter is None:
        reason, remedy = "the target names no logging file", "name it in logging"
        raise LookError(reason, Cause.UNCONFIGURED, remedy, final=True)
    text = host.read(str(block.logging), look)
    if text is None:
        return NotAccepted(f"there is no {block.logging}")
    try:
        data: Any = parsed(block.logging, text)
        paths = [str(path) for path in block.python_path]
        return tried(data, str(block.interpreter), paths, host, look)
    except Malformed as error:
        return NotAccepted(str(error))
    except NotAccepted as error:
        return error


def _accepted(made: Observed[Logged | NotAccepted]) -> Observed[bool]:
    seen = made.map(lambda one: not isinstance(one, NotAccepted))
    problem = made.value
    if not isinstance(problem, NotAccepted):
        return seen
    return replace(seen, detail=str(problem))


def _usable(made: Logged | NotAccepted) -> Logged | Unavailable:
    if isinstance(made, NotAccepted):
        return Unavailable(f"the logging file is not accepted: {made}")
    return made


def _uncut(
    block: ConfigurationBlock, logged: Observed[Logged], host: Commanded, look: Look
) -> tuple[str, ...]:
    """Give the files that grow, once logrotate's rules are known."""
    growing = _value(logged).unbounded
    texts = [host.read(str(path), look) or "" for path in block.logrotate]
    return rotated(growing, texts)


def _value(fact: Observed[T]) -> T:
    """Give a fact's value, for another fact that is nothing without it."""
    value = fact.value
    if isinstance(value, Unavailable):
        raise LookError(value.reason, value.cause, value.remedy, final=True)
    return value
