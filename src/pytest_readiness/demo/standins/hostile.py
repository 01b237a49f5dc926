"""Peers that behave badly: they refuse, swallow, hang, dribble, babble, break off."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.listener import LIFETIME, Listener

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator

__all__ = [
    "black_holes",
    "breaks_off",
    "dribbles",
    "floods",
    "hangs",
    "http",
    "refuses",
    "talks_nonsense",
]

_CHUNK = 1 << 16
_FLOOD_CHUNKS = 1024
"""64 MB are endless for any client that is willing to wait, and an end for this one."""
_FILLERS = 4


@contextmanager
def refuses() -> Generator[int]:
    """Give a port that refuses: it is taken, so nobody else gets it, but not open."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def black_holes() -> Generator[int]:
    """Give a port from which no answer comes, as from behind a dropping firewall.

    The queue of a listener that never accepts is full, so the system drops further
    handshakes without a word (Linux does; others may refuse).
    """
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(_FILLERS):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)  # noqa: FBT003  # the standard library's signature
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def hangs(tls: ssl.SSLContext | None = None) -> Listener:
    """Accept (and shake hands), read whatever comes, and never say anything."""
    return Listener(_read_to_the_end, tls)


def dribbles(answer: bytes) -> Listener:
    """Send the answer one byte a second: each read succeeds, the whole never does."""

    def handle(connection: socket.socket) -> None:
        for byte in answer:
            connection.sendall(bytes([byte]))
            if _closed_within(connection, 1.0):
                return
        _read_to_the_end(connection)

    return Listener(handle)


def talks_nonsense(seed: int = 0) -> Listener:
    """Answer anything with bytes that no protocol knows, then close."""
    nonsense = random.Random(seed).randbytes(512)  # noqa: S311  # no secret

    def handle(connection: socket.socket) -> None:
        connection.recv(_CHUNK)
        connection.sendall(nonsense)

    return Listener(handle)


def floods(start: bytes = b"") -> Listener:
    """Answer without an end, as fast as the client reads."""

    def handle(connection: socket.socket) -> None:
        connection.recv(_CHUNK)
        connection.sendall(start)
        for _ in range(_FLOOD_CHUNKS):
            connection.sendall(b"x" * _CHUNK)

    return Listener(handle)


def http() -> Listener:
    """Answer anything as a web server does that does not understand it."""

    def handle(connection: socket.socket) -> None:
        connection.recv(_CHUNK)
        connection.sendall(
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
            b"Content-Length: 12\r\nConnection: close\r\n\r\nBad Request\n"
        )

    return Listener(handle)


def breaks_off(greeting: bytes = b"") -> Listener:
    """Close in the middle of the TLS handshake, after half of a ServerHello.

    ``greeting`` is what the protocol answers before a handshake: PostgreSQL's ``S``.
    """

    def handle(connection: socket.socket) -> None:
        if greeting:
            connection.recv(_CHUNK)
            connection.sendall(greeting)
        connection.recv(_CHUNK)
        # A handshake record that announces 122 bytes, of which six come.
        connection.sendall(bytes.fromhex("160303007a020000760303"))

    return Listener(handle)


def _read_to_the_end(connection: socket.socket) -> None:
    while connection.recv(_CHUNK):
        pass


def _closed_within(connection: socket.socket, seconds: float) -> bool:
    """Wait, and say whether the peer closed meanwhile; what it sends is dropped."""
    over = time.monotonic() + seconds
    try:
        while (left := over - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(_CHUNK):
                return True
    except TimeoutError:
        pass
    finally:
        connection.settimeout(LIFETIME)
    return False
