"""What runs while the demo runs: pieces describe it, faults break it."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pytest_readiness.demo.pki import Authority, Issued, KeyPair, key_pair, pem
from pytest_readiness.demo.servers.engine import (
    EngineServer,
    Surroundings,
    engine_python,
    schema,
)
from pytest_readiness.demo.servers.guard import Guard
from pytest_readiness.demo.servers.postgres import DATABASE, PostgresServer
from pytest_readiness.demo.servers.process import Place
from pytest_readiness.demo.servers.programs import (
    Launch,
    find_postgres,
    find_valkey,
    launch,
)
from pytest_readiness.demo.servers.template import Template
from pytest_readiness.demo.servers.tls_front import TlsFront
from pytest_readiness.demo.servers.valkey import ValkeyServer
from pytest_readiness.demo.standins.alertmanager import Alertmanager
from pytest_readiness.demo.standins.cdn import cdn
from pytest_readiness.demo.standins.forge import Forge
from pytest_readiness.demo.standins.grafana import Grafana
from pytest_readiness.demo.standins.loki import Loki
from pytest_readiness.demo.standins.pgbouncer import Pool, pgbouncer
from pytest_readiness.demo.standins.prometheus import Prometheus
from pytest_readiness.demo.standins.providers import NAMES as PROVIDERS, provider
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from pytest_readiness.demo.standins.listener import Listener

__all__ = ["COUNTS", "PARTNER_LIMIT", "ROWS", "Bench", "Tables", "start"]

Tables = dict[str, Any]
"""What stands in ``[target.demo]``, by name: tables, nearly all of it."""

COUNTS = "counts.json"
ROWS = {"alembic_version": 1, "contracts": 4, "orders": 0}
"""What is in the database before anybody trades."""

_USERS = {
    "trader": "trader",
    "risk": "risk",
    "admin": "admin",
    "partner": "trader",
}
"""Who may log in to the service, and the role."""
_ACCOUNTS = (
    *("database", "cache", "metrics", "pool", "forge", "engine", "administrator"),
    *_USERS,
    *PROVIDERS,
)
"""Everybody and everything that has a password of its own."""
PARTNER_LIMIT = 20
"""Requests that the partner may send within a minute."""
_LONGEST_SOCKET = 107 - len("/.s.PGSQL.65535")
"""Linux gives a Unix socket's path 107 bytes."""


@dataclass(frozen=True)
class Bench:
    """Every server of the demo, and what one needs to know about them."""

    folder: Path
    authority: Authority
    ca_file: Path
    python: Path
    """The service's interpreter."""
    passwords: dict[str, str]
    """Of the roles that look at database, cache and metrics; users and keys by name."""
    postgres: PostgresServer
    valkey: ValkeyServer
    cache_front: TlsFront
    engine: EngineServer
    tokens: KeyPair
    """What the engine signs its tokens with."""
    backups: Path
    """The folder of the database's backups, with what its job counted."""
    pool: Pool
    pool_port: int
    """Where the stand-in for PgBouncer listens."""
    providers: Mapping[str, Listener]
    """The stand-ins of the providers of data, by name."""
    prometheus: Prometheus
    alertmanager: Alertmanager
    grafana: Grafana
    loki: Loki
    forge: Forge
    cdn: Listener
    """The stand-in of a content delivery network."""


def start(folder: Path, stack: contextlib.ExitStack) -> Bench:
    """Start everything in ``folder``; ``stack`` ends it.

    Raises:
        ConfigError: a program is missing, or a server does not start.
    """
    program, binaries = find_valkey(os.environ), find_postgres(os.environ)
    guard = Guard(folder)
    stack.callback(guard.close)
    place = Place(folder, _socket_folder(folder, stack), guard)
    passwords = {name: secrets.token_hex(16) for name in _ACCOUNTS}
    authority = Authority.create()
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(pem(authority.root))
    issued = authority.issue()
    servers = _Servers()
    stack.callback(servers.stop)

    # Both start now and are waited for afterwards: they start side by side.
    valkey = servers.add(ValkeyServer(place, program, passwords))
    how = launch(binaries, folder)
    template = Template(how, os.environ)
    postgres = servers.add(PostgresServer(place, how, template, issued))
    front = TlsFront(issued.server_context(folder, "cache"), valkey.socket)
    stack.callback(front.close)
    providers = _providers(issued.server_context(folder, "providers"), passwords, stack)
    postgres.wait()
    _set_up(postgres, passwords)
    valkey.wait()
    python, certificate = engine_python(folder), issued.store(folder, "engine")
    tokens = key_pair(folder, "tokens")
    database, cache = _urls(passwords, postgres.port, front.port)
    surroundings = Surroundings(database, cache, ca_file, tokens, _accounts(passwords))
    pool = Pool(DATABASE, postgres.socket, passwords["pool"])
    way = issued.server_context(folder, "pool")
    pooling = stack.enter_context(pgbouncer(pool, way))
    backups = _backed_up(folder, how, postgres)
    engine = servers.add(EngineServer(place, python, certificate, surroundings))
    around = _Around.start(issued, folder, passwords, stack)
    engine.wait()
    return Bench(
        folder=folder,
        authority=authority,
        ca_file=ca_file,
        python=python,
        passwords=passwords,
        postgres=postgres,
        valkey=valkey,
        cache_front=front,
        engine=engine,
        tokens=tokens,
        backups=backups,
        pool=pool,
        pool_port=pooling.port,
        providers=providers,
        **vars(around),
    )


