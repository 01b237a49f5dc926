"""A proxy in front of the engine that makes it slower, or answers in its place."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import ssl
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Manners", "slow_front"]

_TIMEOUT = 10.0
_HOP = frozenset({"connection", "server", "date", "content-length"})
_UNAVAILABLE = 503


@dataclass(frozen=True)
class Manners:
    """How it treats the requests for one path; each gets a number, from 0."""

    path: str = ""
    """Of the requests that it is about; all, where it is empty."""
    delay: Callable[[int], float] = lambda _: 0.0
    """Seconds that a request waits."""
    in_turn: bool = False
    """Whether they wait one after the other."""
    sheds: Callable[[int], bool] = lambda _: False
    """Whether a request is turned away."""
    status: int = _UNAVAILABLE
    """What it is told then."""
    drops: frozenset[str] = frozenset()
    """Headers, in small letters, that get lost, of requests and answers."""
    closes: bool = False
    """Whether the connection is closed after each answer."""


class _Front(Listener):
    def __init__(
        self, port: int, trust: ssl.SSLContext, tls: ssl.SSLContext, manners: Manners
    ) -> None:
        self.port_behind = port
        self.trust = trust
        self.manners = manners
        self._numbers = itertools.count()
        self._turn = threading.Lock()
        super().__init__(self._talk, tls)

    def turns_away(self, path: str) -> bool:
        """Let a request wait as long as it must; whether it is turned away then."""
        if self.manners.path not in {"", path}:
            return False
        number = next(self._numbers)
        with self._turn if self.manners.in_turn else contextlib.nullcontext():
            time.sleep(self.manners.delay(number))
        return self.manners.sheds(number)

    def _talk(self, connection: socket.socket) -> None:
        _Handler(connection, self)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def __init__(self, connection: socket.socket, owner: _Front) -> None:
        self._owner = owner
        self._engine = http.client.HTTPSConnection(
            "127.0.0.1", owner.port_behind, timeout=_TIMEOUT, context=owner.trust
        )
        with contextlib.closing(self._engine):
            super().__init__(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]  # it reads no attribute of its server

    def do_GET(self) -> None:
        """Wait, then ask the engine, or not."""
        manners = self._owner.manners
        if self._owner.turns_away(self.path):
            self._answer(manners.status, [], b"")
            return
        ours = manners.drops | {"host", "connection"}
        asked = {k: v for k, v in self.headers.items() if k.lower() not in ours}
        self._engine.request("GET", self.path, headers=asked)
        answer = self._engine.getresponse()
        self._answer(answer.status, answer.getheaders(), answer.read())

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        manners = self._owner.manners
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _HOP | manners.drops:
                self.send_header(name, value)
        if status != http.HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        if manners.closes:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
        """Say nothing: the terminal is the run's."""


def slow_front(
    engine_port: int, ca_file: Path, tls: ssl.SSLContext, manners: Manners
) -> Listener:
    """Start one."""
    trust = ssl.create_default_context(cafile=ca_file)
    return _Front(engine_port, trust, tls, manners)
