"""The variables of the service's environment: set, filled in, and kept from others.

Seen where they take effect: in the file that the service reads, in its process, or in
its manifests. No value leaves this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NoReturn, Self

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.configuration.manifests import KEPT_SECRET, environment
from pytest_readiness.probes.configuration.reading import (
    Malformed,
    parsed_yaml,
    variables,
)
from pytest_readiness.probes.hosts import commands, entered, where
from pytest_readiness.probes.hosts.plans import planned, reached, read
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.placeholder import is_left_over
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_readiness.probes.hosts import Commanded
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import EnvironmentBlock

    _Holds = Callable[[str, str | None], bool]

__all__ = ["Environment"]

_OTHERS = slice(4, None)
"""Of ``-rw-r--r--`` what others than the owner may do."""


@dataclass(frozen=True, kw_only=True)
class Environment(Facts):
    """What is set of what must be; names only."""

    block: ClassVar[str] = "environment"

    required: Observed[tuple[str, ...]]
    """The names that must be set: the example's and the target's own."""
    missing: Observed[tuple[str, ...]]
    """Those that are not set at all."""
    empty: Observed[tuple[str, ...]]
    """Those that are set to nothing."""
    placeholders: Observed[tuple[str, ...]]
    """Those whose value is what examples hold."""
    is_file: Observed[bool]
    """Whether they are kept in a file, which then must be kept from others."""
    open_to_others: Observed[bool]
    """Whether anybody but the file's owner may do anything with it."""
    tracked: Observed[bool]
    """Whether git keeps the file."""

    @classmethod
    def gather(cls, block: EnvironmentBlock, look: Look) -> Self:
        """Read the names, then what is set."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: EnvironmentBlock, look: Look) -> Self:
        names = look.observe(lambda: _required(block), what="names")
        host = None if block.manifests else entered(block, look)
        seen = look.observe(lambda: _set(block, host, look))
        known = seen.map(lambda values: values or {})
        wanted = names.otherwise(())

        def those(holds: _Holds) -> Observed[tuple[str, ...]]:
            if not names.available:
                return names
            return known.map(
                lambda values: tuple(n for n in wanted if holds(n, values.get(n)))
            )

        path = str(block.file)
        kept = block.file is not None and seen.otherwise({}) is not None
        here = host if block.file is not None else None
        return cls(
            required=names,
            missing=those(lambda _, value: value is None),
            empty=those(lambda _, value: value is not None and not value.strip()),
            placeholders=those(_is_left),
            is_file=look.seen(kept),
            open_to_others=look.observe(
                lambda: _mode(here, path, look)[_OTHERS].strip("-") != "", what="mode"
            ),
            tracked=look.observe(
                lambda: _no_file() if here is None else here.is_tracked(path, look),
                what="git ls-files",
            ),
        )

    @classmethod
    def looks(cls, block: EnvironmentBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read, and which programs are asked."""
        example = files(block.example)
        if block.manifests:
            return (*example, *files(*block.manifests))
        if block.file is not None:
            path = str(block.file)
            asked = planned(block, commands.kind(path), commands.tracked(path))
            return (*example, *reached(block, path), *read(block, path), *asked)
        process = f"/proc/{block.pid or '{pid}'}/environ"
        if block.unit is not None:
            asked = planned(block, commands.main_process(block.unit))
        else:
            asked = read(block, str(block.pid_file)) if block.pid_file else ()
        return (*example, *asked, *read(block, process))

    @staticmethod
    def source(block: EnvironmentBlock) -> str:
        """Name the file, the process or the manifests."""
        if block.manifests:
            return ", ".join(path.name for path in block.manifests)
        process = f"process {block.pid}" if block.pid else ""
        place = block.file or process or block.pid_file or block.unit
        return f"{where(block)}{place}"


def _required(block: EnvironmentBlock) -> tuple[str, ...]:
    names: Iterable[str] = ()
    if block.example is not None:
        try:
            names = variables(block.example.read_text("utf-8"))
        except OSError as error:
            reason = f"{block.example.name}: {error.strerror or 'cannot be read'}"
            raise LookError(reason, Cause.LOCAL, "set example", final=True) from None
        except (Malformed, UnicodeDecodeError) as error:
            reason = f"{block.example.name}: {_said(error)}"
            raise LookError(reason, Cause.LOCAL, final=True) from None
    wanted = dict.fromkeys((*names, *block.names))
    required = tuple(name for name in wanted if name not in block.optional)
    if not required:
        reason, remedy = "nobody says what must be set", "set example, or names"
        raise LookError(reason, Cause.UNCONFIGURED, remedy, final=True)
    return required


def _set(
    block: EnvironmentBlock, host: Commanded | None, look: Look
) -> Mapping[str, str] | None:
    """Give what is set; None where there is no file that could set anything."""
    if host is None:
        return _of_manifests(block)
    if block.file is not None:
        text = host.read(str(block.file), look)
        if text is None:
            return None
        try:
            return variables(text)
        except Malformed as error:
            reason = f"{block.file.name}: {error}"
            raise LookError(reason, Cause.NO_ANSWER, final=True) from None
    pid = _pid(block, host, look)
    text = host.read(f"/proc/{pid}/environ", look)
    if not text:
        reason = f"there is no process {pid} on {host.source or 'this host'}"
        raise LookError(reason, Cause.LOCAL, final=True)
    pairs = (line.partition("=") for line in text.split("\0"))
    return {name: value for name, equals, value in pairs if equals}


def _pid(block: EnvironmentBlock, host: Commanded, look: Look) -> int:
    if block.unit is not None:
        return host.main_process(block.unit, look)
    if block.pid is not None:
        return block.pid
    text = (host.read(str(block.pid_file), look) or "").strip()
    if not text.isdecimal():
        reason = f"{block.pid_file} holds no number of a process"
        raise LookError(reason, Cause.LOCAL, final=True)
    return int(text)


def _of_manifests(block: EnvironmentBlock) -> Mapping[str, str]:
    documents: list[object] = []
    for path in block.manifests:
        try:
            documents += parsed_yaml(path.read_text("utf-8"))
        except OSError as error:
            reason = f"{path.name}: {error.strerror or 'cannot be read'}"
            raise LookError(reason, Cause.LOCAL, final=True) from None
        except (Malformed, UnicodeDecodeError) as error:
            reason = f"{path.name}: {_said(error)}"
            raise LookError(reason, Cause.LOCAL, final=True) from None
    return environment(documents, block.container)


def _is_left(name: str, value: str | None) -> bool:
    if value is None or not value.strip() or value == KEPT_SECRET:
        return False
    return is_left_over(name, value)


def _mode(host: Commanded | None, path: str, look: Look) -> str:
    return _no_file() if host is None else host.mode(path, look)


def _no_file() -> NoReturn:
    raise LookError("no file keeps them", Cause.LOCAL, final=True)


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, Malformed) else "it is no text file"
