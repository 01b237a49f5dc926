"""An HTTPS front before the engine that spoils what passes through it.

Stands for what a gateway, a middleware or a careless release does to a service.
"""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, TypeAlias

from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = ["Answered", "Asked", "Change", "Forward", "front"]

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})
_TIMEOUT = 10.0


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str:
        """The bearer token; empty where there is none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else ""

    def bearing(self, token: str) -> Asked:
        """Give the same request with another token."""
        headers = {**self.headers, "authorization": f"Bearer {token}"}
        return replace(self, headers=headers)


@dataclass(frozen=True)
class Answered:
    """One answer; the names of its headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def but(
        self,
        status: int | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Give the same answer with changes; an empty header is left out."""
        merged = {**self.headers, **(headers or {})}
        return Answered(
            self.status if status is None else status,
            {name: value for name, value in merged.items() if value},
            self.body if body is None else body,
        )


Forward: TypeAlias = "Callable[[Asked], Answered]"
"""Asks the engine itself."""
Change: TypeAlias = "Callable[[Asked, Forward], Answered]"
"""What the front makes of a request."""


def front(port: int, ca_file: Path, tls: ssl.SSLContext, change: Change) -> Listener:
    """Start one before the engine at ``port``."""
    trust = ssl.create_default_context(cafile=ca_file)

    def forward(asked: Asked) -> Answered:
        engine = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=_TIMEOUT, context=trust
        )
        try:
            engine.request(asked.method, asked.path, asked.body, dict(asked.headers))
            answer = engine.getresponse()
            body = answer.read()
        except http.client.HTTPException as error:
            raise ConnectionError from error
        finally:
            engine.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        kept = {name: text for name, text in headers.items() if name not in _HOP}
        return Answered(answer.status, kept, body)

    def handle(connection: socket.socket) -> None:
        _handler(lambda asked: change(asked, forward))(connection, ("", 0), None)  # type: ignore[arg-type]  # it has no server

    return Listener(handle, tls)


def _handler(answer: Callable[[Asked], Answered]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            size = int(headers.pop("content-length", "0"))
            asked = Asked(self.command, self.path, headers, self.rfile.read(size))
            got = answer(asked)
            self.send_response_only(got.status)
            for name, value in got.headers.items():
                self.send_header(name, value)
            if got.status != http.HTTPStatus.NOT_MODIFIED:
                self.send_header("Content-Length", str(len(got.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(got.body)

        def __getattr__(self, name: str) -> object:
            """Take any method: the base class looks for ``do_`` and its name."""
            if name.startswith("do_"):
                return self.answer
            raise AttributeError(name)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
