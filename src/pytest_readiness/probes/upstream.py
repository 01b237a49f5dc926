"""Upstream endpoints: what becomes of many connects to each, and how long they take.

Every connect is what a client's would be: each address in turn, closed at once, nothing
sent. They begin at intervals, whatever became of those before, so that a black hole
costs one time-out and not twenty. Through a proxy CONNECT is timed (RFC 9110, 9.3.6).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime as dt
import math
import socket
import statistics
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self, TypeGuard
from urllib.parse import urlsplit

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.connects import Tried, asked, distant
from pytest_readiness.probes.hosts import where
from pytest_readiness.probes.hosts.plans import planned, reached
from pytest_readiness.probes.look import Facts, LookError, noted
from pytest_readiness.probes.network import CLOSED, Address, explain, resolve
from pytest_readiness.probes.planned import PlannedLook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import Endpoint, NetworkBlock

__all__ = ["Network", "Upstream", "percentile"]

_HTTP = 80
_OK = range(200, 300)
_REFUSED = 407
_MOST = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """One endpoint, over all of its connects."""

    name: str
    """As the target calls it."""
    loss: Observed[float]
    """Share of the connects that failed; the detail says how."""
    median: Observed[dt.timedelta]
    """Median time of those that did not."""
    p99: Observed[dt.timedelta]
    """Time within which 99 % of them were made, by nearest rank."""


@dataclass(frozen=True, kw_only=True)
class Network(Facts):
    """All upstream endpoints of the target, connected to side by side."""

    block: ClassVar[str] = "network"
    needs_quiet: ClassVar[bool] = True

    endpoints: Observed[tuple[Upstream, ...]]

    @classmethod
    def gather(cls, block: NetworkBlock, look: Look) -> Self:
        """Connect as often as the block says; never outlast the look."""
        if not block.endpoints:
            return cls(endpoints=look.seen(()))
        if block.host is not None:
            return cls.tried(look, block.retries, lambda look: cls._there(block, look))
        return cls(endpoints=look.seen(asyncio.run(_all(block, look))))

    @classmethod
    def _there(cls, block: NetworkBlock, look: Look) -> Self:
        """Connect from the service's own host."""
        one = replace(look, timeout=block.connect_timeout.total_seconds())
        each = zip(block.endpoints, distant(block, one), strict=True)
        seen = (
            _upstream(
                endpoint.name, tried, replace(look, source=f"network {endpoint.name}")
            )
            for endpoint, tried in each
        )
        return cls(endpoints=look.seen(tuple(seen)))

    @classmethod
    def looks(cls, block: NetworkBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is connected to."""
        if block.host is not None:
            path = str(block.interpreter)
            return (*reached(block, path), *planned(block, asked(block)))
        way = f" through {block.proxy}, by CONNECT" if block.proxy else ""
        what = f"TCP, closed at once, {block.connects} times{way}"
        return tuple(
            PlannedLook("connection", what, where=f"{one.host}:{one.port}")
            for one in block.endpoints
        )

    @staticmethod
    def source(block: NetworkBlock) -> str:
        """Name the endpoints, and the host that connects."""
        names = ", ".join(endpoint.name for endpoint in block.endpoints)
        return f"{where(block)} network {names}".lstrip()


def percentile(values: Sequence[float], share: float) -> float:
    """Give the nearest-rank percentile: of 20 values the 99th is the largest."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


async def _all(block: NetworkBlock, look: Look) -> tuple[Upstream, ...]:
    seen = (_endpoint(endpoint, block, look) for endpoint in block.endpoints)
    return tuple(await asyncio.gather(*seen))


async def _endpoint(endpoint: Endpoint, block: NetworkBlock, look: Look) -> Upstream:
    look = replace(look, source=f"network {endpoint.name}")
    way = _Way.of(endpoint, block)
    found, note = await asyncio.to_thread(
        look.tries,
        block.retries,
        lambda look: resolve(way.host, way.port, look),
    )
    if isinstance(found, Unavailable):
        return _upstream(endpoint.name, [found], look, note)
    gap, each = block.interval.total_seconds(), block.connect_timeout.total_seconds()
    one = replace(look, timeout=each)

    async def later(number: int) -> Tried | None:
        await asyncio.sleep(min(number * gap, look.remaining()))
        return None if look.over else await _connect(found, way, one.share(each))

    ended = await asyncio.gather(*(later(number) for number in range(block.connects)))
    tried = [each for each in ended if each is not None]
    if len(tried) < block.connects and not any(map(_lost, tried)):
        reason = f"only {len(tried)} of {block.connects} connects fit into the look"
        tried = [Unavailable(reason, Cause.LOCAL, "raise timeout")]
    return _upstream(endpoint.name, tried, look, note)


def _upstream(
    name: str, tried: Sequence[Tried], look: Look, note: str = ""
) -> Upstream:
    """Count and measure; what is wrong on this host says nothing of the endpoint."""
    lost = [one for one in tried if _lost(one)]
    took = [one for one in tried if not isinstance(one, Unavailable)]
    # Not tried at all where the name did not resolve: then that is the answer.
    ours = next((one for one in lost if one.cause is Cause.LOCAL), None)
    nothing = ours or (lost[0] if not took else None)
    if nothing is not None and (ours or len(tried) == 1):
        loss: float | Unavailable = nothing
    else:
        loss = len(lost) / len(tried)
    if isinstance(loss, Unavailable):
        return _unseen(name, loss, look, note)
    counted = Counter(one.reason for one in lost)
    why = "; ".join(f"{reason} ({count})" for reason, count in counted.most_common(3))
    detail = f"{len(lost)} of {len(tried)} connects lost"
    detail = ": ".join(filter(None, (detail, why)))
    median = nothing or dt.timedelta(seconds=statistics.median(took))
    p99 = nothing or dt.timedelta(seconds=percentile(took, 0.99))
    return Upstream(
        name=name,
        loss=noted(look.seen(loss, what="connects", unit="ratio", detail=detail), note),
        median=look.seen(median, what="connects"),
        p99=look.seen(p99, what="connects"),
    )


def _lost(one: Tried) -> TypeGuard[Unavailable]:
    return isinstance(one, Unavailable)


def _unseen(name: str, reason: Unavailable, look: Look, note: str) -> Upstream:
    return Upstream(
        name=name,
        loss=look.seen(reason, what="connects", detail=note),
        median=look.seen(reason, what="connects"),
        p99=look.seen(reason, what="connects"),
    )


@dataclass(frozen=True)
class _Way:
    """Where to connect to, and what to say to the proxy, if there is one."""

    host: str
    port: int
    request: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, endpoint: Endpoint, block: NetworkBlock) -> Self:
        if block.proxy is None:
            return cls(endpoint.host, endpoint.port)
        parts = urlsplit(block.proxy)
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        place = f"{host}:{endpoint.port}"
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if block.proxy_user is not None and block.proxy_password is not None:
            pair = f"{block.proxy_user}:{block.proxy_password.reveal()}".encode()
            lines.append(
                f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}"
            )
        request = "\r\n".join([*lines, "", ""]).encode()
        return cls(parts.hostname or "", parts.port or _HTTP, request)


