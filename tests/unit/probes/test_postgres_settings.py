from __future__ import annotations

from pathlib import Path

import pytest

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.errors import ProbeError
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.postgres import STATEMENTS, Postgres, version_of
from pytest_readiness.probes.postgres.connecting import each_host
from pytest_readiness.probes.postgres.settings import connection_settings
from pytest_readiness.target.blocks import PostgresBlock
from pytest_readiness.target.secret import Secret

PASSWORD = "correct-horse-battery"


def block(**changes: object) -> PostgresBlock:
    settings: dict[str, object] = {
        "host": "db.example",
        "database": "app",
        "user": "app",
    }
    return PostgresBlock(**{**settings, **changes})


def dsn(text: str | None, **changes: object) -> PostgresBlock:
    return PostgresBlock(dsn=Secret(text, "env:DATABASE_URL", "is not set"), **changes)


def test_the_parts_become_libpqs_words() -> None:
    settings = connection_settings(
        block(
            password=Secret(PASSWORD, "env:DB_PASSWORD"),
            port=6432,
            ca_file=Path("/etc/ca.pem"),
            cert_file=Path("/etc/app.pem"),
            key_file=Path("/etc/app.key"),
        )
    )
    assert settings == {
        "host": "db.example",
        "port": "6432",
        "dbname": "app",
        "user": "app",
        "password": PASSWORD,
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
        "sslcert": "/etc/app.pem",
        "sslkey": "/etc/app.key",
        "application_name": "pytest-readiness",
        "options": "",
        "client_encoding": "UTF8",
        "gssencmode": "disable",
        "target_session_attrs": "any",
        "requirepeer": "",
        "passfile": "/dev/null/none",
    }


def test_a_dsn_keeps_what_it_says_and_gets_the_rest() -> None:
    settings = connection_settings(
        dsn(
            f"postgresql://app:{PASSWORD}@db.example/app?sslmode=require"
            "&target_session_attrs=read-write&application_name=theirs"
        )
    )
    assert settings["sslmode"] == "require"
    assert settings["target_session_attrs"] == "read-write"
    assert settings["application_name"] == "pytest-readiness"
    assert settings["password"] == PASSWORD


def test_the_environment_fills_nothing_in(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = connection_settings(block())
    for name in ("PGOPTIONS", "PGPASSWORD", "PGSSLMODE", "PGTARGETSESSIONATTRS"):
        monkeypatch.setenv(name, "hostile")
    assert connection_settings(block()) == plain
    assert plain["options"] == plain["password"] == ""


def test_the_systems_authorities_are_trusted_where_none_are_named() -> None:
    assert connection_settings(block())["sslrootcert"]
    assert "sslrootcert" not in connection_settings(block(sslmode="require"))


def test_no_certificate_of_the_home_directory_is_presented() -> None:
    assert connection_settings(block())["sslcertmode"] == "disable"


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(ProbeError, match="env:DATABASE_URL: is not set"):
        connection_settings(dsn(None))


def test_a_dsn_that_libpq_does_not_understand_is_not_quoted() -> None:
    broken = dsn(f"host=db.example password={PASSWORD} sslmode=verify-full")
    broken.dsn._value = f"host=db.example {PASSWORD}"  # noqa: SLF001  # past the loading
    with pytest.raises(LookError, match="env:DATABASE_URL") as caught:
        connection_settings(broken)
    assert PASSWORD not in str(caught.value)
    assert caught.value.unavailable.cause is Cause.LOCAL
    assert caught.value.__cause__ is None


# ------------------------------------------------------------------------------- hosts


def test_lists_of_hosts_are_taken_apart() -> None:
    settings = {"host": "a,b", "port": "5432,6432", "dbname": "app"}
    assert [(one["host"], one["port"]) for one in each_host(settings)] == [
        ("a", "5432"),
        ("b", "6432"),
    ]


def test_one_port_serves_all_hosts_and_the_default_where_none_is_given() -> None:
    one_port = each_host({"host": "a,b", "port": "6432"})
    assert [one["port"] for one in one_port] == ["6432", "6432"]
    assert [one["port"] for one in each_host({"host": "a"})] == ["5432"]


def test_addresses_alone_are_hosts_too() -> None:
    hosts = list(each_host({"hostaddr": "10.0.0.1,10.0.0.2"}))
    assert [(one["host"], one["hostaddr"]) for one in hosts] == [
        ("", "10.0.0.1"),
        ("", "10.0.0.2"),
    ]


# ----------------------------------------------------------------------------- evidence


@pytest.mark.parametrize(
    ("where", "source"),
    [
        (block(), "postgresql://db.example:5432/app"),
        (block(host="::1"), "postgresql://[::1]:5432/app"),
        (
            dsn(f"postgresql://app:{PASSWORD}@db.example:6432/app"),
            "postgresql://db.example:6432/app",
        ),
        (dsn(None), "postgresql"),
    ],
)
def test_the_source_has_no_credentials(where: PostgresBlock, source: str) -> None:
    assert Postgres.source(where) == source


@pytest.mark.parametrize(
    ("number", "version"),
    [(150020, "15.20"), (120000, "12.0"), (110022, "11.22"), (90624, "9.6.24")],
)
def test_server_version_num_is_read(number: int, version: str) -> None:
    assert str(version_of(number)) == version


def test_the_statements_only_read() -> None:
    first, *_ = STATEMENTS
    assert first == "BEGIN READ ONLY"
    words = {statement.split()[0] for statement in STATEMENTS}
    assert words == {"BEGIN", "SET", "SELECT", "ROLLBACK"}
