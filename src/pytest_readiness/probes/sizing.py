"""How many connections and threads the service may open, by its own settings.

What the server takes, and how many cores there are, is for other probes to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.configuration.reading import Malformed, at, parsed
from pytest_readiness.probes.hosts import entered, where
from pytest_readiness.probes.hosts.plans import reached, read
from pytest_readiness.probes.look import Facts, LookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import ClientSizes, SizingBlock

__all__ = ["Sizing"]

_LEAST = {"replicas": 1, "workers": 1, "pool_size": 1, "max_overflow": 0, "threads": 1}
"""What each number must be at least: no pool is of size zero, which SQLAlchemy and
others take for no limit at all, as they take a negative overflow."""


@dataclass(frozen=True, kw_only=True)
class Sizing(Facts):
    """The declared clients together, and what is wrong with their numbers."""

    block: ClassVar[str] = "sizing"

    missing: Observed[tuple[str, ...]]
    """Numbers that the settings do not have."""
    unusable: Observed[tuple[str, ...]]
    """Numbers that are no size: zero, negative, or no whole number."""
    direct: Observed[int]
    """Connections that clients may open to the database itself."""
    pooled: Observed[int]
    """Connections that clients may open to PgBouncer."""
    threads: Observed[int]
    """Threads that may work at the same time, all together; 0 where none are named."""

    def at_server(self, pools: Observed[int]) -> Observed[int]:
        """Give the connections at the server: direct ones, and the pools' own."""
        if not self.pooled.otherwise(0):
            return self.direct

        def added(direct: int) -> int | Unavailable:
            more = pools.value
            return more if isinstance(more, Unavailable) else direct + more

        return self.direct.map(added)

    @classmethod
    def gather(cls, block: SizingBlock, look: Look) -> Self:
        """Read the settings, and multiply."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: SizingBlock, look: Look) -> Self:
        settings = _settings(block, look)
        clients = {n: _Client(n, c, settings) for n, c in block.clients.items()}
        if not clients:
            reason = "the target names no client of the database"
            raise LookError(reason, Cause.UNCONFIGURED, "name them in clients")
        several = clients.values()
        unset = tuple(text for one in several for text in one.unset())
        unusable = tuple(text for one in several for text in one.unusable())
        lacking = Unavailable("not every number is known") if unset + unusable else None

        def total(numbers: Iterator[int]) -> int | Unavailable:
            return lacking or sum(numbers)

        counted = "; ".join(one.shown for one in several) if lacking is None else ""
        pooled = (c.connections for c in several if c.table.through_pool)
        direct = (c.connections for c in several if not c.table.through_pool)
        return cls(
            missing=look.seen(unset),
            unusable=look.seen(unusable),
            direct=look.seen(total(direct), detail=counted),
            pooled=look.seen(total(pooled), detail=counted),
            threads=look.seen(total(c.threads for c in several), detail=counted),
        )

    @classmethod
    def looks(cls, block: SizingBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read."""
        if block.settings is None:
            return ()
        path = str(block.settings)
        return (*reached(block, path), *read(block, path))

    @staticmethod
    def source(block: SizingBlock) -> str:
        """Name the settings file and its host."""
        return f"{where(block)}{block.settings or 'sizing'}"


@dataclass(frozen=True)
class _Client:
    name: str
    table: ClientSizes
    settings: object

    def number(self, key: str) -> object:
        """Give a number as the table or the settings have it; None where unset."""
        written = getattr(self.table, key)
        found = at(self.settings, written) if isinstance(written, str) else written
        # Variables are text.
        return int(found) if isinstance(found, str) and found.isdecimal() else found

    @property
    def _asked(self) -> Mapping[str, int]:
        return {k: n for k, n in _LEAST.items() if getattr(self.table, k) is not None}

    def unset(self) -> Iterator[str]:
        for key in self._asked:
            if self.number(key) is None:
                yield f"{self.name}: {key} ({getattr(self.table, key)})"

    def unusable(self) -> Iterator[str]:
        for key, least in self._asked.items():
            found = self.number(key)
            if found is None:
                continue
            whole = isinstance(found, int) and not isinstance(found, bool)
            if not whole or int(str(found)) < least:
                shown = found if whole else "no whole number"
                yield f"{self.name}: {key} is {shown}"

    def _known(self, key: str) -> int:
        found = self.number(key)
        return found if isinstance(found, int) else 0

    @property
    def _processes(self) -> int:
        return self._known("replicas") * self._known("workers")

    @property
    def connections(self) -> int:
        pool = self._known("pool_size") + self._known("max_overflow")
        return self._processes * pool

    @property
    def threads(self) -> int:
        return (
            0
            if self.table.threads is None
            else self._processes * self._known("threads")
        )

    @property
    def shown(self) -> str:
        size, over = self._known("pool_size"), self._known("max_overflow")
        return f"{self.name} {self._processes} x ({size} + {over})"


def _settings(block: SizingBlock, look: Look) -> object:
    if block.settings is None:
        return None
    text = entered(block, look).read(str(block.settings), look)
    if text is None:
        reason = f"there is no {block.settings}"
        raise LookError(reason, Cause.LOCAL, "set settings", final=True)
    try:
        return parsed(block.settings, text)
    except Malformed as error:
        reason = f"{block.settings.name}: {error}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
