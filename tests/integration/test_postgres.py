from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.postgres import postgres as old_postgres
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.postgres import STATEMENTS, Postgres
from pytest_readiness.probes.postgres.session import Session
from pytest_readiness.probes.postgres.settings import connection_settings
from pytest_readiness.target.blocks import PostgresBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from conftest import PostgresServer

    See = Callable[..., Postgres]

PASSWORD = "correct-horse-battery"
LIMIT = 0.6


@pytest.fixture
def see() -> See:
    """Give a look that checks what must hold for each: in time, and nothing leaks."""

    def look(
        block: PostgresBlock, timeout: float = 5.0, slack: float = 0.4
    ) -> Postgres:
        began = time.monotonic()
        facts = Postgres.gather(block, Look(Postgres.source(block), timeout))
        assert time.monotonic() - began < timeout * (1 + block.retries) + slack
        assert PASSWORD not in repr(facts)
        return facts

    return look


def why(facts: Postgres) -> Unavailable:
    """Give the reason why nothing was seen: the same for every fact."""
    assert facts.answers.value == facts.version.value
    assert isinstance(facts.version.value, Unavailable)
    return facts.version.value


@pytest.mark.parametrize(
    ("statement", "reason", "cause"),
    [
        ("TABLE pg_authid", "the role may not read this", Cause.WITHHELD),
        ("SELECT 1/0", "the statement failed with SQLSTATE 22012", Cause.NO_ANSWER),
        (
            "CREATE TABLE written ()",
            "the statement failed with SQLSTATE 25006",
            Cause.NO_ANSWER,
        ),
        (
            "SELECT pg_sleep(60)",
            "no answer within 5 s (the statement was cancelled)",
            Cause.NO_ANSWER,
        ),
        (
            "SELECT pg_terminate_backend(pg_backend_pid())",
            "the statement failed with SQLSTATE 57P01",
            Cause.NO_ANSWER,
        ),
    ],
)
def test_a_statement_that_fails_says_why_and_quotes_nothing(
    statement: str, reason: str, cause: Cause, postgres_server: PostgresServer
) -> None:
    settings = connection_settings(postgres_server.block())
    with Session.open(settings, Look("demo", 5.0)) as session:
        session.query("BEGIN READ ONLY")
        session.query("SET LOCAL statement_timeout = 100")
        with pytest.raises(LookError) as caught:
            session.query(statement)
    assert caught.value.unavailable.reason == reason
    assert caught.value.unavailable.cause is cause


def test_a_session_that_is_cut_is_no_answer(postgres_server: PostgresServer) -> None:
    settings = connection_settings(postgres_server.block())
    with Session.open(settings, Look("demo", 5.0)) as session:
        cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        postgres_server.sql(f"{cut} WHERE usename = 'app'")
        with pytest.raises(LookError):
            session.query("SELECT 1")
        with pytest.raises(LookError, match="the server closed the connection"):
            session.query("SELECT 1")


# ------------------------------------------------------------------------- good targets


def test_a_server_with_tls_and_scram_is_seen(
    postgres_server: PostgresServer, see: See
) -> None:
    facts = see(postgres_server.block())
    assert facts.answers.value is True
    assert facts.answers.detail == "over TLS"
    assert isinstance(facts.version.value, Version)
    assert facts.version.value.major == 15
    assert facts.version.detail == "PostgreSQL 15 is supported until 2027-11-11"
    assert facts.version.source.endswith("/app server_version")
    assert facts.version.duration.total_seconds() > 0


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_names_and_ipv6_reach_it_too(
    host: str, postgres_server: PostgresServer, see: See
) -> None:
    assert see(postgres_server.block(host=host)).answers.value is True


def test_a_unix_socket_reaches_it_too(
    postgres_server: PostgresServer, see: See
) -> None:
    folder = str(postgres_server.socket_folder)
    facts = see(postgres_server.block(host=folder, sslmode="disable", password=None))
    assert facts.answers.value is True
    assert facts.answers.detail == "without TLS"


def test_a_dsn_reaches_it_too(postgres_server: PostgresServer, see: See) -> None:
    text = f"postgresql://app:{PASSWORD}@127.0.0.1:{postgres_server.port}/app"
    block = PostgresBlock(
        dsn=Secret(text, "env:DSN"), ca_file=postgres_server.pki.ca_file
    )
    assert see(block).answers.value is True


