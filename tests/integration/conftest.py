"""Real servers on loopback, from Debian's packages: started once, stopped at the end.

A server that this machine lacks skips its tests with the reason, and fails them where
``READINESS_REQUIRE_SERVICES=1``.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.demo.pki import Authority, Issued, pem
from pytest_readiness.target.blocks import PostgresBlock, RedisBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PASSWORD = "correct-horse-battery"
"""Of every role of the servers here."""
START_LIMIT = 30.0
"""Seconds within which a server must be ready."""


def missing(reason: str) -> None:
    """Skip, or fail where the machine promised to have every server."""
    if os.environ.get("READINESS_REQUIRE_SERVICES") == "1":
        pytest.fail(f"READINESS_REQUIRE_SERVICES=1, but {reason}")
    pytest.skip(reason)


def find(name: str, *places: str) -> Path:
    """Find a program, or skip."""
    for place in places:
        for folder in sorted(Path("/").glob(place.lstrip("/")), reverse=True):
            if (folder / name).is_file():
                return folder / name
    found = shutil.which(name)
    if found is None:
        missing(f"{name} is not installed here")
    return Path(str(found))


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str | Path], log: Path, *ports: int
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block ends; ready once its ports answer."""
    # A test run that is killed takes its servers along.
    guard = [find("setpriv"), "--pdeathsig", "KILL", "--"]
    with log.open("wb") as output:
        process = subprocess.Popen([*guard, *command], stdout=output, stderr=output)
    try:
        for port in ports:
            wait_for(port, process, log)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    over = time.monotonic() + START_LIMIT
    while time.monotonic() < over and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.02)
    pytest.fail(f"{process.args!r} did not start: {log.read_text()[-2000:]}")


@dataclass(frozen=True)
class Pki:
    """One authority, and files with its certificates."""

    authority: Authority
    folder: Path
    ca_file: Path
    """The root alone: the servers send their intermediate."""

    def store(self, issued: Issued, name: str) -> tuple[Path, Path]:
        """Write a chain and its key, and give both paths."""
        stored = issued.store(self.folder, name)
        return stored.chain, stored.key


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    authority = Authority.create("Test")
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(pem(authority.root))
    pki = Pki(authority, folder, ca_file)
    pki.store(authority.issue(), "server")
    pki.store(authority.issue(hosts=("app",)), "client")
    return pki


# --------------------------------------------------------------------- PostgreSQL 15