@dataclass(frozen=True)
class _Around:
    """The stand-ins of who watches the service, and of what else is around it."""

    prometheus: Prometheus
    alertmanager: Alertmanager
    grafana: Grafana
    loki: Loki
    forge: Forge
    cdn: Listener

    @classmethod
    def start(
        cls,
        issued: Issued,
        folder: Path,
        passwords: Mapping[str, str],
        stack: contextlib.ExitStack,
    ) -> _Around:
        context, token = issued.server_context(folder, "metrics"), passwords["metrics"]
        ports = {"webhook_port": _port(), "smtp_port": _port()}
        forge = Forge(issued.server_context(folder, "forge"), passwords["forge"])
        enter = stack.enter_context
        return cls(
            prometheus=enter(Prometheus(context, token)),
            alertmanager=enter(Alertmanager(context, token, **ports)),
            grafana=enter(Grafana(context, token)),
            loki=enter(Loki(context, token)),
            forge=enter(forge),
            cdn=enter(cdn(issued.server_context(folder, "cdn"))),
        )


def _port() -> int:
    """Give a port that nobody has at present, for who will listen later."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


def _providers(
    context: ssl.SSLContext, passwords: Mapping[str, str], stack: contextlib.ExitStack
) -> dict[str, Listener]:
    return {
        name: stack.enter_context(provider(name, passwords[name], context))
        for name in PROVIDERS
    }


class _Server(Protocol):
    def ask_to_stop(self) -> None: ...
    def stop(self) -> None: ...


S = TypeVar("S", bound=_Server)


class _Servers:
    """Stops in the time of the slowest: all are told before any is waited for."""

    def __init__(self) -> None:
        self._running: list[_Server] = []

    def add(self, server: S) -> S:
        self._running.append(server)
        return server

    def stop(self) -> None:
        for server in self._running:
            server.ask_to_stop()
        for server in self._running:
            server.stop()


def _socket_folder(folder: Path, stack: contextlib.ExitStack) -> Path:
    """Give a folder with a short path that only its owner can enter."""
    if len(os.fsencode(folder / "sockets")) <= _LONGEST_SOCKET:
        sockets = folder / "sockets"
        sockets.mkdir(mode=0o700)
        return sockets
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sockets-")))


def _set_up(postgres: PostgresServer, passwords: Mapping[str, str]) -> None:
    postgres.execute(
        DATABASE,
        f"CREATE ROLE engine LOGIN PASSWORD '{passwords['engine']}'",
        f"CREATE ROLE readiness LOGIN PASSWORD '{passwords['database']}'",
        schema(),
        "GRANT SELECT ON pg_hba_file_rules TO readiness",
        "GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO readiness",
        "GRANT SELECT (rolname, rolpassword) ON pg_authid TO readiness",
        "GRANT pg_read_all_stats TO readiness",
    )
    # Not every PostgreSQL comes with it.
    with contextlib.suppress(ConfigError):
        postgres.execute(DATABASE, "CREATE EXTENSION pg_stat_statements")


def _backed_up(folder: Path, how: Launch, postgres: PostgresServer) -> Path:
    """Have the job make a backup, and count what is in it."""
    backups = folder / "backups"
    backups.mkdir(mode=0o700)
    how.give(backups)
    # A PostgreSQL of the server alone has no backup, and the demo says so.
    if (how.binaries / "pg_dump").exists():
        postgres.dump(backups / "trading-1.dump")
    (backups / COUNTS).write_text(json.dumps(ROWS), "utf-8")
    return backups


def _urls(
    passwords: Mapping[str, str], database_port: int, cache_port: int
) -> tuple[str, str]:
    login = f"engine:{passwords['engine']}@127.0.0.1"
    return (
        f"postgresql://{login}:{database_port}/{DATABASE}",
        f"rediss://{login}:{cache_port}/0",
    )


def _accounts(passwords: Mapping[str, str]) -> dict[str, dict[str, str | int]]:
    accounts: dict[str, dict[str, str | int]] = {
        name: {"role": role, "password": passwords[name]}
        for name, role in _USERS.items()
    }
    accounts["partner"]["limit"] = PARTNER_LIMIT
    return accounts
