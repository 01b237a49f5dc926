"""What the catalogs of a real PostgreSQL tell a role that may do no more than connect.

Each fact is seen good and bad: roles and privileges, and the structure of the schema.
"""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.postgres.database import Database
from pytest_readiness.probes.postgres.structure import HEADS
from pytest_readiness.target.blocks.database import AccessTable, StructureTable
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import PostgresServer

    See = Callable[..., Database]

PASSWORD = "correct-horse-battery"

SCHEMA = """
CREATE SCHEMA sales;
CREATE TABLE contracts (symbol text PRIMARY KEY, strike numeric);
CREATE TABLE sales.orders (
    id int PRIMARY KEY, symbol text REFERENCES contracts, note text);
CREATE INDEX orders_by_symbol ON sales.orders (symbol);
CREATE TABLE sales.parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE sales.part PARTITION OF sales.parted FOR VALUES FROM (0) TO (9);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('bbb');
CREATE ROLE service LOGIN;
GRANT USAGE ON SCHEMA sales TO service;
GRANT SELECT ON contracts TO service;
GRANT SELECT, INSERT ON sales.orders TO service;
GRANT SELECT (version_num) ON alembic_version TO app;
"""
GONE = """
DROP SCHEMA sales CASCADE;
DROP TABLE contracts, alembic_version;
DROP OWNED BY service;
DROP ROLE service;
"""
ACCESS = AccessTable(
    role="service",
    privileges={"contracts": ("SELECT",), "sales.orders": ("SELECT", "INSERT")},
)
STRUCTURE = StructureTable(
    tables={"contracts": ("symbol", "strike"), "sales.orders": ("id", "note")},
    indexes=("sales.orders_by_symbol",),
    head="alembic",
    revision=("bbb",),
    earlier=("aaa",),
)
LISTS = (
    *("role_powers", "owned_tables", "lacking_privileges", "excess_privileges"),
    *("public_creates", "missing_tables", "missing_columns", "missing_indexes"),
    *("invalid_indexes", "tables_without_key", "unplaced_heads"),
)


