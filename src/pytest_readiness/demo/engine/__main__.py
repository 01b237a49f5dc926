"""Serves the engine over HTTPS: ``python -m pytest_readiness.demo.engine``."""

from __future__ import annotations

import logging
import logging.config
import os
import signal
import ssl
import sys
import threading
from typing import TYPE_CHECKING, Any

import yaml
from werkzeug import Request
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.utils import redirect

from pytest_readiness.demo.engine.app import Engine
from pytest_readiness.demo.engine.serving import Handler
from pytest_readiness.demo.engine.settings import LOGGING, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from wsgiref.types import StartResponse, WSGIEnvironment

_PATIENCE = 10.0
"""Seconds that a client may be silent."""


class _Server(ThreadedWSGIServer):
    """Shakes hands in the connection's own thread.

    werkzeug does it while accepting, where one silent client would stop everybody.
    """

    ssl_context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as declared by socketserver
        """Answer the requests of one connection."""
        request.settimeout(_PATIENCE)
        # The socket below stays socketserver's to shut down and close.
        with self.ssl_context.wrap_socket(request.dup(), server_side=True) as stream:
            super().finish_request(stream, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as declared by werkzeug
        """Leave out what clients do wrong: it is theirs."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def main() -> None:
    """Serve until SIGTERM."""
    logging.config.dictConfig(yaml.safe_load(LOGGING.read_text("utf-8")))
    settings = Settings.from_environ(os.environ)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.certificate, settings.key)
    server = _Server(
        "127.0.0.1", 0, Engine(settings), handler=Handler, fd=settings.listen_fd
    )
    server.ssl_context = context
    plain = ThreadedWSGIServer(
        "127.0.0.1", 0, _ToHttps(server.port), handler=Handler, fd=settings.plain_fd
    )
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    signal.signal(signal.SIGTERM, _leave)
    server.serve_forever()


class _ToHttps:
    """Sends plain HTTP on to the same place over HTTPS."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        request = Request(environ)
        host = request.host.partition(":")[0]
        to = f"https://{host}:{self._port}{request.full_path.rstrip('?')}"
        return redirect(to, 308)(environ, start_response)


def _leave(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    main()
