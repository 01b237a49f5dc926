"""What a real PostgreSQL demands of those who come over the network."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.postgres import defences
from pytest_readiness.probes.postgres.defences import Defences
from pytest_readiness.probes.postgres.tuning import CacheReads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import PostgresServer

    See = Callable[..., Defences]

PASSWORD = "correct-horse-battery"
APP = "app app 127.0.0.1/32"


@contextmanager
def admitting(server: PostgresServer, *rules: str) -> Iterator[None]:
    """Have rules before the server's own."""
    file = server.socket_folder / "data" / "pg_hba.conf"
    usual = file.read_text()
    file.write_text("".join(f"{rule}\n" for rule in rules) + usual)
    reloaded(server)
    try:
        yield
    finally:
        file.write_text(usual)
        reloaded(server)


def reloaded(server: PostgresServer) -> None:
    before = server.sql("SELECT pg_conf_load_time()")
    server.sql("SELECT pg_reload_conf()")
    over = time.monotonic() + 20
    while server.sql("SELECT pg_conf_load_time()") == before:
        assert time.monotonic() < over
        time.sleep(0.01)


@pytest.fixture
def see(postgres_server: PostgresServer) -> See:
    def look(**changes: object) -> Defences:
        block = postgres_server.block(**changes)
        facts = Defences.gather(block, Look(Defences.source(block), 10.0))
        assert PASSWORD not in repr(facts)
        return facts

    return look


@pytest.fixture
def granted(postgres_server: PostgresServer) -> Iterator[None]:
    """Let the role see rules and verifiers."""
    rules = "pg_hba_file_rules"
    grants = (f"{rules}", f"FUNCTION {rules}()", "(rolname, rolpassword) ON pg_authid")
    words = (f"SELECT ON {grants[0]}", f"EXECUTE ON {grants[1]}", f"SELECT {grants[2]}")
    for word in words:
        postgres_server.sql(f"GRANT {word} TO app", "app")
    yield
    for word in words:
        postgres_server.sql(f"REVOKE {word} FROM app", "app")


def test_a_good_server_shows_its_defences(see: See, granted: None) -> None:  # noqa: ARG001
    facts = see()
    assert facts.encrypted.value is True
    assert "data checksums off; logging of connections off" in facts.encrypted.detail
    assert facts.offers_tls.value is True
    assert facts.plaintext_refused.value is True
    assert facts.asks_for.value == "scram-sha-256"
    assert facts.stranger_refused.value is True
    assert facts.password_encryption.value == "scram-sha-256"
    assert facts.rules_shown.value is facts.verifiers_shown.value is True
    assert facts.weak_rules.value == facts.md5_roles.value == ()


def test_what_is_withheld_names_the_grant(see: See) -> None:
    facts = see()
    for fact, shown in (
        (facts.weak_rules, facts.rules_shown),
        (facts.md5_roles, facts.verifiers_shown),
    ):
        assert shown.value is False
        assert isinstance(fact.value, Unavailable)
        assert fact.value.cause is Cause.WITHHELD
        assert fact.value.remedy.startswith("GRANT SELECT")
        assert fact.value.remedy in facts.encrypted.detail
    assert facts.stranger_refused.value is True


def test_just_one_wrong_password_is_sent(
    see: See, postgres_server: PostgresServer
) -> None:
    log = postgres_server.socket_folder / "log"
    failed = "password authentication failed"
    before = log.read_text().count(failed)
    see(retries=3)
    assert log.read_text().count(failed) == before + 1


