"""``readiness grants``: what is printed for which target; servers hold it elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_readiness.cli import main

DOCS = Path(__file__).parents[3] / "docs"
HEAD = '[system]\nname = "shop"\n[release]\nversion = "1"\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


def target(folder: Path, table: str, text: str) -> None:
    (folder / "readiness.toml").write_text(f"{HEAD}[target.here.{table}]\n{text}")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["grants", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_without_a_target_file_it_is_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert printed(capsys, "postgres").splitlines() == [
        "-- for postgresql://db.example:5432/app (an example): this, and no more",
        'CREATE ROLE "readiness" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE;',
        'ALTER ROLE "readiness" SET default_transaction_read_only = on;',
        'GRANT CONNECT ON DATABASE "app" TO "readiness";',
        'GRANT pg_read_all_stats TO "readiness";',
        '-- then give it a password: \\password "readiness"',
        "-- without these it sees less, and the items say so:",
        '--   GRANT SELECT ON pg_hba_file_rules TO "readiness";',
        '--   GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO "readiness";',
        '--   GRANT SELECT (rolname, rolpassword) ON pg_authid TO "readiness";',
    ]
    assert printed(capsys, "redis").splitlines() == [
        "# for redis://cache.example:6379/0 (an example): this, and no more",
        "ACL SETUSER readiness reset +ping +info",
        "# then: ACL SETUSER readiness on #SHA256-OF-ITS-PASSWORD",
    ]


def test_the_documentation_shows_what_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (DOCS / "howto" / "before-a-run.md").read_text()

    for server in ("postgres", "redis"):
        shown = f"```console\n$ readiness grants {server}\n{printed(capsys, server)}```"
        assert shown in page


def test_it_is_for_the_targets_own_role(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    text = 'host = "db.shop"\ndatabase = "or\\"ders"\nuser = "looker"\n'
    target(folder, "postgres", text)
    told = json.loads(printed(capsys, "postgres", "--json"))

    assert told["account"] == "looker"
    assert told["server"] == 'postgresql://db.shop:5432/or"ders'
    assert told["grants"] == [
        'GRANT CONNECT ON DATABASE "or""ders" TO "looker"',
        'GRANT pg_read_all_stats TO "looker"',
    ]
    assert told["commands"][-2:] == [f"{grant};" for grant in told["grants"]]


def test_it_is_for_what_the_target_asks_of_the_database(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    target(
        folder,
        "postgres",
        """
        host = "db.shop"
        database = "orders"
        user = "looker"
        structure = { head = "alembic" }
        [target.here.postgres.contents]
        rows = { "orders" = 1, "sales.books" = 10 }
        assertions = [{ name = "none", sql = "SELECT count(*) FROM x", equals = 0 }]
        """,
    )
    told = json.loads(printed(capsys, "postgres", "--json"))

    assert sorted(told["grants"]) == [
        'GRANT CONNECT ON DATABASE "orders" TO "looker"',
        'GRANT SELECT ON "public"."orders" TO "looker"',
        'GRANT SELECT ON "sales"."books" TO "looker"',
        'GRANT SELECT ON alembic_version TO "looker"',
        'GRANT USAGE ON SCHEMA "sales" TO "looker"',
        'GRANT pg_read_all_stats TO "looker"',
    ]
    assert told["to_fill_in"] == ['GRANT SELECT ON {tables} TO "looker"']
    assert len(told["optional"]) == 3
    lines = printed(capsys, "postgres").splitlines()
    assert lines[-6:-3] == [
        "-- to be filled in:",
        '--   GRANT SELECT ON {tables} TO "looker";',
        "-- without these it sees less, and the items say so:",
    ]


def test_what_is_not_allowed_there_needs_no_grant(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    text = 'host = "db.shop"\ndatabase = "orders"\nuser = "looker"\n'
    whole = 'GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO "looker"'
    target(folder, "postgres", text)
    assert whole not in printed(capsys, "postgres")

    target(folder, "postgres", f'{text}[target.here]\nallow = ["restore"]\n')
    assert json.loads(printed(capsys, "postgres", "--json"))["to_fill_in"] == [whole]


@pytest.mark.parametrize(
    ("dsn", "account", "database"),
    [
        ("postgresql://looker:pass-word@db.shop/orders", "looker", "orders"),
        ("host=db.shop dbname=orders password=pass-word", "readiness", "orders"),
    ],
)
def test_a_dsn_says_the_same(
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    dsn: str,
    account: str,
    database: str,
) -> None:
    monkeypatch.setenv("DATABASE_URL", dsn)
    target(folder, "postgres", 'dsn = "${env:DATABASE_URL}"\n')
    out = printed(capsys, "postgres")

    assert f'GRANT CONNECT ON DATABASE "{database}" TO "{account}";' in out
    assert "pass-word" not in out


def test_a_dsn_that_is_not_set_leaves_the_database_open(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    target(folder, "postgres", 'dsn = "${env:DATABASE_URL}"\n')

    assert 'GRANT CONNECT ON DATABASE {dbname} TO "readiness";' in printed(
        capsys, "postgres"
    )


@pytest.mark.parametrize("user", ["", 'username = "default"\n'])
def test_the_default_user_is_not_reset(
    capsys: pytest.CaptureFixture[str], folder: Path, user: str
) -> None:
    target(folder, "redis", f'host = "cache.shop"\ndb = 2\n{user}')

    assert printed(capsys, "redis").splitlines()[1] == (
        "ACL SETUSER readiness reset +select +ping +info"
    )


UNSET = 'host = "${env:DATABASE_URL}"\ndatabase = "a"\nuser = "b"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[target.here.redis]\nhost = "cache.shop"\n', "[target.here.postgres]: is"),
        (f"[target.here.postgres]\n{UNSET}", "DATABASE_URL is not set"),
    ],
)
def test_a_target_without_the_server_is_exit_4(
    capsys: pytest.CaptureFixture[str], folder: Path, text: str, message: str
) -> None:
    (folder / "readiness.toml").write_text(HEAD + text)
    code = main(["grants", "postgres"])
    out, err = capsys.readouterr()

    assert (code, out) == (4, "")
    assert message in err
    assert err.count("\n") == 1


def test_another_server_is_exit_4() -> None:
    with pytest.raises(SystemExit) as left:
        main(["grants", "mongodb"])

    assert left.value.code == 4
