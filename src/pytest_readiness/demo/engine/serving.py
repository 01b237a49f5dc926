"""HTTP/1.1 with connections that are kept: werkzeug's own server closes each one.

What a request brings is read before the application is called, so that the next request
of its connection is found where it begins.
"""

from __future__ import annotations

import http
import io
import logging
import sys
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import WSGIEnvironment

__all__ = ["Handler"]

_MAX_BODY = 4 << 20
"""The application refuses far less; an answer before all is read would be lost."""
_BODILESS = frozenset({http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED})


class Handler(WSGIRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    """Head and body leave together: apart, the second would wait for the peer."""

    def run_wsgi(self) -> None:
        """Answer one request."""
        environ = self.make_environ()
        self._take(environ)
        try:
            status, headers, body = self._ask(environ)
        except Exception:  # noqa: BLE001  # a client gets an answer, whatever happens
            self.log("error", "%s", f"{self.path}: {sys.exception()!r}")
            status, headers, body = "500 INTERNAL SERVER ERROR", [], b""
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        known = {name.lower() for name, _ in headers}
        if "content-length" not in known and int(code) not in _BODILESS:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _take(self, environ: WSGIEnvironment) -> None:
        """Read the body, if it is one that can be; else this is the last request."""
        length = self.headers.get("Content-Length", "0")
        chunked = "Transfer-Encoding" in self.headers
        if chunked or not length.isdecimal() or int(length) > _MAX_BODY:
            self.close_connection = True
        else:
            environ["wsgi.input"] = io.BytesIO(self.rfile.read(int(length)))

    def _ask(
        self, environ: WSGIEnvironment
    ) -> tuple[str, list[tuple[str, str]], bytes]:
        said: list[tuple[str, list[tuple[str, str]]]] = []
        body: list[bytes] = []

        def start(
            status: str, headers: list[tuple[str, str]], _error: object = None
        ) -> Callable[[bytes], None]:
            said.append((status, headers))
            return body.append

        parts: Iterable[bytes] = self.server.app(environ, start)
        try:
            body += parts
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        status, headers = said[-1]
        return status, headers, b"".join(body)

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # its name
        """Log errors only; requests are counted."""
        if type == "error":
            logging.getLogger("engine").error(message, *args)

    def version_string(self) -> str:
        """Say who answers, not which version of what."""
        return "engine"
