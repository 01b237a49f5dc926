"""⚡ The service under load: what it reaches, at a rate that does not wait for it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.line import Door, Line, bearer
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.pacing import Plan, drive
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.responses import unusable
from pytest_readiness.probes.samples import Times
from pytest_readiness.target.blocks.routes import Asked, asked

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.pacing import Driven
    from pytest_readiness.target.blocks import Grant, ServiceBlock
    from pytest_readiness.target.blocks.load import LoadTable

__all__ = ["Load"]

T = TypeVar("T")

_P95 = 0.95
_MINUTE = 60.0
_ROUND = 2
"""Answers that may still be under way when the last request has left."""


@dataclass(frozen=True, kw_only=True)
class Load(Facts):
    """What came of a load at a set rate."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True
    exclusive: ClassVar[bool] = True
    grant: ClassVar[Grant | None] = "load"

    lasted: Observed[dt.timedelta]
    """How long requests were sent; the detail says why it ended before its time."""
    reached: Observed[float]
    """Good answers a minute, until the last one."""
    errors: Observed[float]
    """Share of the requests without a good answer."""
    p95: Observed[dt.timedelta]
    """95th percentile of the good answers' times, from when each request was due."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Put it under load once."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table, routes = block.load, _routes(block)
        if table is None or not routes:
            where = f"[target.{look.environment}.service.load]"
            nothing = Unavailable(
                f"the target names no load on the service in {where}",
                Cause.UNCONFIGURED,
                "say there which routes are asked, and how often",
            )
            return cls.unavailable(nothing, look.source, look.now())
        door = Door(block)
        for route in routes:
            with Line(door, look) as line:
                lacking = unusable(route, line.ask(*route, bearer(block)))
            if lacking is not None:
                return cls.unavailable(lacking, look.source, look.now())
        rate = table.rate / _MINUTE
        count = max(round(rate * table.duration.total_seconds()), 1)
        plan = Plan(rate, count, table.connections)
        driven = drive(
            plan,
            lambda: _Sender(block, routes, Line(door, look)),
            lambda: look.over,
        )
        return cls._of(driven, table, look)

    @classmethod
    def _of(cls, driven: Driven, table: LoadTable, look: Look) -> Self:
        what = f"{table.rate:g} requests a minute"
        saturated = driven.saturated(table.late.total_seconds())
        if saturated:
            nothing = Unavailable(
                f"generator saturated: {saturated}",
                Cause.LOCAL,
                "look from a machine with more room, or ask for less",
            )
            return cls.unavailable(nothing, f"{look.source} {what}", look.now())
        good = Times(tuple(one.took for one in driven.good))
        sent = max(driven.sent, 1)
        detail = f"{driven.sent} of {driven.plan.count} requests sent"
        lasted = dt.timedelta(seconds=driven.sent / driven.plan.rate)
        return cls(
            lasted=look.seen(lasted, what=what, detail=driven.stopped or detail),
            reached=look.seen(
                _MINUTE * len(good.seconds) / max(driven.elapsed, 1e-9),
                unit="1/min",
                what=what,
                detail=f"{len(good.seconds)} good answers in {driven.elapsed:.2f} s",
            ),
            errors=look.seen(
                1 - len(good.seconds) / sent, unit="ratio", what=what, detail=detail
            ),
            p95=look.seen(
                good.percentile(_P95),
                what=what,
                detail=f"{good.words(_P95)}; left {driven.late * 1000:.1f} ms late",
            ),
        )

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give the load its time, and the last answers theirs."""
        table = block.load
        first = block.timeout * (len(_routes(block)) + _ROUND)
        return first + (table.duration if table is not None else dt.timedelta(0))

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked, and how often."""
        secure, table = block.url.startswith("https:"), block.load
        if table is None:
            return ()
        how = "over TLS" if secure else "without TLS"
        seconds = table.duration.total_seconds()
        note = f"together {table.rate:g} a minute for {seconds:g} s"
        return (
            PlannedLook("connection", how, note=f"{table.connections} at most"),
            *(
                PlannedLook("request", f"{m} {path}", note=note, intrusive="load")
                for m, path in _routes(block)
            ),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return f"load on {block.url}"


def _routes(block: ServiceBlock) -> tuple[Asked, ...]:
    named = block.load.routes if block.load is not None else ()
    timed = block.routes.timed if block.routes is not None else ()
    return tuple(map(asked, named or timed))


@dataclass(frozen=True)
class _Sender:
    block: ServiceBlock
    routes: tuple[Asked, ...]
    line: Line

    def open(self) -> None:
        self.line.open()

    def send(self, number: int) -> bool:
        route = self.routes[number % len(self.routes)]
        return self.line.ask(*route, bearer(self.block)).good

    def close(self) -> None:
        self.line.close()
