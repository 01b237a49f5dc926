"""Who may do what: the target's matrix, asked cell by cell.

Safe methods only; the cells of the others are a probe of their own, which the target
must allow to write.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.web.identities import (
    Credential,
    client_of,
    credential,
    planned_log_ins,
)
from pytest_readiness.probes.web.unset import unset
from pytest_readiness.target.blocks.security import ANONYMOUS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.http import Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import Grant, ServiceBlock

__all__ = ["SAFE", "Authorization", "AuthorizedWrites", "Cell"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""
_EMPTY = "{}"
"""The body of a request by another method: no order is placed by it."""


@dataclass(frozen=True)
class Cell:
    """One identity and one operation."""

    identity: str
    operation: str
    status: Observed[int]
    expected: int


@dataclass(frozen=True)
class _Wanted:
    """A cell as the target declares it."""

    identity: str
    operation: str
    expected: int

    @property
    def safe(self) -> bool:
        return self.operation.partition(" ")[0] in SAFE


@dataclass(frozen=True, kw_only=True)
class Authorization(Facts):
    """The cells of the matrix that only read."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True

    cells: Observed[tuple[Cell, ...]]
    """Every cell with a safe method."""
    declared: Observed[int]
    """How many cells the matrix has, those that write included; the detail says of how
    many operations."""
    identities: Observed[int]
    """How many of them are somebody's who is known."""
    writes: Observed[int]
    """How many cells need ``allow = ["write"]``."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Ask each cell once, in the name of its identity."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.authorization
        if table is None:
            nothing = unset("authorization", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        wanted = _wanted(block)
        safe = [one for one in wanted if one.safe]
        known = {one.identity for one in wanted} - {ANONYMOUS}
        detail = f"of {len(table.matrix)} operations"
        return cls(
            cells=look.seen(_asked(block, safe, look), what="authorization matrix"),
            declared=look.seen(len(wanted), what="authorization matrix", detail=detail),
            identities=look.seen(
                len(known), what="authorization matrix", detail=", ".join(sorted(known))
            ),
            writes=look.seen(len(wanted) - len(safe), what="authorization matrix"),
        )

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give all requests together their own time."""
        table = block.authorization
        return table.timeout if table else block.timeout

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked."""
        return _planned(block, [one for one in _wanted(block) if one.safe], None)

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


@dataclass(frozen=True, kw_only=True)
class AuthorizedWrites(Facts):
    """⚡ The cells of the matrix that would change something."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True
    grant: ClassVar[Grant | None] = "write"

    cells: Observed[tuple[Cell, ...]]
    """Every cell with an unsafe method; its request carries an empty JSON object."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Ask each cell once, in the name of its identity."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        if block.authorization is None:
            nothing = unset("authorization", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        writes = [one for one in _wanted(block) if not one.safe]
        cells = _asked(block, writes, look)
        return cls(cells=look.seen(cells, what="authorization matrix"))

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give all requests together their own time."""
        return Authorization.limit(block)

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked."""
        writes = [one for one in _wanted(block) if not one.safe]
        return _planned(block, writes, "write")

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return f"{block.url} (writes)"


def _wanted(block: ServiceBlock) -> tuple[_Wanted, ...]:
    return tuple(
        _Wanted(identity, operation, expected)
        for operation, row in block.matrix.items()
        for identity, expected in row.items()
    )


def _asked(
    block: ServiceBlock, wanted: Sequence[_Wanted], look: Look
) -> tuple[Cell, ...]:
    if not wanted:
        return ()
    with client_of(block, look) as client:
        return tuple(_cells(block, wanted, client, look))


def _cells(
    block: ServiceBlock, wanted: Sequence[_Wanted], client: Client, look: Look
) -> Iterator[Cell]:
    names = dict.fromkeys(one.identity for one in wanted)
    shown = {name: credential(block, name, client, look) for name in names}
    for one in wanted:
        status = look.observe(
            partial(_status, client, one, shown[one.identity]),
            what=f"{one.operation} as {one.identity}",
        )
        yield Cell(one.identity, one.operation, status, one.expected)


def _status(client: Client, one: _Wanted, shown: Credential) -> int:
    method, _, path = one.operation.partition(" ")
    if one.safe:
        return client.ask(method, path, headers=shown.headers).status
    answer = client.ask(method, path, headers=shown.headers, body=_EMPTY.encode)
    return answer.status


def _planned(
    block: ServiceBlock, wanted: Sequence[_Wanted], grant: Grant | None
) -> tuple[PlannedLook, ...]:
    if not wanted:
        return ()
    return (
        *planned_log_ins(block, (one.identity for one in wanted)),
        *(
            PlannedLook(
                "request", one.operation, note=f"as {one.identity}", intrusive=grant
            )
            for one in wanted
        ),
    )