@pytest.mark.parametrize(
    ("rule", "fact", "value"),
    [
        (f"hostnossl {APP} scram-sha-256", "plaintext_refused", False),
        (f"hostnossl {APP} trust", "plaintext_refused", False),
        (f"hostssl {APP} trust", "stranger_refused", False),
        (f"hostssl {APP} trust", "asks_for", "nothing"),
        (f"hostssl {APP} password", "asks_for", "a password, in plain or as MD5"),
        ("host app all 10.1.0.0/16 trust", "weak_rules", "host 10.1.0.0 trust"),
        ("host app all samenet md5", "weak_rules", "host samenet md5"),
        ("hostssl app all all password", "weak_rules", "hostssl all password"),
        ("host app all db.example.com md5", "weak_rules", "host db.example.com md5"),
        ("host app all fe80::/10 trust", "weak_rules", "host fe80:: trust"),
    ],
)
def test_what_lets_others_in_is_seen(
    rule: str,
    fact: str,
    value: object,
    see: See,
    postgres_server: PostgresServer,
    granted: None,  # noqa: ARG001
) -> None:
    with admitting(postgres_server, rule):
        seen = getattr(see(), fact).value
    assert seen == ((f"line 1: {value}",) if fact == "weak_rules" else value)


def test_rules_for_this_machine_alone_are_not_weak(
    see: See,
    postgres_server: PostgresServer,
    granted: None,  # noqa: ARG001
) -> None:
    rules = ("host x all 127.0.0.0/8 trust", "host x all ::1/128 trust")
    with admitting(postgres_server, *rules, "host x all localhost md5"):
        assert see().weak_rules.value == ()


def test_a_role_with_an_md5_is_named(
    see: See,
    postgres_server: PostgresServer,
    granted: None,  # noqa: ARG001
) -> None:
    postgres_server.sql(
        "SET password_encryption = 'md5'; CREATE ROLE legacy PASSWORD 'old-days-x'"
    )
    try:
        assert see().md5_roles.value == ("legacy",)
    finally:
        postgres_server.sql("DROP ROLE legacy")


def test_a_client_certificate_is_asked_for(
    see: See, postgres_server: PostgresServer
) -> None:
    folder = postgres_server.pki.folder
    facts = see(
        user="badge",
        password=None,
        cert_file=folder / "badge.pem",
        key_file=folder / "badge.key",
    )
    assert facts.asks_for.value == "certificate"
    assert facts.stranger_refused.value is True
    assert facts.plaintext_refused.value is True


def test_a_socket_shows_nothing_of_the_network(
    see: See, postgres_server: PostgresServer
) -> None:
    folder = str(postgres_server.socket_folder)
    facts = see(host=folder, sslmode="disable", password=None)
    for name in ("encrypted", "plaintext_refused", "asks_for", "stranger_refused"):
        value = getattr(facts, name).value
        assert isinstance(value, Unavailable)
        assert value.cause is Cause.LOCAL
    assert facts.offers_tls.value is True


def test_a_session_without_tls_is_seen_to_be_one(
    see: See, postgres_server: PostgresServer
) -> None:
    with admitting(postgres_server, f"host {APP} scram-sha-256"):
        facts = see(sslmode="disable")
    assert facts.encrypted.value is False
    assert facts.plaintext_refused.value is False


def test_an_old_libpq_cannot_tell_the_log_in(
    see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(defences.pq, "version", lambda: 150_000)
    value = see().asks_for.value
    assert value == Unavailable("libpq 16 or newer is needed to see it", Cause.LOCAL)


@pytest.mark.parametrize("kind", ["hangs", "talks_nonsense", "http", "floods"])
def test_a_hostile_server_has_no_defences(kind: str, see: See) -> None:
    with getattr(hostile, kind)() as server:
        block_changes = {"port": server.port, "sslmode": "disable"}
        began = time.monotonic()
        facts = see(**block_changes)
        assert time.monotonic() - began < 15
    assert isinstance(facts.stranger_refused.value, Unavailable)
    assert facts.stranger_refused.value.cause is Cause.NO_ANSWER


def test_reads_of_the_cache_are_shown_with_their_number() -> None:
    assert str(CacheReads(95, 100)) == "95.0% of 100 blocks"
    assert CacheReads(0, 0).ratio == 1.0