async def _connect(addresses: Sequence[Address], way: _Way, look: Look) -> Tried:
    """Connect once; give the seconds that it took, or why it failed."""
    loop = asyncio.get_running_loop()
    began, last = loop.time(), look.overdue().unavailable
    for index, address in enumerate(addresses):
        limit = look.remaining() / (len(addresses) - index)
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        with contextlib.closing(sock):
            sock.setblocking(False)  # noqa: FBT003  # the standard library's signature
            try:
                async with asyncio.timeout(limit):
                    await loop.sock_connect(sock, address.sockaddr)
                    if way.request:
                        await _through(sock, way.request)
            except LookError as error:
                return error.unavailable
            except OSError as error:
                last = explain(error, look).unavailable
            else:
                return loop.time() - began
    return last


async def _through(sock: socket.socket, request: bytes) -> None:
    """Have a proxy connect.

    Raises:
        LookError: it does not, and what it says instead.
    """
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(sock, request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        part = await loop.sock_recv(sock, _MOST)
        answer += part
        if not part:
            raise LookError(f"the proxy: {CLOSED}")
        if len(answer) > _MOST:
            raise LookError("what answers there is no proxy")
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    if not words[0].startswith(b"HTTP/1.") or not words[1:2] or not words[1].isdigit():
        raise LookError("what answers there is no proxy")
    status = int(words[1])
    if status == _REFUSED:
        raise LookError("the proxy rejects the credentials (407)")
    if status not in _OK:
        raise LookError(f"the proxy answered {status}")
