"""A content delivery network with one file: its first read misses, the next hit."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    import ssl

__all__ = ["cdn"]

_BODY = b"body { font: 16px/1.5 sans-serif }\n"
_KEEP = "public, max-age=86400, immutable"


def cdn(tls: ssl.SSLContext, control: str = _KEEP, *, keeps: bool = True) -> Listener:
    """Start one; where it does not keep, every read goes to the origin."""
    stored: dict[str, float] = {}
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __init__(self, connection: socket.socket) -> None:
            super().__init__(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]  # it reads no attribute of its server

        def do_GET(self) -> None:
            """Answer from the cache, if it is there."""
            with lock:
                since = stored.get(self.path)
                if keeps and since is None:
                    stored[self.path] = time.monotonic()
            self.send_response(200)
            self.send_header("Content-Type", "text/css")
            self.send_header("Content-Length", str(len(_BODY)))
            if control:
                self.send_header("Cache-Control", control)
            if since is not None:
                self.send_header("Age", str(int(time.monotonic() - since)))
            said = "hit" if since is not None else "fwd=uri-miss; stored"
            self.send_header("Cache-Status", f"edge.example; {said}")
            self.send_header("Via", "1.1 edge.example")
            self.end_headers()
            self.wfile.write(_BODY)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
            """Say nothing: the terminal is the run's."""

    def talk(connection: socket.socket) -> None:
        Handler(connection)

    return Listener(talk, tls)
