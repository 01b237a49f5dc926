"""Environment Setup, network connectivity: an upstream that cannot be reached well."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from unittest import mock

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.proxy import proxy
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "environment-setup.network-connectivity"
_SLOW = 0.25
"""Seconds; more than the median may be."""
_FEW = 10
"""Connects to each endpoint; a stand-in takes so many at once."""
_UNKNOWN = "feed.trading.invalid"


def _move(breakage: Breakage, **settings: object) -> None:
    """Have the first endpoint be somewhere else; the others stay."""
    endpoints = breakage.tables["network"]["endpoints"]
    if isinstance(endpoints, list):
        endpoints[0] = {**endpoints[0], **settings}


def _elsewhere(
    open_port: Callable[[], AbstractContextManager[int | Listener]],
) -> Apply:
    def apply(breakage: Breakage) -> None:
        opened = breakage.enter(open_port())
        _move(breakage, port=opened.port if isinstance(opened, Listener) else opened)

    return apply


def _behind(open_proxy: Callable[[], Listener]) -> Apply:
    def apply(breakage: Breakage) -> None:
        port = breakage.enter(open_proxy()).port
        breakage.set("network", proxy=f"http://127.0.0.1:{port}", connects=_FEW)

    return apply


def _resolver(code: int) -> Apply:
    """Have the resolver answer so for one name: what it really says depends on it."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *more: object, **named: object) -> object:
        if host == _UNKNOWN:
            raise socket.gaierror(code, "from the resolver")
        return real(host, *more, **named)  # type: ignore[arg-type]  # passed on

    def apply(breakage: Breakage) -> None:
        breakage.enter(mock.patch.object(socket, "getaddrinfo", getaddrinfo))
        _move(breakage, host=_UNKNOWN)

    return apply


def _fault(name: str, summary: str, state: State | None, apply: Apply) -> Fault:
    turns = {} if state is None else {_ITEM: state}
    return Fault(f"network-{name}", summary, turns, frozenset({"network"}), apply)


FAULTS = (
    _fault(
        *("refused", "an upstream endpoint refuses connections", State.FAILED),
        _elsewhere(hostile.refuses),
    ),
    _fault(
        *("black-hole", "an upstream endpoint swallows packets", State.FAILED),
        _elsewhere(hostile.black_holes),
    ),
    _fault(
        *("slow", "upstream endpoints are reached after 250 ms", State.FAILED),
        _behind(lambda: proxy(delay=_SLOW)),
    ),
    _fault(
        *("name-unknown", "nobody knows an upstream endpoint's name", State.FAILED),
        _resolver(socket.EAI_NONAME),
    ),
    _fault(
        *("proxy-refuses", "the proxy that leads out wants a password", State.FAILED),
        _behind(lambda: proxy("trader:not-told")),
    ),
    _fault(
        *("resolver-silent", "this host's resolver gives no answer", State.UNKNOWN),
        _resolver(socket.EAI_AGAIN),
    ),
    _fault(
        *("proxied", "a proxy that leads out fast enough is good", None),
        _behind(proxy),
    ),
)
