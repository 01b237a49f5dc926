"""A Redis of any version, for those that no package carries any more.

It speaks RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/), asks
for the password, and answers what one asks a server about itself. Everything else is
the error that a Redis of that age gives.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    import ssl
    from io import BufferedReader

__all__ = ["redis"]

_ACL_SINCE = 6
"""The major version that brought users and HELLO."""
_MAX_ARGUMENTS = 64
_OK = b"+OK\r\n"
_FIXED = {
    "PING": b"+PONG\r\n",
    "SELECT": _OK,
    "QUIT": _OK,
    "CLIENT SETNAME": _OK,
    "CLIENT ID": b":1\r\n",
    "CLIENT": b"-ERR Unknown subcommand or wrong number of arguments\r\n",
}
"""Answers that depend on nothing, by command and subcommand."""


@dataclass(frozen=True)
class _Server:
    version: str
    password: str
    info: dict[str, dict[str, str]]
    config: dict[str, str]

    @property
    def has_users(self) -> bool:
        return int(self.version.split(".")[0]) >= _ACL_SINCE


def redis(
    version: str,
    password: str = "",
    tls: ssl.SSLContext | None = None,
    *,
    policy: str = "allkeys-lru",
    uptime: int = 3600,
) -> Listener:
    """Start one that says it is ``version``, such as ``5.0.14``.

    It has a memory limit and persists nothing; ``uptime`` is in seconds.
    """
    maxmemory = "64000000"
    config = {"maxmemory": maxmemory, "maxmemory-policy": policy, "appendonly": "no"}
    started = str(int(time.time()) - uptime)
    info = {
        "Server": {
            "redis_version": version,
            "redis_mode": "standalone",
            "uptime_in_seconds": str(uptime),
        },
        "Stats": {"keyspace_hits": "9500", "keyspace_misses": "500"},
        "Memory": {"maxmemory": maxmemory, "maxmemory_policy": policy},
        "Persistence": {
            "loading": "0",
            "rdb_changes_since_last_save": "1000",
            "rdb_last_save_time": started,
            "rdb_last_bgsave_status": "ok",
            "aof_enabled": "0",
        },
    }
    server = _Server(version, password, info, config)
    return Listener(lambda connection: _serve(connection, server), tls)


def _serve(connection: socket.socket, server: _Server) -> None:
    admitted = not server.password
    with connection.makefile("rb") as stream:
        while (command := _read(stream)) is not None:
            name = command[0].upper()
            if name == "AUTH":
                answer = _authenticate(command[1:], server)
                admitted = admitted or answer == _OK
            elif not admitted and not (name == "HELLO" and not server.has_users):
                answer = b"-NOAUTH Authentication required.\r\n"
            else:
                answer = _answer(name, command[1:], server)
            connection.sendall(answer)
            if name == "QUIT":
                return


def _read(stream: BufferedReader) -> list[str] | None:
    """Read one command; None at the end, and for what is not RESP."""
    head = stream.readline(64)
    if not head.startswith(b"*") or not head[1:].strip().isdigit():
        return None
    count = int(head[1:])
    words: list[str] = []
    for _ in range(min(count, _MAX_ARGUMENTS)):
        size = stream.readline(64)
        if not size.startswith(b"$") or not size[1:].strip().isdigit():
            return None
        words.append(stream.read(int(size[1:]) + 2)[:-2].decode(errors="replace"))
    return words or None


def _authenticate(arguments: list[str], server: _Server) -> bytes:
    if len(arguments) != 1 and not server.has_users:
        return b"-ERR wrong number of arguments for 'auth' command\r\n"
    if not server.password:
        return b"-ERR Client sent AUTH, but no password is set\r\n"
    return _OK if arguments[-1] == server.password else b"-ERR invalid password\r\n"


def _answer(name: str, arguments: list[str], server: _Server) -> bytes:
    subcommand = f"{name} {arguments[0].upper()}" if arguments else name
    if name == "INFO":
        return _bulk(_info(server, arguments))
    if subcommand == "CONFIG GET":
        return _config(server, arguments[1:])
    if name in {"PING", "ECHO"} and arguments:
        return _bulk(arguments[0])
    shown = name.lower() if name.isalnum() else "?"
    unknown = f"-ERR unknown command `{shown}`, with args beginning with: \r\n".encode()
    return _FIXED.get(subcommand) or _FIXED.get(name) or unknown


def _info(server: _Server, wanted: list[str]) -> str:
    wanted = [section.lower() for section in wanted]
    everything = not wanted or set(wanted) & {"all", "default", "everything"}
    lines: list[str] = []
    for section, fields in server.info.items():
        if everything or section.lower() in wanted:
            lines += [f"# {section}", *(f"{k}:{v}" for k, v in fields.items()), ""]
    return "\r\n".join(lines)


def _config(server: _Server, patterns: list[str]) -> bytes:
    found = [
        word
        for key, value in server.config.items()
        if any(fnmatchcase(key, pattern.lower()) for pattern in patterns)
        for word in (key, value)
    ]
    return f"*{len(found)}\r\n".encode() + b"".join(map(_bulk, found))


def _bulk(value: str) -> bytes:
    data = value.encode()
    return b"$%d\r\n%b\r\n" % (len(data), data)
