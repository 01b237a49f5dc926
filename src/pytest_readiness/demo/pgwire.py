"""PostgreSQL's wire protocol, as much of it as the demo needs.

Protocol 3.0, https://www.postgresql.org/docs/current/protocol-message-formats.html.
The stand-in server answers with it; :func:`execute` sets up the real server, which
must not need a driver: drivers belong to the probes and to the engine.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "SSL_REQUEST",
    "WireError",
    "error_fields",
    "execute",
    "message",
    "receive",
    "receive_exactly",
    "text",
]

SSL_REQUEST = 80877103
"""What a client sends in the protocol version's place to ask for TLS."""
_VERSION = 3 << 16
_MAX_MESSAGE = 1 << 20
_LENGTH = 4
_TIMEOUT = 10.0


class WireError(Exception):
    """The server said no, or the stream is not PostgreSQL's."""


def text(value: str) -> bytes:
    """Encode a string as the protocol has it, ended by NUL."""
    return value.encode() + b"\0"


def message(tag: bytes, payload: bytes = b"") -> bytes:
    """Frame one message; an empty ``tag`` is for a client's first."""
    return tag + struct.pack("!i", len(payload) + _LENGTH) + payload


def receive_exactly(stream: socket.socket, count: int) -> bytes:
    """Read ``count`` bytes; raise WireError at an early end."""
    parts: list[bytes] = []
    while count:
        part = stream.recv(count)
        if not part:
            raise WireError("the connection ended within a message")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def receive(stream: socket.socket, *, tagged: bool = True) -> tuple[bytes, bytes]:
    """Read one message: its tag and payload; a client's first has no tag."""
    tag = receive_exactly(stream, 1) if tagged else b""
    (length,) = struct.unpack("!i", receive_exactly(stream, _LENGTH))
    if not _LENGTH <= length <= _MAX_MESSAGE:
        msg = f"a message of {length} bytes"
        raise WireError(msg)
    return tag, receive_exactly(stream, length - _LENGTH)


def error_fields(payload: bytes) -> dict[str, str]:
    """Read the fields of an ErrorResponse: ``M`` the text, ``C`` the SQLSTATE."""
    fields = (part.decode(errors="replace") for part in payload.split(b"\0") if part)
    return {field[0]: field[1:] for field in fields}


def execute(socket_path: Path, database: str, *statements: str) -> None:
    """Run SQL as ``postgres`` over a Unix socket that asks for no password.

    Raises:
        WireError: the server refused the connection or a statement.
        OSError: nothing listens there.
    """
    start = text("user") + text("postgres") + text("database") + text(database) + b"\0"
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(_TIMEOUT)
        stream.connect(str(socket_path))
        stream.sendall(message(b"", struct.pack("!i", _VERSION) + start))
        _wait_until_ready(stream)
        for statement in statements:
            stream.sendall(message(b"Q", text(statement)))
            _wait_until_ready(stream)
        stream.sendall(message(b"X"))


def _wait_until_ready(stream: socket.socket) -> None:
    error: WireError | None = None
    while True:
        tag, payload = receive(stream)
        if tag == b"E":
            fields = error_fields(payload)
            error = WireError(fields.get("M", "an error without a text"))
            if fields.get("S") in {"FATAL", "PANIC"}:
                raise error
        elif tag == b"Z":
            if error:
                raise error
            return
