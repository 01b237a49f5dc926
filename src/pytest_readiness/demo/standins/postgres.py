"""A PostgreSQL of any version, for those that no package carries any more.

It starts up over TLS, asks for no password, keeps transactions apart and answers the
questions that one asks a server about itself. Everything else is an honest error.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.demo.pgwire import SSL_REQUEST, WireError, message, receive, text
from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    import ssl

__all__ = ["postgres"]

_GSS_REQUEST = 80877104
_PROTOCOL = 3
_BOOL, _INT, _TEXT = 16, 23, 25
"""Object ids of the types in pg_type."""
_ANNOUNCED = (
    "server_version",
    "server_encoding",
    "client_encoding",
    "DateStyle",
    "TimeZone",
    "integer_datetimes",
    "standard_conforming_strings",
)
"""What a server reports unasked at start-up."""


def postgres(version: str, tls: ssl.SSLContext | None = None) -> Listener:
    """Start one that says it is ``version``, such as ``11.22``."""
    settings = _settings(version)

    def handle(connection: socket.socket) -> None:
        try:
            _start_up(connection, settings, tls)
        except WireError:
            return  # the client is not PostgreSQL's, or has gone

    return Listener(handle)


def _settings(version: str) -> dict[str, str]:
    # Before 10 a version had three parts: 9.6.24 is 90624, 11.22 is 110022.
    major, *minor = (int(part) for part in version.split("."))
    number = major * 10000 + sum(part * 100**i for i, part in enumerate(minor[::-1]))
    return {
        "server_version": version,
        "server_version_num": str(number),
        "server_encoding": "UTF8",
        "client_encoding": "UTF8",
        "DateStyle": "ISO, MDY",
        "TimeZone": "UTC",
        "integer_datetimes": "on",
        "standard_conforming_strings": "on",
        "transaction_read_only": "on",
        "statement_timeout": "0",
    }


def _start_up(
    connection: socket.socket, settings: dict[str, str], tls: ssl.SSLContext | None
) -> None:
    while True:
        _, payload = receive(connection, tagged=False)
        (code,) = struct.unpack_from("!i", payload)
        if code == SSL_REQUEST and tls is not None:
            connection.sendall(b"S")
            with tls.wrap_socket(connection.dup(), server_side=True) as wrapped:
                _start_up(wrapped, settings, None)
            return
        if code in {SSL_REQUEST, _GSS_REQUEST}:
            connection.sendall(b"N")
            continue
        if code >> 16 != _PROTOCOL:
            return  # a cancel request, or nothing that we know
        break
    connection.sendall(message(b"R", struct.pack("!i", 0)))
    for name in _ANNOUNCED:
        connection.sendall(message(b"S", text(name) + text(settings[name])))
    connection.sendall(message(b"K", struct.pack("!ii", 1, 1)))
    _Session(connection, settings).serve()


@dataclass(frozen=True)
class _Answer:
    """One column, at most one row a column: all that is ever asked."""

    tag: str
    columns: tuple[tuple[int, str], ...] = ()
    """Type and value of each; none where a statement gives no rows."""


@dataclass
class _Session:
    connection: socket.socket
    settings: dict[str, str]
    state: bytes = b"I"
    """Idle, in a Transaction, or in a failed one (E)."""
    statements: dict[bytes, str] = field(default_factory=dict)
    portals: dict[bytes, str] = field(default_factory=dict)
    skipping: bool = False
    """After an error everything up to Sync is skipped."""

    def serve(self) -> None:
        """Answer messages until the client says good-bye."""
        self._ready()
        while True:
            tag, payload = receive(self.connection)
            if tag == b"X":
                return
            if tag == b"Q":
                for query in payload.rstrip(b"\0").decode().split(";"):
                    self._run(query, describe=True)
                    if self.skipping:
                        break
                self._ready()
            elif tag == b"S":
                self._ready()
            elif not self.skipping:
                self._extended(tag, payload)

    def _extended(self, tag: bytes, payload: bytes) -> None:
        if tag == b"P":
            statement, query, _ = payload.split(b"\0", 2)
            self.statements[statement] = query.decode()
            if self._answer(query.decode()) is None:
                self._refuse(query.decode())
            else:
                self._send(b"1")
        elif tag == b"B":
            portal, statement, _ = payload.split(b"\0", 2)
            self.portals[portal] = self.statements.get(statement, "")
            self._send(b"2")
        elif tag == b"D":
            known = self.statements if payload[:1] == b"S" else self.portals
            if payload[:1] == b"S":
                self._send(b"t", struct.pack("!h", 0))
            answer = self._answer(known.get(payload[1:].rstrip(b"\0"), ""))
            self._describe(answer or _Answer(""))
        elif tag == b"E":
            portal = payload.split(b"\0", 1)[0]
            self._run(self.portals.get(portal, ""), describe=False)
        elif tag == b"C":
            self._send(b"3")

    def _run(self, query: str, *, describe: bool) -> None:
        answer = self._answer(query)
        if answer is None:
            self._refuse(query)
            return
        if describe and answer.columns:
            self._describe(answer)
        if answer.columns:
            row = struct.pack("!h", len(answer.columns))
            for _, value in answer.columns:
                row += struct.pack("!i", len(value.encode())) + value.encode()
            self._send(b"D", row)
        self._send(b"C", text(answer.tag))
        if answer.tag == "BEGIN":
            self.state = b"T"
        elif answer.tag in {"COMMIT", "ROLLBACK"}:
            self.state = b"I"

    def _refuse(self, query: str) -> None:
        self.skipping = True
        if self.state == b"T":
            self.state = b"E"
        fields = {"S": "ERROR", "V": "ERROR", "C": "0A000"}
        fields["M"] = f"this stand-in does not know: {query[:200]}"
        payload = b"".join(text(key + value) for key, value in fields.items())
        self._send(b"E", payload + b"\0")

    def _describe(self, answer: _Answer) -> None:
        if not answer.columns:
            self._send(b"n")
            return
        payload = struct.pack("!h", len(answer.columns))
        for kind, _ in answer.columns:
            payload += text("?column?") + struct.pack("!ihihih", 0, 0, kind, -1, -1, 0)
        self._send(b"T", payload)

    def _answer(self, query: str) -> _Answer | None:
        words = " ".join(query.split()).rstrip("; ")
        verb = words.split(" ", 1)[0].upper() if words else ""
        if verb in {"BEGIN", "COMMIT", "ROLLBACK", "SET"}:
            return _Answer(verb)
        if verb == "SHOW":
            value = self._setting(words[len("SHOW ") :])
            return _Answer("SHOW", ((_TEXT, value),)) if value else None
        if verb == "SELECT":
            parts = _split(words[len("SELECT ") :])
            values = [self._value(part) for part in parts]
            known = tuple(value for value in values if value is not None)
            return _Answer("SELECT 1", known) if len(known) == len(values) else None
        return None

    def _value(self, expression: str) -> tuple[int, str] | None:
        expression = re.sub(r"(?i)\s+as\s+\w+$", "", expression)
        if expression.isdecimal():
            return _INT, expression
        if re.fullmatch(r"(?i)version\(\)", expression):
            return _TEXT, f"PostgreSQL {self.settings['server_version']} on a stand-in"
        if re.fullmatch(r"(?i)(pg_catalog\.)?pg_is_in_recovery\(\)", expression):
            return _BOOL, "f"
        asked = re.fullmatch(
            r"(?i)(?:pg_catalog\.)?current_setting\('(\w+)'(?:, *true)?\)"
            r"(?:::(int|integer|int4))?",
            expression,
        )
        value = asked and self._setting(asked[1])
        return (_INT if asked and asked[2] else _TEXT, value) if value else None

    def _setting(self, name: str) -> str | None:
        lowered = {key.lower(): value for key, value in self.settings.items()}
        return lowered.get(name.strip().lower())

    def _ready(self) -> None:
        self.skipping = False
        self._send(b"Z", self.state)

    def _send(self, tag: bytes, payload: bytes = b"") -> None:
        self.connection.sendall(message(tag, payload))


def _split(select_list: str) -> list[str]:
    """Split at the commas outside parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", select_list)]
