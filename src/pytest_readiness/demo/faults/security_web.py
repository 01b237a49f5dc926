"""Security Implementation: pages that run anything, and ways in the clear."""

from __future__ import annotations

import html
import ssl
import warnings
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.faults.security_front import (
    EVERY_LOOK,
    behind,
    replaced,
    section,
)
from pytest_readiness.demo.pieces.environment_setup import CACHE_PASSWORD
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.front import front
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.redis import redis
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from pytest_readiness.demo.bench import Bench
    from pytest_readiness.demo.standins.front import Answered, Asked, Change, Forward

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_PAGES, _HTTPS = section("xss-prevention"), section("https")
_POLICY = "default-src 'none'; frame-ancestors 'none'"


def _says(**headers: str) -> Apply:
    """Change headers of every answer; an underscore stands for a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def change(_bench: Bench) -> Change:
        return lambda asked, forward: forward(asked).but(headers=named)

    return behind(change)


def _raw(_bench: Bench) -> Change:
    def answer(asked: Asked, forward: Forward) -> Answered:
        got = forward(asked)
        return got.but(body=html.unescape(got.body.decode()).encode())

    return answer


def _page(name: str, summary: str, apply: Apply, *, good: bool = False) -> Fault:
    turns = {} if good else {_PAGES: State.FAILED}
    return Fault(f"xss-{name}", summary, turns, EVERY_LOOK, apply)


def _https(name: str, summary: str, apply: Apply, *, good: bool = False) -> Fault:
    turns = {} if good else {_HTTPS: State.FAILED}
    return Fault(f"https-{name}", summary, turns, EVERY_LOOK, apply)


def _plain(answer: bytes) -> Apply:
    """Have something else answer plain HTTP."""

    def handle(connection: socket.socket) -> None:
        connection.recv(1 << 12)
        connection.sendall(answer)

    def apply(breakage: Breakage) -> None:
        port = breakage.enter(Listener(handle)).port
        replaced(breakage, "transport", plain=f"http://127.0.0.1:{port}")

    return apply


def _closed(breakage: Breakage) -> None:
    port = breakage.enter(hostile.refuses())
    replaced(breakage, "transport", plain=f"http://127.0.0.1:{port}")


def _old_tls(breakage: Breakage) -> None:
    bench = breakage.bench
    context = bench.authority.issue().server_context(bench.folder, "old")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    spoiled = front(
        bench.engine.port, bench.ca_file, context, lambda asked, forward: forward(asked)
    )
    port = breakage.enter(spoiled).port
    breakage.set("service", url=f"https://127.0.0.1:{port}")


def _plain_cache(breakage: Breakage) -> None:
    server = redis("7.2.4", breakage.environ[CACHE_PASSWORD])
    breakage.set("redis", port=breakage.enter(server).port, tls=False)
    for setting in ("username", "ca_file"):
        del breakage.tables["redis"][setting]


def _moved(to: str) -> bytes:
    return f"HTTP/1.1 301 -\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


FAULTS = (
    _page(
        *("no-policy", "there is no Content-Security-Policy"),
        _says(content_security_policy="", x_frame_options="DENY"),
    ),
    _page(
        *("unsafe-inline", "the policy lets inline scripts run"),
        _says(content_security_policy=f"{_POLICY}; script-src 'self' 'unsafe-inline'"),
    ),
    _page(
        *("wildcard", "the policy lets scripts of any host run"),
        _says(content_security_policy=f"{_POLICY}; script-src *"),
    ),
    _page(
        *("sniffed", "browsers may guess what an answer is"),
        _says(x_content_type_options=""),
    ),
    _page(
        *("framed", "other sites may show the pages in a frame"),
        _says(content_security_policy="default-src 'none'"),
    ),
    _page(*("raw", "what was sent comes back as markup"), behind(_raw)),
    _page(
        *("nonce", "inline scripts with a nonce, images from anywhere: good"),
        _says(
            content_security_policy="default-src 'self'; img-src *;"
            " script-src 'unsafe-inline' 'nonce-c2VjcmV0'; frame-ancestors 'self'"
        ),
        good=True,
    ),
    _https(
        *("no-redirect", "plain HTTP is answered"),
        _plain(b"HTTP/1.1 200 -\r\nContent-Length: 2\r\n\r\nhi"),
    ),
    _https(
        *("elsewhere", "plain HTTP is sent on to another host"),
        _plain(_moved("https://other.example/")),
    ),
    _https(
        *("in-the-clear", "plain HTTP is sent on to plain HTTP"),
        _plain(_moved("http://127.0.0.1/")),
    ),
    _https(*("closed", "nothing listens for plain HTTP: good"), _closed, good=True),
    _https(
        *("short-hsts", "browsers remember to use HTTPS for a day"),
        _says(strict_transport_security="max-age=86400"),
    ),
    _https(
        *("no-hsts", "browsers are not told to use HTTPS"),
        _says(strict_transport_security=""),
    ),
    _https("tls-1-0", "TLS 1.0 is accepted", _old_tls),
    Fault(
        "https-plain-cache",
        "the session with the cache is not encrypted",
        {_HTTPS: State.FAILED},
        frozenset({"redis"}),
        _plain_cache,
    ),
)
