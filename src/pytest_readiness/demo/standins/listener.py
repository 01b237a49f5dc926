"""A TCP server on loopback, one daemon thread a connection, gone when closed."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.closing import Closing

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

__all__ = ["LIFETIME", "Listener"]

LIFETIME = 60.0
"""Seconds that a stand-in keeps a silent connection; no look waits longer."""
_MAX_CONNECTIONS = 64


class Listener(Closing):
    """Serves ``handle`` to every connection from its making until :meth:`close`.

    With ``tls`` the handshake is made first. ``handle`` may raise OSError: the peer is
    gone. The connection is closed when it returns.
    """

    def __init__(
        self, handle: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None
    ) -> None:
        self._handle = handle
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = self._in_background(self._accept)

    def close(self) -> None:
        """Stop listening and cut every connection; may be called twice."""
        # Shutting down wakes the thread in accept(); closing alone would not.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with self._lock:
                if len(self._open) >= _MAX_CONNECTIONS:
                    connection.close()
                    continue
                self._open.add(connection)
            self._in_background(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(LIFETIME)
            # An answer in two parts would wait for the peer's delayed acknowledgement.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is None:
                self._handle(connection)
            else:
                # The raw socket stays in self._open: close() can shut it down while
                # this thread is inside the TLS layer.
                with self._tls.wrap_socket(
                    connection.dup(), server_side=True
                ) as wrapped:
                    self._handle(wrapped)
        except OSError:
            pass  # the peer is gone, which is its right
        finally:
            with self._lock:
                self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    @staticmethod
    def _in_background(
        work: Callable[..., None], *arguments: socket.socket
    ) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        return thread