def test_a_list_of_hosts_is_tried_in_its_order(
    postgres_server: PostgresServer, see: See
) -> None:
    with hostile.refuses() as refused, hostile.black_holes() as silent:
        hosts = (
            f"127.0.0.1:{refused},127.0.0.1:{silent},127.0.0.1:{postgres_server.port}"
        )
        text = f"postgresql://app:{PASSWORD}@{hosts}/app"
        block = PostgresBlock(
            dsn=Secret(text, "env:DSN"), ca_file=postgres_server.pki.ca_file
        )
        assert see(block, timeout=1.5).answers.value is True


def test_a_client_certificate_logs_in(
    postgres_server: PostgresServer, see: See
) -> None:
    folder = postgres_server.pki.folder
    facts = see(
        postgres_server.block(
            user="badge",
            password=None,
            cert_file=folder / "badge.pem",
            key_file=folder / "badge.key",
        )
    )
    assert facts.answers.value is True


def test_the_session_reads_only_and_says_who_it_is(
    postgres_server: PostgresServer, see: See
) -> None:
    log = postgres_server.socket_folder / "log"
    before = len(log.read_text())
    see(postgres_server.block())
    said = [
        line for line in log.read_text()[before:].splitlines() if "statement:" in line
    ]
    assert all(line.startswith("pytest-readiness|") for line in said)
    (sent,) = [line.split("statement: ")[1] for line in said]
    assert [statement.split()[0] for statement in sent.split("; ")] == [
        statement.split()[0] for statement in STATEMENTS
    ]
    assert sent.startswith("BEGIN READ ONLY; SET LOCAL statement_timeout = ")


def test_the_environment_does_not_change_what_is_judged(
    postgres_server: PostgresServer, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGOPTIONS": "-c work_mem=nonsense",
        "PGSSLMODE": "disable",
        "PGHOST": "/nowhere",
        "PGPASSWORD": "wrong",
        "PGAPPNAME": "other",
    }.items():
        monkeypatch.setenv(name, value)
    assert see(postgres_server.block()).answers.value is True


def test_no_password_is_taken_from_the_home_of_who_runs_this(
    postgres_server: PostgresServer,
    see: See,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / ".pgpass").write_text(f"*:*:*:*:{PASSWORD}\n")
    (tmp_path / ".pgpass").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / ".pgpass"))
    nothing = why(see(postgres_server.block(password=None)))
    assert nothing.reason.startswith("the server asks for a password")


# -------------------------------------------------------------------------- bad targets


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"password": Secret("wrong-password", "env:X")},
            "the server rejected the credential",
        ),
        ({"user": "nobody"}, "the server rejected the credential"),
        (
            {"password": None},
            "the server asks for a password and the target gives none",
        ),
        ({"user": "locked"}, "the role may not log in"),
        ({"user": "crowded"}, "the server has no free connection"),
        ({"database": "absent"}, "the database does not exist"),
        ({"database": "closed"}, "the role may not connect to the database"),
        ({"database": "unlisted"}, "pg_hba.conf admits no such connection"),
        ({"sslmode": "disable"}, "pg_hba.conf admits no such connection"),
        ({"user": "badge"}, "the server wants a client certificate that it accepts"),
        ({"ca_file": None}, "the server's certificate is not trusted"),
        ({"host": "/nowhere"}, "there is no such socket"),
    ],
)
def test_a_refusal_is_the_targets_answer(
    changes: dict[str, object], reason: str, postgres_server: PostgresServer, see: See
) -> None:
    nothing = why(see(postgres_server.block(**changes)))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


def test_a_certificate_for_another_name_is_refused(
    postgres_server: PostgresServer, see: See
) -> None:
    text = (
        f"host=elsewhere.example hostaddr=127.0.0.1 port={postgres_server.port}"
        f" dbname=app user=app password={PASSWORD}"
    )
    block = PostgresBlock(
        dsn=Secret(text, "env:DSN"), ca_file=postgres_server.pki.ca_file
    )
    reason = "the server's certificate does not carry the host's name"
    assert why(see(block)).reason == reason


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"password": Secret(None, "env:DB_PASSWORD", "DB_PASSWORD is not set")},
            "DB_PASSWORD is not set",
        ),
        ({"password": Secret("", "env:DB_PASSWORD")}, "env:DB_PASSWORD is empty"),
    ],
)
def test_a_missing_secret_is_no_fault_of_the_server(
    changes: dict[str, object], words: str, postgres_server: PostgresServer, see: See
) -> None:
    nothing = why(see(postgres_server.block(**changes)))
    assert words in nothing.reason
    assert nothing.cause is Cause.LOCAL


