"""An HTTP proxy that leads out: it answers CONNECT (RFC 9110, 9.3.6) and forwards."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time

from pytest_readiness.demo.standins.listener import LIFETIME, Listener

__all__ = ["proxy"]

_MOST = 1 << 16


def proxy(credentials: str = "", delay: float = 0.0) -> Listener:
    """Start one that waits ``delay`` seconds before each connection it makes.

    ``credentials`` are ``user:password``, where it asks for some.
    """
    wanted = base64.b64encode(credentials.encode()) if credentials else b""

    def handle(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            part = connection.recv(_MOST)
            head += part
            if not part or len(head) > _MOST:
                return
        method, _, rest = head.partition(b" ")
        host, _, port = (
            rest.partition(b" ")[0].decode("ascii", "replace").rpartition(":")
        )
        if method != b"CONNECT" or not port.isdecimal():
            _say(connection, "405 Method Not Allowed", "Allow: CONNECT")
        elif wanted and b"Proxy-Authorization: Basic " + wanted not in head:
            challenge = 'Proxy-Authenticate: Basic realm="out"'
            _say(connection, "407 Proxy Authentication Required", challenge)
        else:
            time.sleep(delay)
            _forward(connection, host.strip("[]"), int(port))

    return Listener(handle)


def _say(connection: socket.socket, status: str, *headers: str) -> None:
    lines = [f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]
    connection.sendall("\r\n".join(lines).encode())


def _forward(connection: socket.socket, host: str, port: int) -> None:
    try:
        upstream = socket.create_connection((host, port), timeout=LIFETIME)
    except OSError:
        _say(connection, "502 Bad Gateway")
        return
    with upstream:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=_pump, args=(upstream, connection), daemon=True)
        back.start()
        _pump(connection, upstream)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_MOST):
            sink.sendall(data)
    for end in (source, sink):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
