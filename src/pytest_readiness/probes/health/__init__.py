"""Health: what the running service says of itself, and how fast."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.probes.health.said import Said, read
from pytest_readiness.probes.http import connected
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook, files, trust_files

if TYPE_CHECKING:
    from pytest_readiness.catalogue.observation import Observed, Unavailable
    from pytest_readiness.probes.http import Answer, Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import HealthBlock

__all__ = ["Health", "HealthRoute"]

_INTAKE = 1 << 20
_ANSWERS = 2


@dataclass(frozen=True, slots=True)
class HealthRoute:
    """One route, and what came of asking it."""

    name: str
    status: Observed[int]
    took: Observed[dt.timedelta]
    """From the request to the end of the answer; the first has the handshake in it."""
    form: Observed[str]
    """``nothing``, ``text``, ``JSON``, ``Kubernetes`` or ``HTML``."""
    failing: Observed[tuple[str, ...]]
    """What it says is not well, itself or a dependency, whatever its status is."""
    unnamed: Observed[tuple[str, ...]]
    """Dependencies that the target declares, and that readiness does not name."""


@dataclass(frozen=True, kw_only=True)
class Health(Facts):
    """The health routes of the running service."""

    block: ClassVar[str] = "health"
    runs_release: ClassVar[bool] = True

    routes: Observed[tuple[HealthRoute, ...]]
    """Liveness and readiness; one, where both have the same route."""

    @classmethod
    def gather(cls, block: HealthBlock, look: Look) -> Self:
        """Ask each route once; redirects are not followed."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: HealthBlock, look: Look) -> Self:
        asked = {block.live: (), block.ready: block.dependencies}
        with connected(block, look, intake=_INTAKE, answers=_ANSWERS) as client:
            routes = tuple(
                _route(route, wanted, client, block, look)
                for route, wanted in asked.items()
            )
        return cls(routes=look.seen(routes))

    @classmethod
    def looks(cls, block: HealthBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked: each route once."""
        secure = block.url.startswith("https:")
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            *(
                PlannedLook("request", f"GET {route}")
                for route in dict.fromkeys((block.live, block.ready))
            ),
            *(trust_files(block.ca_file) if secure else ()),
            *files(block.cert_file, block.key_file),
        )

    @staticmethod
    def source(block: HealthBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


def _route(
    route: str,
    wanted: tuple[str, ...],
    client: Client,
    block: HealthBlock,
    look: Look,
) -> HealthRoute:
    def ask(_: Look) -> tuple[Answer, dt.timedelta]:
        began = time.perf_counter()
        answer = client.get(route)
        return answer, dt.timedelta(seconds=time.perf_counter() - began)

    seen, note = look.tries(block.retries, ask)
    asked = look.seen(seen, what=f"GET {route}", detail=note)
    answer = asked.map(lambda one: one[0])
    good = frozenset(block.good_words)
    said = answer.map(lambda one: read(one, good))
    return HealthRoute(
        name=route,
        status=answer.map(lambda one: one.status),
        took=asked.map(lambda one: one[1]),
        form=said.map(lambda one: one.form),
        failing=said.map(lambda one: one.failing()),
        unnamed=said.map(lambda one: _unnamed(one, wanted)),
    )


def _unnamed(said: Said, wanted: tuple[str, ...]) -> tuple[str, ...] | Unavailable:
    return tuple(name for name in wanted if not said.names(name))