def test_a_missing_ca_file_is_no_fault_of_the_server(
    postgres_server: PostgresServer, see: See, tmp_path: Path
) -> None:
    nothing = why(see(postgres_server.block(ca_file=tmp_path / "none.pem")))
    assert nothing.cause is Cause.LOCAL


def test_postgresql_11_is_seen_for_what_it_is(see: See) -> None:
    with old_postgres("11.22") as server:
        facts = see(plain(server.port))
    assert facts.version.value == Version("11.22")
    assert facts.version.detail.endswith("out of support since 2023-11-09")


def test_a_server_without_tls_is_refused_where_the_target_wants_it(see: See) -> None:
    with old_postgres("16.4") as server:
        nothing = why(see(plain(server.port, sslmode="require")))
    assert nothing.reason == "the server offers no TLS, which the sslmode demands"


# ---------------------------------------------------------------------- hostile servers


def plain(port: int, **changes: object) -> PostgresBlock:
    settings = {"database": "app", "user": "app", "sslmode": "disable", **changes}
    return PostgresBlock(host="127.0.0.1", port=port, **settings)


HOSTILE = {
    "hangs": (hostile.hangs, "no answer within 0.6 s (the connection was accepted)"),
    "nonsense": (hostile.talks_nonsense, "what answers there is not PostgreSQL"),
    "web server": (hostile.http, "what answers there is not PostgreSQL"),
    "endless": (hostile.floods, "what answers there is not PostgreSQL"),
    "endless row": (
        lambda: hostile.floods(b"R\0\0\0\x08\0\0\0\0D\x3f\xff\xff\xff"),
        "the server sends without end",
    ),
    "breaks off": (hostile.breaks_off, "what answers there is not PostgreSQL"),
    "dribbles": (
        lambda: hostile.dribbles(b"R\0\0\0\x08\0\0\0\0S\0\0\0\x20"),
        "no answer within 0.6 s (the connection was accepted)",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_server_is_named_within_the_limit(kind: str, see: See) -> None:
    make, reason = HOSTILE[kind]
    with make() as server:
        nothing = why(see(plain(server.port), timeout=LIMIT))
    assert nothing == Unavailable(reason, Cause.NO_ANSWER, nothing.remedy)


@pytest.mark.parametrize("kind", ["hangs", "nonsense", "web server", "endless"])
def test_a_hostile_server_is_named_before_tls_too(kind: str, see: See) -> None:
    make, reason = HOSTILE[kind]
    with make() as server:
        nothing = why(see(plain(server.port, sslmode="verify-full"), timeout=LIMIT))
    assert nothing.reason == reason


def test_closing_within_the_tls_handshake_is_no_answer(see: See) -> None:
    def accept_tls_then_leave(connection: socket.socket) -> None:
        connection.recv(8)
        connection.sendall(b"S")
        connection.recv(100)

    with hostile.Listener(accept_tls_then_leave) as server:
        nothing = why(see(plain(server.port, sslmode="require"), timeout=LIMIT))
    assert nothing.reason == "the server closed the connection"


def test_a_refused_port_and_a_black_hole_are_told_apart(see: See) -> None:
    with hostile.refuses() as port:
        assert why(see(plain(port), timeout=LIMIT)).reason == "connection refused"
    with hostile.black_holes() as port:
        assert why(see(plain(port), timeout=LIMIT)).reason == "no answer within 0.6 s"


def test_retries_show_in_the_reason(see: See) -> None:
    with hostile.refuses() as port:
        nothing = why(see(plain(port, retries=2), timeout=LIMIT))
    assert nothing.reason == "connection refused (3 tries)"


def test_a_server_that_says_its_version_and_then_hangs_still_has_one(see: See) -> None:
    def start_up_then_hang(connection: socket.socket) -> None:
        connection.recv(1000)
        version = b"server_version\x0016.4\0"
        status = b"S" + (len(version) + 4).to_bytes(4, "big") + version
        connection.sendall(b"R\0\0\0\x08\0\0\0\0" + status + b"Z\0\0\0\x05I")
        connection.recv(1000)
        connection.recv(1000)

    with hostile.Listener(start_up_then_hang) as server:
        facts = see(plain(server.port), timeout=LIMIT)
    assert facts.version.value == Version("16.4")
    assert facts.answers.value == Unavailable("no answer within 0.6 s", Cause.NO_ANSWER)