@dataclass(frozen=True)
class PostgresServer:
    """Debian's PostgreSQL: TLS, SCRAM, role ``app`` on database ``app``."""

    port: int
    socket_folder: Path
    pki: Pki
    psql: tuple[str, ...] = field(repr=False)

    def block(self, **changes: object) -> PostgresBlock:
        """Give the block of a target that reaches it, with changes."""
        settings: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "database": "app",
            "user": "app",
            "password": Secret(PASSWORD, "env:DB_PASSWORD"),
            "ca_file": self.pki.ca_file,
        }
        settings |= changes
        return PostgresBlock(**{k: v for k, v in settings.items() if v is not None})

    def sql(self, statement: str) -> str:
        """Run SQL as the superuser."""
        command = [*self.psql, "-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


HBA = """\
local   all      postgres                 trust
local   all      app                      trust
hostssl all      badge     127.0.0.1/32   cert clientcert=verify-full
hostssl app      all       127.0.0.1/32   scram-sha-256
hostssl app      all       ::1/128        scram-sha-256
hostssl closed   all       127.0.0.1/32   scram-sha-256
hostssl absent   all       127.0.0.1/32   scram-sha-256
"""

ROLES = """
CREATE ROLE app LOGIN PASSWORD '{password}';
CREATE ROLE badge LOGIN;
CREATE ROLE locked NOLOGIN PASSWORD '{password}';
CREATE ROLE crowded LOGIN PASSWORD '{password}' CONNECTION LIMIT 0;
CREATE DATABASE app;
CREATE DATABASE closed;
REVOKE CONNECT ON DATABASE closed FROM PUBLIC;
"""


def unprivileged() -> list[str | Path]:
    """PostgreSQL refuses root: map it to another user, with the same files."""
    if os.geteuid() != 0:
        return []
    return [find("unshare"), "-U", "--map-user=1000", "--map-group=1000"]


@pytest.fixture(scope="session")
def postgres_server(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PostgresServer]:
    places = "/usr/lib/postgresql/*/bin"
    initdb, server, psql = (find(n, places) for n in ("initdb", "postgres", "psql"))
    folder = tmp_path_factory.mktemp("pg")
    data, port = folder / "data", free_port()
    options = ["-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--no-locale"]
    created = subprocess.run(
        [*unprivileged(), initdb, "-D", data, *options],
        capture_output=True,
        check=False,
        text=True,
    )
    if created.returncode != 0:
        missing(f"initdb does not work here: {created.stderr[-300:]}")
    (data / "pg_hba.conf").write_text(HBA)
    (data / "postgresql.auto.conf").write_text(
        f"""
        listen_addresses = '127.0.0.1,::1'
        port = {port}
        unix_socket_directories = '{folder}'
        ssl = on
        ssl_cert_file = '{pki.folder / "server.pem"}'
        ssl_key_file = '{pki.folder / "server.key"}'
        ssl_ca_file = '{pki.ca_file}'
        fsync = off
        shared_buffers = 16MB
        max_connections = 30
        log_statement = all
        log_line_prefix = '%a|'
        """
    )
    command = [*unprivileged(), server, "-D", data]
    with running(command, folder / "log", port):
        client = (str(psql), "-X", "-q", "-h", str(folder), "-p", str(port))
        admin = PostgresServer(
            port, folder, pki, (*client, "-U", "postgres", "-d", "postgres", "-At")
        )
        for statement in ROLES.format(password=PASSWORD).strip().split(";\n"):
            admin.sql(statement)
        yield admin


# --------------------------------------------------------------------------- Redis 7


@dataclass(frozen=True)
class RedisServer:
    """Debian's Redis: TLS, ACL users ``app`` and ``blind``."""

    port: int
    socket: Path
    pki: Pki

    def block(self, **changes: object) -> RedisBlock:
        """Give the block of a target that reaches it, with changes."""
        settings: dict[str, object] = {
            "host": "127.0.0.1",
            "port": self.port,
            "tls": True,
            "username": "app",
            "password": Secret(PASSWORD, "env:CACHE_PASSWORD"),
            "ca_file": self.pki.ca_file,
        }
        settings |= changes
        return RedisBlock(**{k: v for k, v in settings.items() if v is not None})


REDIS_CONF = """
bind 127.0.0.1 ::1
port 0
tls-port {port}
tls-cert-file {folder}/server.pem
tls-key-file {folder}/server.key
tls-ca-cert-file {folder}/ca.pem
tls-auth-clients {auth}
save ""
maxmemory 64mb
maxmemory-policy allkeys-lru
user default off
user app on >{password} ~* +ping +info +select
user blind on >{password} ~* +ping
"""


def _redis(settings: str, folder: Path, port: int) -> contextlib.AbstractContextManager[object]:
    config = folder / "redis.conf"
    config.write_text(f"dir {folder}\n{settings}")
    return running([find("redis-server"), config], folder / "log", port)


@pytest.fixture(scope="session")
def redis_server(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    settings = REDIS_CONF.format(
        port=port, folder=pki.folder, password=PASSWORD, auth="no"
    )
    with _redis(settings, folder, port):
        yield RedisServer(port, folder / "none", pki)


@pytest.fixture(scope="session")
def redis_plain(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    """Give one with the shipped defaults: no password, no maxmemory, snapshots."""
    folder, port = tmp_path_factory.mktemp("plain"), free_port()
    path = folder / "redis.sock"
    settings = f"bind 127.0.0.1\nport {port}\nunixsocket {path}\n"
    with _redis(settings, folder, port):
        yield RedisServer(port, path, pki)
