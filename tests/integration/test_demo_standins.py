"""The demo's stand-ins, asked by the real drivers that the probes use."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis as redis_py
from psycopg import conninfo
from redis.backoff import NoBackoff
from redis.retry import Retry

from pytest_readiness.demo.pki import Authority, pem
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.postgres import postgres
from pytest_readiness.demo.standins.python import hanging_python, old_python
from pytest_readiness.demo.standins.redis import redis


class Tls:
    """A throw-away authority on disk, and a server's context of it."""

    def __init__(self, folder: Path) -> None:
        authority = Authority.create()
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(pem(authority.root))
        self.context = authority.issue().server_context(folder, "server")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return Tls(tmp_path_factory.mktemp("tls"))


def connect_postgres(
    port: int, tls: Tls, *, connect_timeout: int = 3
) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        conninfo.make_conninfo(
            host="127.0.0.1",
            port=port,
            user="engine",
            password="unused",
            dbname="trading",
            sslmode="verify-full",
            sslrootcert=str(tls.ca_file),
            connect_timeout=connect_timeout,
        ),
        autocommit=True,
    )


def connect_redis(port: int, tls: Tls, password: str | None = None) -> redis_py.Redis:
    return redis_py.Redis(
        host="127.0.0.1",
        port=port,
        password=password,
        ssl=True,
        ssl_ca_certs=str(tls.ca_file),
        protocol=2,
        socket_timeout=3,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


@pytest.mark.parametrize(("version", "number"), [("11.22", 110022), ("9.6.24", 90624)])
def test_postgres_reports_its_version(tls: Tls, version: str, number: int) -> None:
    with (
        postgres(version, tls.context) as server,
        connect_postgres(server.port, tls) as connection,
    ):
        assert connection.info.server_version == number
        simple = connection.execute("SHOW server_version_num").fetchall()
        extended = connection.execute(
            "SELECT current_setting('server_version_num')::int, version(), 1",
            prepare=True,
        ).fetchall()
    assert simple == [(str(number),)]
    assert extended == [(number, f"PostgreSQL {version} on a stand-in", 1)]


def test_postgres_keeps_transactions_apart(tls: Tls) -> None:
    status = psycopg.pq.TransactionStatus
    with (
        postgres("11.22", tls.context) as server,
        connect_postgres(server.port, tls) as connection,
    ):
        connection.execute("BEGIN READ ONLY")
        connection.execute("SET LOCAL statement_timeout = 1000")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="pg_secret"):
            connection.execute("SELECT pg_secret()")
        assert connection.info.transaction_status == status.INERROR
        connection.execute("ROLLBACK")
        assert connection.info.transaction_status == status.IDLE
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute("SELECT %s::int", [1])
        row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
        assert row == (False,)


def test_postgres_without_tls_says_so(tls: Tls) -> None:
    says = "does not support SSL"
    with postgres("11.22") as server, pytest.raises(psycopg.Error, match=says):
        connect_postgres(server.port, tls)


def test_redis_5_answers_about_itself(tls: Tls) -> None:
    with (
        redis("5.0.14", "secret", tls.context) as server,
        connect_redis(server.port, tls, "secret") as client,
    ):
        assert client.ping()
        assert client.info("server")["redis_version"] == "5.0.14"
        assert client.info("memory")["maxmemory"] == 64_000_000
        policy = client.config_get("maxmemory-policy")
        assert policy == {"maxmemory-policy": "allkeys-lru"}


@pytest.mark.parametrize("command", [("HELLO", "3"), ("GET", "key"), ("ACL", "LIST")])
def test_redis_5_knows_no_newer_command(tls: Tls, command: tuple[str, ...]) -> None:
    with (
        redis("5.0.14", "secret", tls.context) as server,
        connect_redis(server.port, tls, "secret") as client,
        pytest.raises(redis_py.ResponseError, match="unknown command"),
    ):
        client.execute_command(*command)


