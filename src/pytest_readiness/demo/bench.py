"""What runs while the demo runs: pieces describe it, faults break it."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo.pki import Authority, pem
from pytest_readiness.demo.servers.engine import (
    EngineServer,
    Surroundings,
    engine_python,
    schema,
)
from pytest_readiness.demo.servers.guard import Guard
from pytest_readiness.demo.servers.postgres import DATABASE, PostgresServer
from pytest_readiness.demo.servers.programs import find_postgres, find_valkey, launch
from pytest_readiness.demo.servers.template import Template
from pytest_readiness.demo.servers.tls_front import TlsFront
from pytest_readiness.demo.servers.valkey import ValkeyServer

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bench", "Tables", "start"]

Tables = dict[str, dict[str, object]]
"""The tables of ``[target.demo]``, by name."""

_ROLES = ("trader", "risk", "admin")


@dataclass(frozen=True)
class Bench:
    """Every server of the demo, and what one needs to know about them."""

    folder: Path
    authority: Authority
    ca_file: Path
    python: Path
    """The service's interpreter."""
    passwords: dict[str, str]
    """``database`` and ``cache``: of the roles that look; the rest by user."""
    postgres: PostgresServer
    valkey: ValkeyServer
    cache_front: TlsFront
    engine: EngineServer


def start(folder: Path, stack: contextlib.ExitStack) -> Bench:
    """Start everything in ``folder``; ``stack`` ends it.

    Servers are started first and waited for afterwards, so they start side by side.

    Raises:
        ConfigError: a program is missing, or a server does not start.
    """
    environ = os.environ
    valkey_program, binaries = find_valkey(environ), find_postgres(environ)
    guard = Guard(folder)
    stack.callback(guard.close)
    passwords = {
        name: secrets.token_hex(16)
        for name in ("database", "cache", "engine", "admin", *_ROLES)
    }
    authority = Authority.create()
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(pem(authority.root))
    issued = authority.issue()
    certificate = issued.store(folder, "server")
    servers: list[ValkeyServer | PostgresServer | EngineServer] = []
    # All are told to stop before any is waited for.
    stack.callback(lambda: [server.stop() for server in servers])
    stack.callback(lambda: [server.ask_to_stop() for server in servers])

    cache_users = {
        "admin": passwords["admin"],
        "engine": passwords["engine"],
        "readiness": passwords["cache"],
    }
    valkey = ValkeyServer(_short(folder, stack), valkey_program, cache_users, guard)
    servers.append(valkey)
    ...
