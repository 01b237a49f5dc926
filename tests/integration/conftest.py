"""Real servers on loopback, from Debian's packages: started once, stopped at the end.

A server that this machine lacks skips its tests with the reason, and fails them where
``READINESS_REQUIRE_SERVICES=1``.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import os
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pytest_readiness.demo.pki import BAD, Authority, Issued, pem
from pytest_readiness.demo.standins.prometheus import Prometheus as StandIn
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.prometheus import Prometheus
from pytest_readiness.target.blocks import PostgresBlock, PrometheusBlock, RedisBlock
from pytest_readiness.target.secret import Redactor, Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    See = Callable[..., Prometheus]
    StartBouncer = Callable[..., contextlib.AbstractContextManager["Bouncer"]]
    StartNginx = Callable[
        [Path, str, int], contextlib.AbstractContextManager[list[int]]
    ]
    StartRedis = Callable[
        [Path],
        contextlib.AbstractContextManager[
            tuple["RedisServer", subprocess.Popen[bytes]]
        ],
    ]

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
    """Give a port that nobody has, below those that systems give to clients."""
    while True:
        port = secrets.choice(range(20_000, 32_000))
        with contextlib.suppress(OSError), socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            return port


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
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port)),
        ):
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
    store_client_certificate(authority, folder, "badge")
    return pki


def store_client_certificate(authority: Authority, folder: Path, name: str) -> None:
    """Write ``name.pem`` and ``name.key`` of a client that is called ``name``."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.intermediate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(authority.now)
        .not_valid_after(authority.now + dt.timedelta(days=2))
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    Issued((certificate, authority.intermediate), key).store(folder, name)


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

    def ready(self) -> bool:
        """Whether it takes sessions."""
        command = [*self.psql, "-c", "SELECT 1"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as the superuser."""
        command = [*self.psql, "-d", database, "-c", statement]
        return subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout


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
    options = [
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-sync",
        "-E",
        "UTF8",
        "--no-locale",
    ]
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
        shared_preload_libraries = pg_stat_statements
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
        over = time.monotonic() + START_LIMIT
        # It listens before it is ready for sessions.
        while not admin.ready() and time.monotonic() < over:
            time.sleep(0.05)
        for statement in ROLES.format(password=PASSWORD).strip().split(";\n"):
            admin.sql(statement)
        yield admin


# ------------------------------------------------------------------------- PgBouncer


class Bouncer(NamedTuple):
    """Debian's PgBouncer before the server above: users ``looks`` and ``app``."""

    port: int
    pki: Pki


BOUNCER = """
[databases]
app = host={folder} port={server} dbname=app user=app
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {here}/users
stats_users = looks
client_tls_sslmode = require
client_tls_cert_file = {pki}/server.pem
client_tls_key_file = {pki}/server.key
pool_mode = transaction
default_pool_size = {size}
reserve_pool_size = 2
max_db_connections = {ceiling}
"""


@pytest.fixture(scope="session")
def start_bouncer(postgres_server: PostgresServer) -> StartBouncer:
    """Give what starts one, its files in a folder, with pools of a size."""

    @contextlib.contextmanager
    def start(here: Path, size: int = 6, ceiling: int = 0) -> Iterator[Bouncer]:
        server, port = postgres_server, free_port()
        lines = (f'"{name}" "{PASSWORD}"\n' for name in ("looks", "app"))
        (here / "users").write_text("".join(lines))
        config = here / "pgbouncer.ini"
        places = {"here": here, "folder": server.socket_folder, "server": server.port}
        sizes = {"size": size, "ceiling": ceiling}
        pki = server.pki.folder
        config.write_text(BOUNCER.format(port=port, pki=pki, **places, **sizes))
        command = [*unprivileged(), find("pgbouncer", "/usr/sbin"), config]
        with running(command, here / "log", port):
            yield Bouncer(port, server.pki)

    return start


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
tls-auth-clients {clients}
tls-protocols "{protocols}"
appendonly yes
maxmemory 64mb
maxmemory-policy allkeys-lru
user default off
user app on >{password} ~* +ping +info +select
user blind on >{password} ~* +ping
user deaf on >{password} ~* +info
user watcher on >{password} ~* +@all
"""


@contextlib.contextmanager
def redis_running(
    settings: str, folder: Path, port: int
) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "redis.conf"
    config.write_text(f"dir {folder}\n{settings}")
    with running([find("redis-server"), config], folder / "log", port) as process:
        yield process


def redis_settings(
    pki: Pki, port: int, clients: str = "no", protocols: str = "TLSv1.2 TLSv1.3"
) -> str:
    return REDIS_CONF.format(
        folder=pki.folder,
        port=port,
        password=PASSWORD,
        clients=clients,
        protocols=protocols,
    )


@pytest.fixture
def start_redis(pki: Pki) -> StartRedis:
    """Give a starter of servers that a test may maltreat."""

    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[tuple[RedisServer, subprocess.Popen[bytes]]]:
        port = free_port()
        with redis_running(redis_settings(pki, port), folder, port) as process:
            yield RedisServer(port, folder / "none", pki), process

    return start


@pytest.fixture(scope="session")
def redis_server(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    folder, port = tmp_path_factory.mktemp("redis"), free_port()
    with redis_running(redis_settings(pki, port), folder, port):
        yield RedisServer(port, folder / "none", pki)


@pytest.fixture(scope="session", params=["TLSv1.2", "TLSv1.3"])
def redis_mutual(
    request: pytest.FixtureRequest,
    pki: Pki,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RedisServer]:
    """Give one that wants a client certificate."""
    folder, port = tmp_path_factory.mktemp("mutual"), free_port()
    settings = redis_settings(pki, port, "yes", str(request.param))
    with redis_running(settings, folder, port):
        yield RedisServer(port, folder / "none", pki)


@pytest.fixture(scope="session")
def redis_plain(
    pki: Pki, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    """Give one with the shipped defaults: no password, no maxmemory, snapshots."""
    folder, port = tmp_path_factory.mktemp("plain"), free_port()
    path = folder / "redis.sock"
    settings = f"bind 127.0.0.1\nport {port}\nunixsocket {path}\n"
    with redis_running(settings, folder, port):
        yield RedisServer(port, path, pki)


# ----------------------------------------------------------------------------- nginx


@dataclass(frozen=True)
class Nginx:
    """Debian's nginx: one port a certificate, and the service's routes on each."""

    ports: dict[str, int]
    pki: Pki
    folder: Path

    @property
    def asked(self) -> Path:
        """The log of requests: method, route, and the token that came with it."""
        return self.folder / "access"

    def url(self, kind: str = "good") -> str:
        return f"https://localhost:{self.ports[kind]}"


NGINX_CONF = """
daemon off;
pid {folder}/pid;
events {{ worker_connections 64; }}
http {{
    log_format asked "$request_method $request_uri|$http_authorization";
    access_log {folder}/access asked;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/json;
    {servers}
}}
"""

NGINX_SERVER = """
server {{
    listen 127.0.0.1:{port} ssl;
    ssl_ciphers DEFAULT:@SECLEVEL=0;
    ssl_certificate {folder}/{kind}.pem;
    ssl_certificate_key {folder}/{kind}.key;
    {more}
    add_header X-Release 2.4.0;
    location = /version {{ return 200 '{{"version": "2.4.0", "build": {{"no": 7}}}}'; }}
    location = /private {{
        if ($http_authorization != "Bearer {token}") {{ return 401; }}
        return 200 '{{"version": "2.4.0"}}';
    }}
    location = /text {{ return 200 'version 2.4.0'; }}
    location = /broken {{ return 503; }}
    location = /moved {{ return 302 /version; }}
}}
"""

CLIENTS = "ssl_protocols TLSv1.2; ssl_verify_client on; ssl_client_certificate {ca};"


@pytest.fixture(scope="session")
def nginx(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    folder = tmp_path_factory.mktemp("nginx")
    makers = {"good": Authority.issue, "mutual": Authority.issue, **BAD}
    ports = {kind: free_port() for kind in makers}
    servers = []
    for kind, make in makers.items():
        pki.store(make(pki.authority), kind)
        more = CLIENTS.format(ca=pki.ca_file) if kind == "mutual" else ""
        servers.append(
            NGINX_SERVER.format(
                port=ports[kind],
                folder=pki.folder,
                kind=kind,
                more=more,
                token=PASSWORD,
            )
        )
    config = folder / "nginx.conf"
    config.write_text(NGINX_CONF.format(folder=folder, servers="\n".join(servers)))
    command = [find("nginx", "usr/sbin"), "-c", config, "-e", folder / "errors"]
    with running(command, folder / "log", *ports.values()):
        yield Nginx(ports, pki, folder)


@pytest.fixture(scope="session")
def start_nginx(pki: Pki) -> StartNginx:
    """Give what starts an nginx with servers of a test's own, which listen at ports."""

    @contextlib.contextmanager
    def start(folder: Path, servers: str, count: int) -> Iterator[list[int]]:
        chain, key = pki.store(pki.authority.issue(), "own")
        ports = [free_port() for _ in range(count)]
        named = {f"port{number}": port for number, port in enumerate(ports)}
        text = servers.format(chain=chain, key=key, folder=folder, **named)
        config = folder / "nginx.conf"
        conf = NGINX_CONF.format(folder=folder, servers=text)
        # Where root starts it, nobody could not read a folder of tests.
        user = "user root root;" if os.geteuid() == 0 else ""
        config.write_text(user + conf)
        command = [find("nginx", "usr/sbin"), "-c", config, "-e", folder / "errors"]
        with running(command, folder / "log", *ports):
            yield ports

    return start


# ------------------------------------------------------------------------- Prometheus


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def see() -> See:
    """Give a look that checks what must hold for each: in time, and nothing leaks."""

    def look(port: int, timeout: float = 10.0, **settings: Any) -> Prometheus:
        block = PrometheusBlock.model_validate(
            {"url": f"http://127.0.0.1:{port}", **settings}
        )
        redactor = Redactor()
        redactor.add(PASSWORD)
        began = time.monotonic()
        source = Prometheus.source(block)
        facts = Prometheus.gather(block, Look(source, timeout, redactor))
        assert time.monotonic() - began < timeout * (1 + block.retries) + 0.5
        basic = base64.b64encode(f"readiness:{PASSWORD}".encode()).decode()
        assert PASSWORD not in repr(facts)
        assert basic not in repr(facts)
        return facts

    return look
