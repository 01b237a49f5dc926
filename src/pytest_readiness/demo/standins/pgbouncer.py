"""A PgBouncer, which no package of Python's carries: its console, and a way through.

The console answers with PgBouncer 1.18's columns; every other database is PostgreSQL's
own, behind a Unix socket. TLS is asked for as PostgreSQL's clients do.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.demo.pgwire import SSL_REQUEST, WireError, message, receive, text
from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Pool", "pgbouncer"]

_CHUNK = 1 << 16
_TEXT = 25
"""Object id of the type in pg_type."""
_CLEARTEXT, _WELCOME = 3, 0
_CONSOLE = "pgbouncer"


@dataclass(frozen=True)
class Pool:
    """What the console tells of its one pool."""

    database: str
    backend: Path
    """PostgreSQL's socket."""
    password: str
    """Of the console's user."""
    size: int = 20
    reserve: int = 0
    waits: float = 0.0
    """Seconds that the longest waiting client has waited."""
    active: int = 1
    """Connections that are in use."""


def pgbouncer(pool: Pool, tls: ssl.SSLContext) -> Listener:
    """Start one."""

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(WireError):  # the client has gone, or is none
            _start_up(connection, pool, tls)

    return Listener(handle)


def _start_up(
    connection: socket.socket, pool: Pool, tls: ssl.SSLContext | None
) -> None:
    _, payload = receive(connection, tagged=False)
    (code,) = struct.unpack_from("!i", payload)
    if code == SSL_REQUEST and tls is not None:
        connection.sendall(b"S")
        with tls.wrap_socket(connection.dup(), server_side=True) as wrapped:
            _start_up(wrapped, pool, None)
        return
    if tls is not None:
        _refuse(connection, "FATAL", "08P01", "SSL required")
        return
    words = payload[4:].split(b"\0")
    asked = dict(zip(words[::2], words[1::2], strict=False))
    if b"options" in asked:
        what = "unsupported startup parameter: options"
        _refuse(connection, "FATAL", "08P01", what)
    elif asked.get(b"database") == _CONSOLE.encode():
        _console(connection, pool)
    else:
        _forward(connection, pool.backend, message(b"", payload))


def _console(connection: socket.socket, pool: Pool) -> None:
    connection.sendall(message(b"R", struct.pack("!i", _CLEARTEXT)))
    _, password = receive(connection)
    if password.rstrip(b"\0") != pool.password.encode():
        _refuse(connection, "FATAL", "28P01", "password authentication failed")
        return
    connection.sendall(
        message(b"R", struct.pack("!i", _WELCOME))
        + message(b"S", text("server_version") + text("1.18.0/bouncer"))
        + message(b"S", text("client_encoding") + text("UTF8"))
        + message(b"K", struct.pack("!ii", 1, 1))
        + message(b"Z", b"I")
    )
    while True:
        tag, payload = receive(connection)
        if tag == b"X":
            return
        command = payload.rstrip(b"\0").decode(errors="replace")
        rows = _tables(pool).get(command.strip("; ").upper())
        if tag != b"Q" or rows is None:
            _refuse(connection, "ERROR", "08P01", f"invalid command '{command}'")
        else:
            connection.sendall(_rows(rows) + message(b"C", text("SHOW")))
        connection.sendall(message(b"Z", b"I"))


def _tables(pool: Pool) -> dict[str, list[dict[str, str]]]:
    seconds, rest = divmod(pool.waits, 1)
    waiting = "1" if pool.waits else "0"
    config = {
        "default_pool_size": str(pool.size),
        "reserve_pool_size": str(pool.reserve),
        "max_client_conn": "100",
        "max_db_connections": "0",
        "pool_mode": "transaction",
    }
    counts = ("cl_active_cancel_req", "cl_waiting_cancel_req")
    more = ("sv_active_cancel", "sv_being_canceled", "sv_idle", "sv_used")
    return {
        "SHOW CONFIG": [
            {"key": key, "value": value, "default": value, "changeable": "yes"}
            for key, value in config.items()
        ],
        "SHOW DATABASES": [
            {
                "name": pool.database,
                "host": str(pool.backend.parent),
                "port": "5432",
                "database": pool.database,
                "force_user": "",
                "pool_size": str(pool.size),
                "min_pool_size": "0",
                "reserve_pool": str(pool.reserve),
                "pool_mode": "",
                "max_connections": "0",
                "current_connections": "1",
                "paused": "0",
                "disabled": "0",
            }
        ],
        "SHOW POOLS": [
            {
                "database": pool.database,
                "user": "engine",
                "cl_active": str(pool.active),
                "sv_active": str(pool.active),
                "cl_waiting": waiting,
                **dict.fromkeys((*counts, *more, "sv_tested", "sv_login"), "0"),
                "maxwait": str(int(seconds)),
                "maxwait_us": str(int(rest * 1e6)),
                "pool_mode": "transaction",
            }
        ],
    }


def _rows(rows: list[dict[str, str]]) -> bytes:
    columns = struct.pack("!h", len(rows[0]))
    for name in rows[0]:
        columns += text(name) + struct.pack("!ihihih", 0, 0, _TEXT, -1, -1, 0)
    sent = message(b"T", columns)
    for row in rows:
        values = struct.pack("!h", len(row))
        for value in row.values():
            values += struct.pack("!i", len(value.encode())) + value.encode()
        sent += message(b"D", values)
    return sent


def _refuse(connection: socket.socket, severity: str, code: str, what: str) -> None:
    fields = {"S": severity, "V": severity, "C": code, "M": what}
    payload = b"".join(text(key + value) for key, value in fields.items())
    connection.sendall(message(b"E", payload + b"\0"))


def _forward(connection: socket.socket, backend: Path, first: bytes) -> None:
    """Let client and server talk with each other until one is gone.

    In one thread: an SSL object must not be read and written at the same time.
    """
    with socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
        server.connect(str(backend))
        server.sendall(first)
        ways = {connection: server, server: connection}
        # Not select(): it refuses descriptors over 1023.
        with selectors.DefaultSelector() as ready:
            for source, sink in ways.items():
                ready.register(source, selectors.EVENT_READ, (source, sink))
            while True:
                for key, _ in ready.select():
                    source, sink = key.data
                    data = source.recv(_CHUNK)
                    if isinstance(source, ssl.SSLSocket) and source.pending():
                        data += source.recv(source.pending())  # the selector is blind
                    if not data:
                        return
                    sink.sendall(data)
