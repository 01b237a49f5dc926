"""Whether the service keeps its clients' connections for the next request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.probes.line import Door, Line, bearer
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.network import connect
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.secure import secured, trust_context

if TYPE_CHECKING:
    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock

__all__ = ["Connections"]

_MULTIPLEXED = "h2"
_ALPN = "over TLS, offering h2"


@dataclass(frozen=True, kw_only=True)
class Connections(Facts):
    """The service's connections, as a client has them."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True

    kept_alive: Observed[bool]
    """Whether a second request went over the first one's connection, or HTTP/2 did."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Ask for one route twice."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        route, door = _route(block), Door(block)
        with Line(door, look) as line:
            first = line.ask("GET", route, bearer(block))
            line.ask("GET", route, bearer(block))
            kept = line.opened == 1
        said = first.headers.get("connection", "")
        detail = f"Connection: {said}" if said else ""
        if not kept and door.trust is not None and _multiplexes(block, door, look):
            kept, detail = True, "HTTP/2"
        return cls(kept_alive=look.seen(kept, what=f"GET {route}", detail=detail))

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked."""
        secure = block.url.startswith("https:")
        closed = "where the first one was closed"
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            PlannedLook("request", f"GET {_route(block)}", note="twice"),
            *((PlannedLook("connection", _ALPN, note=closed),) if secure else ()),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


def _route(block: ServiceBlock) -> str:
    return block.release.route if block.release else "/"


def _multiplexes(block: ServiceBlock, door: Door, look: Look) -> bool:
    context = trust_context(block.ca_file)
    context.set_alpn_protocols([_MULTIPLEXED, "http/1.1"])
    sock = connect(door.host, door.port, look)
    with secured(sock, context, door.host, look) as wrapped:
        return wrapped.selected_alpn_protocol() == _MULTIPLEXED