@pytest.fixture(scope="module")
def shop(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    postgres_server.sql(SCHEMA, "app")
    yield postgres_server
    postgres_server.sql(GONE, "app")


@pytest.fixture
def see(shop: PostgresServer) -> See:
    def look(timeout: float = 5.0, **changes: object) -> Database:
        settings = {"access": ACCESS, "structure": STRUCTURE, **changes}
        block = shop.block(**settings)
        began = time.monotonic()
        facts = Database.gather(
            block, Look(Database.source(block), timeout, environment="production")
        )
        assert time.monotonic() - began < timeout + 2
        assert PASSWORD not in repr(facts)
        return facts

    return look


def why(fact: object) -> Unavailable:
    value = getattr(fact, "value", None)
    assert isinstance(value, Unavailable)
    return value


def test_a_good_database_has_nothing_to_object_to(see: See) -> None:
    facts = see()
    assert facts.exists.value is True
    assert facts.role_exists.value is True
    assert facts.role_migrates.value is False
    assert {name: getattr(facts, name).value for name in LISTS} == dict.fromkeys(
        LISTS, ()
    )
    assert facts.heads.value == facts.release_heads.value == ("bbb",)
    assert facts.heads.source.endswith("/app alembic")


class Bad(NamedTuple):
    fact: str
    seen: tuple[str, ...]
    done: str
    undone: str


CASES = {
    "superuser": Bad(
        *("role_powers", ("superuser",), "ALTER ROLE service SUPERUSER"),
        "ALTER ROLE service NOSUPERUSER",
    ),
    "several": Bad(
        *("role_powers", ("bypassrls", "createdb", "createrole", "replication")),
        "ALTER ROLE service CREATEDB CREATEROLE REPLICATION BYPASSRLS",
        "ALTER ROLE service NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
    ),
    "files": Bad(
        "role_powers",
        ("pg_write_server_files (through pg_write_server_files)",),
        "GRANT pg_write_server_files TO service",
        "REVOKE pg_write_server_files FROM service",
    ),
    "group": Bad(
        "role_powers",
        ("superuser (through admins)",),
        "CREATE ROLE mids; CREATE ROLE admins SUPERUSER; GRANT admins TO mids;"
        "GRANT mids TO service",
        "DROP ROLE mids, admins",
    ),
    "lacks": Bad(
        *("lacking_privileges", ("sales.orders: INSERT",)),
        "REVOKE INSERT ON sales.orders FROM service",
        "GRANT INSERT ON sales.orders TO service",
    ),
    "lacks schema": Bad(
        "lacking_privileges",
        ("sales.orders: USAGE on its schema", "sales.orders: USAGE on its schema"),
        "REVOKE USAGE ON SCHEMA sales FROM service",
        "GRANT USAGE ON SCHEMA sales TO service",
    ),
    "lacks database": Bad(
        "lacking_privileges",
        ("the database: CONNECT",),
        "REVOKE CONNECT ON DATABASE app FROM PUBLIC;"
        "GRANT CONNECT ON DATABASE app TO app",
        "GRANT CONNECT ON DATABASE app TO PUBLIC",
    ),
    "exceeds": Bad(
        *("excess_privileges", ("contracts: DELETE",)),
        "GRANT DELETE ON contracts TO service",
        "REVOKE DELETE ON contracts FROM service",
    ),
    "exceeds by a column": Bad(
        *("excess_privileges", ("contracts: UPDATE",)),
        "GRANT UPDATE (strike) ON contracts TO service",
        "REVOKE UPDATE (strike) ON contracts FROM service",
    ),
    "owns": Bad(
        *("owned_tables", ("sales.own",)),
        "CREATE TABLE sales.own (id int PRIMARY KEY);"
        "ALTER TABLE sales.own OWNER TO service",
        "DROP TABLE sales.own",
    ),
    "public": Bad(
        *("public_creates", ("public",), "GRANT CREATE ON SCHEMA public TO PUBLIC"),
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ),
    "no table": Bad(
        *("missing_tables", ("contracts",)),
        "ALTER TABLE contracts RENAME TO elsewhere",
        "ALTER TABLE elsewhere RENAME TO contracts",
    ),
    "no column": Bad(
        *("missing_columns", ("sales.orders: note",)),
        "ALTER TABLE sales.orders RENAME note TO elsewhere",
        "ALTER TABLE sales.orders RENAME elsewhere TO note",
    ),
    "no index": Bad(
        *("missing_indexes", ("sales.orders_by_symbol",)),
        "ALTER INDEX sales.orders_by_symbol RENAME TO elsewhere",
        "ALTER INDEX sales.elsewhere RENAME TO orders_by_symbol",
    ),
    "no key": Bad(
        *("tables_without_key", ("sales.log",), "CREATE TABLE sales.log (line text)"),
        "DROP TABLE sales.log",
    ),
    "behind": Bad(
        *("heads", ("aaa",), "UPDATE alembic_version SET version_num = 'aaa'"),
        "UPDATE alembic_version SET version_num = 'bbb'",
    ),
    "unknown": Bad(
        *("unplaced_heads", ("ccc",), "UPDATE alembic_version SET version_num = 'ccc'"),
        "UPDATE alembic_version SET version_num = 'bbb'",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_not_as_it_must_be_is_named(
    case: Bad, see: See, shop: PostgresServer
) -> None:
    shop.sql(case.done, "app")
    try:
        facts = see()
    finally:
        shop.sql(case.undone, "app")
    assert getattr(facts, case.fact).value == case.seen


def test_a_failed_build_leaves_an_invalid_index(see: See, shop: PostgresServer) -> None:
    shop.sql("INSERT INTO contracts VALUES ('a', 1), ('b', 1)", "app")
    try:
        with pytest.raises(subprocess.CalledProcessError):
            shop.sql(
                "CREATE UNIQUE INDEX CONCURRENTLY bad ON contracts (strike)", "app"
            )
        assert see().invalid_indexes.value == ("bad",)
    finally:
        shop.sql("DROP INDEX bad", "app")
        shop.sql("DELETE FROM contracts", "app")


def sleeping(shop: PostgresServer) -> bool:
    sleeps = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
    return shop.sql(sleeps, "app").strip() == "1"


def wait_until(so: Callable[[], bool]) -> None:
    over = time.monotonic() + 30
    while not so():
        assert time.monotonic() < over
        time.sleep(0.02)


def test_an_index_that_is_still_being_built_is_not_known(
    see: See, shop: PostgresServer
) -> None:
    hold = "BEGIN; INSERT INTO contracts VALUES ('c', 2); SELECT pg_sleep(60)"
    build = "CREATE INDEX CONCURRENTLY slow ON contracts (strike)"
    psql = [*shop.psql, "-d", "app", "-c"]
    with subprocess.Popen([*psql, hold]) as holding:
        # A build that begins before the other transaction waits for nothing.
        wait_until(lambda: sleeping(shop))
        with subprocess.Popen([*psql, build]) as building:
            try:
                wait_until(lambda: not see().invalid_indexes.available)
                facts = see()
            finally:
                shop.sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = 'app'"
                )
                holding.wait(10)
                building.wait(10)
                shop.sql("DROP INDEX IF EXISTS slow", "app")
    nothing = why(facts.invalid_indexes)
    assert nothing.reason == "slow: invalid, or still being built"
    assert nothing.cause is Cause.LOCAL


def test_an_owner_that_migrates_has_no_excess(see: See, shop: PostgresServer) -> None:
    own = "CREATE TABLE own (id int PRIMARY KEY); ALTER TABLE own OWNER TO service"
    shop.sql(own, "app")
    try:
        facts = see(access=ACCESS.model_copy(update={"migrates": True}))
    finally:
        shop.sql("DROP TABLE own", "app")
    assert facts.role_migrates.value is True
    assert facts.excess_privileges.value == ()


def test_the_role_is_the_one_that_logs_in_where_none_is_named(see: See) -> None:
    facts = see(access=AccessTable(privileges={"contracts": ("SELECT",)}))
    assert facts.role_exists.source.endswith("pg_roles")
    assert facts.lacking_privileges.value == ("contracts: SELECT",)
    assert facts.excess_privileges.value == ("alembic_version: SELECT",)


def test_a_role_that_is_not_there_is_seen(see: See) -> None:
    facts = see(access=ACCESS.model_copy(update={"role": "o'brien"}))
    assert facts.role_exists.value is False


def test_what_the_target_does_not_say_is_unconfigured(see: See) -> None:
    facts = see(access=None, structure=None)
    assert facts.public_creates.value == ()
    for name in ("role_powers", "excess_privileges", "missing_tables", "heads"):
        assert why(getattr(facts, name)).cause is Cause.UNCONFIGURED
    assert "[target.production.postgres]" in why(facts.heads).reason
    bare = see(access=AccessTable(role="service"), structure=StructureTable())
    for name in ("lacking_privileges", "missing_tables", "heads", "release_heads"):
        assert why(getattr(bare, name)).cause is Cause.UNCONFIGURED
    assert bare.role_powers.value == ()
    assert why(bare.unplaced_heads).cause is Cause.UNCONFIGURED


def test_without_earlier_heads_another_head_has_no_place(see: See) -> None:
    table = STRUCTURE.model_copy(update={"revision": ("ccc",), "earlier": ()})
    nothing = why(see(structure=table).unplaced_heads)
    assert nothing.reason == (
        "the target does not say `structure.earlier` in [target.production.postgres]"
    )


def test_patterns_excuse_tables_without_a_key(see: See, shop: PostgresServer) -> None:
    shop.sql("CREATE TABLE sales.ticks_1 (line text)", "app")
    try:
        table = STRUCTURE.model_copy(update={"no_primary_key": ("sales.ticks_*",)})
        assert see(structure=table).tables_without_key.value == ()
    finally:
        shop.sql("DROP TABLE sales.ticks_1", "app")


@pytest.mark.parametrize(
    ("tool", "made", "head"),
    [
        (
            "django",
            (
                "CREATE TABLE django_migrations (id int, app text, name text);"
                "INSERT INTO django_migrations VALUES (1, 'auth', '0001'),"
                " (2, 'shop', '0001'), (3, 'auth', '0002')"
            ),
            ("auth.0002", "shop.0001"),
        ),
        (
            "flyway",
            (
                "CREATE TABLE flyway_schema_history"
                " (installed_rank int, version text, success bool);"
                "INSERT INTO flyway_schema_history VALUES (1, '1', true),"
                " (2, '2', true),"
                " (3, NULL, true), (4, '3', false)"
            ),
            ("2",),
        ),
        (
            "liquibase",
            (
                "CREATE TABLE databasechangelog (id text, orderexecuted int);"
                "INSERT INTO databasechangelog VALUES ('a', 1), ('b', 2)"
            ),
            ("b",),
        ),
    ],
)
def test_heads_of_other_tools(
    tool: str, made: str, head: tuple[str, ...], see: See, shop: PostgresServer
) -> None:
    name = HEADS[tool].split(" FROM ")[1].split()[0]
    shop.sql(made, "app")
    table = STRUCTURE.model_copy(update={"head": tool, "revision": head})
    try:
        nothing = why(see(structure=table).heads)
        shop.sql(f"GRANT SELECT ON {name} TO app", "app")
        facts = see(structure=table)
    finally:
        shop.sql(f"DROP TABLE {name}", "app")
    assert nothing.cause is Cause.WITHHELD
    assert nothing.remedy == f'GRANT SELECT ON {name} TO "app"'
    assert facts.heads.value == head
    assert facts.unplaced_heads.value == ()
    keyless = facts.tables_without_key.value
    assert keyless == (() if tool == "liquibase" else (name,))


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("SELECT 'b' UNION SELECT 'a'", ("a", "b")),
        ("SELECT 1, 2", "the head's query gives more than one column"),
        ("COMMIT; DROP TABLE contracts", "the statement failed with SQLSTATE 42601"),
        ("DELETE FROM alembic_version", "the statement failed with SQLSTATE 25006"),
        ("SELECT pg_sleep(9)", "no answer within 1 s"),
    ],
)
def test_a_head_query_of_ones_own(query: str, seen: object, see: See) -> None:
    table = StructureTable(head_query=query, tables={"contracts": ()})
    facts = see(structure=table, timeout=1.0)
    value = facts.heads.value
    if isinstance(value, Unavailable):
        assert value.reason.startswith(str(seen))
    else:
        assert value == seen
    assert facts.missing_tables.value == ()


def test_alembics_scripts_give_the_releases_head(see: See, tmp_path: Path) -> None:
    (tmp_path / "1.py").write_text("revision = 'aaa'\ndown_revision = None\n")
    (tmp_path / "2.py").write_text("revision: str = 'bbb'\ndown_revision = 'aaa'\n")
    table = STRUCTURE.model_copy(
        update={"scripts": tmp_path, "revision": (), "earlier": ()}
    )
    facts = see(structure=table)
    assert facts.release_heads.value == ("bbb",)
    assert facts.unplaced_heads.value == ()


def test_a_database_that_is_not_there_is_seen(see: See) -> None:
    facts = see(database="absent")
    assert facts.exists.value is False
    assert why(facts.role_powers).reason == "the database does not exist"


def test_a_rejected_password_is_sent_once_by_all_looks(shop: PostgresServer) -> None:
    log = shop.socket_folder / "log"
    before = log.read_text().count("password authentication failed")
    block = shop.block(password=Secret("wrong-password", "env:X"))
    look = Look("demo", 5.0)
    reasons = {why(Database.gather(block, look).exists).reason for _ in range(3)}
    assert reasons == {"the server rejected the credential"}
    assert log.read_text().count("password authentication failed") == before + 1