@pytest.mark.parametrize("password", [None, "wrong"])
def test_redis_asks_for_its_password(tls: Tls, password: str | None) -> None:
    with (
        redis("5.0.14", "secret", tls.context) as server,
        connect_redis(server.port, tls, password) as client,
        pytest.raises(redis_py.AuthenticationError),
    ):
        client.ping()


ASK = (
    "import sys, platform;"
    "print(platform.python_version(), sys.version_info[:2], sys.version_info.major,"
    " sys.prefix != sys.base_prefix)"
)


def test_old_python_answers_as_one(tmp_path: Path) -> None:
    interpreter = old_python(tmp_path, "3.8.20", Path(sys.executable))
    isolated = sys.prefix != sys.base_prefix
    answer = subprocess.run(
        [interpreter, "-I", "-c", ASK], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == f"3.8.20 (3, 8) 3 {isolated}"
    said = subprocess.run([interpreter, "--version"], capture_output=True, check=True)
    assert said.stdout == b"Python 3.8.20\n"


def test_hanging_python_hangs_and_can_be_killed(tmp_path: Path) -> None:
    interpreter = hanging_python(tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([interpreter, "-I", "-c", ASK], timeout=0.2, check=True)


def ask(port: int, request: bytes = b"hello?\n", timeout: float = 0.3) -> bytes:
    """Send something and read until the peer closes or the time is over."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout) as connection:
        connection.sendall(request)
        over = time.monotonic() + timeout
        while (left := over - time.monotonic()) > 0 and len(answer) < 1_000_000:
            connection.settimeout(left)
            try:
                part = connection.recv(1 << 16)
            except TimeoutError:
                break
            if not part:
                return answer + b"<end>"
            answer += part
    return answer


def test_refused_port_refuses() -> None:
    with hostile.refuses() as port, pytest.raises(ConnectionRefusedError):
        ask(port)


@pytest.mark.skipif(sys.platform != "linux", reason="others refuse a full queue")
def test_black_hole_lets_nobody_in() -> None:
    with hostile.black_holes() as port:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                ask(port, timeout=0.2)


@pytest.mark.parametrize(
    ("listener", "answer"),
    [
        (hostile.hangs, b""),
        (hostile.http, b"HTTP/1.1 400 Bad Request"),
        (lambda: hostile.dribbles(b"+PONG"), b"+"),
        (hostile.breaks_off, bytes.fromhex("160303007a020000760303") + b"<end>"),
        (lambda: hostile.floods(b"+"), b"+xxxx"),
    ],
    ids=["hangs", "http", "dribbles", "breaks-off", "floods"],
)
def test_hostile_peers_do_what_they_say(listener: object, answer: bytes) -> None:
    assert callable(listener)
    with listener() as server:
        assert isinstance(server, Listener)
        got = ask(server.port)
    assert got.startswith(answer) if answer else got == b""


def test_nonsense_is_reproducible() -> None:
    with hostile.talks_nonsense(7) as one, hostile.talks_nonsense(7) as other:
        assert ask(one.port) == ask(other.port)
        assert len(ask(one.port)) == 512 + len(b"<end>")


def test_handshake_broken_off_is_a_tls_error() -> None:
    context = ssl.create_default_context()
    with (
        hostile.breaks_off() as server,
        socket.create_connection(("127.0.0.1", server.port), 2) as raw,
        pytest.raises(ssl.SSLError),
    ):
        context.wrap_socket(raw, server_hostname="localhost")


def test_closing_cuts_connections_at_once() -> None:
    server = hostile.hangs()
    with socket.create_connection(("127.0.0.1", server.port), 2) as connection:
        connection.sendall(b"x")
        began = time.monotonic()
        server.close()
        with contextlib.suppress(ConnectionResetError):  # what it had not read yet
            assert connection.recv(1) == b""
        assert time.monotonic() - began < 1
    server.close()
    with pytest.raises(ConnectionRefusedError):
        ask(server.port)
