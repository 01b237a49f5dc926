"""HTTP for stand-ins: one answer a request, on a connection kept as long as wanted."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Mapping

    Answer = Callable[["Asked"], "Reply"]

__all__ = ["Asked", "Reply", "Web"]

_MOST = 1 << 20


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """One answer: what is no text is sent as JSON."""

    said: object
    status: int = 200
    kind: str = "application/json"


class Web(Listener):
    """Answers each request by a function until closed."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self._answer = answer
        super().__init__(self._talk, tls)

    def _talk(self, connection: socket.socket) -> None:
        _Handler(connection, self._answer)


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP on one connection, for as long as the client keeps it."""

    protocol_version = "HTTP/1.1"

    def __init__(self, connection: socket.socket, answer: Answer) -> None:
        self._reply_to = answer
        super().__init__(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]  # it reads no attribute of its server

    def do_GET(self) -> None:
        """Answer."""
        self._reply()

    def do_POST(self) -> None:
        """Answer."""
        self._reply()

    def _reply(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, _MOST))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self._reply_to(Asked(self.command, self.path, headers, body))
        said = reply.said
        sent = (said if isinstance(said, str) else json.dumps(said)).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
        """Say nothing: the terminal is the run's."""
