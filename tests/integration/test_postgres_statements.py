"""PostgreSQL 15 with pg_stat_statements: slow statements, indexes, whole reads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.postgres.statements import Statements
from pytest_readiness.target.blocks.database import AccessTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import PostgresServer
    from pytest_readiness.target.blocks import PostgresBlock

T = TypeVar("T")
GRANT = "GRANT pg_read_all_stats TO app"
DAY = dt.timedelta(days=1)


@pytest.fixture
def server(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """Give a database whose statements are recorded, and that is emptied again."""
    sql = postgres_server.sql
    sql("CREATE EXTENSION IF NOT EXISTS pg_stat_statements", database="app")
    sql(GRANT)
    sql(
        "CREATE TABLE big (id int PRIMARY KEY, kind int, owner int);"
        "INSERT INTO big SELECT n, n % 7, n % 5 FROM generate_series(1, 3000) n;"
        "ANALYZE big; GRANT SELECT ON big TO app;"
        "SELECT pg_stat_statements_reset(); SELECT pg_stat_reset()",
        database="app",
    )
    yield postgres_server
    sql("DROP TABLE big; DROP EXTENSION pg_stat_statements", database="app")
    sql("REVOKE pg_read_all_stats FROM app")


def look(block: PostgresBlock) -> Statements:
    return Statements.gather(block, Look(Statements.source(block), 10.0))


def why(fact: Observed[T]) -> Unavailable:
    assert isinstance(fact.value, Unavailable)
    return fact.value


def as_app(server: PostgresServer, *statements: str) -> None:
    """Run SQL as the service's role, in one session."""
    server.sql("; ".join(["SET ROLE app", *statements]), database="app")


def test_the_slowest_mean_of_what_was_called_often(server: PostgresServer) -> None:
    as_app(server, *["SELECT pg_sleep(0.05)"] * 4, *["SELECT kind FROM big"] * 6)
    as_app(server, "SELECT pg_sleep(0.2), 1", "SET work_mem = '5MB'")
    seen = look(server.block(access=AccessTable(role="app")))

    often = seen.slowest(4)
    assert isinstance(often.value, dt.timedelta)
    assert dt.timedelta(milliseconds=50) <= often.value < dt.timedelta(seconds=5)
    assert "4 calls of" in often.detail
    assert "SELECT pg_sleep($1)" in often.detail
    fast = seen.slowest(6)
    assert isinstance(fast.value, dt.timedelta)
    assert fast.value < often.value
    statements = seen.statements.otherwise(())
    assert not [one for one in statements if "work_mem" in one.text]


def test_nothing_that_was_called_often_is_too_early(server: PostgresServer) -> None:
    reason = why(look(server.block()).slowest(10_000))
    assert reason.cause is Cause.TOO_EARLY
    assert reason.reason == "no statement was called 10000 times yet"


def test_only_the_services_role_counts_where_it_is_named(
    server: PostgresServer,
) -> None:
    server.sql("SELECT pg_sleep(0.01)", database="app")
    everybody = look(server.block()).statements.otherwise(())
    assert [one for one in everybody if "pg_sleep" in one.text]
    service = look(server.block(access=AccessTable(role="app")))
    assert not [s for s in service.statements.otherwise(()) if "pg_sleep" in s.text]


def test_others_statements_need_a_grant_that_is_named(server: PostgresServer) -> None:
    server.sql("SELECT 1 + 1", database="app")
    server.sql("REVOKE pg_read_all_stats FROM app")
    reason = why(look(server.block()).statements)
    server.sql(GRANT)
    assert reason.cause is Cause.WITHHELD
    assert reason.remedy == 'GRANT pg_read_all_stats TO "app"'


def test_without_the_extension_it_says_what_is_lacking(server: PostgresServer) -> None:
    server.sql("DROP EXTENSION pg_stat_statements", database="app")
    reason = why(look(server.block()).slowest(1))
    server.sql("CREATE EXTENSION pg_stat_statements", database="app")
    assert "CREATE EXTENSION pg_stat_statements" in reason.remedy


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        ("(kind)", "(kind)", True),
        ("(kind, owner)", "(kind, owner)", True),
        ("(kind, owner)", "(owner, kind)", False),
        ("(kind)", "(kind DESC)", False),
        ("(kind)", "(kind) WHERE kind > 1", False),
        ("(kind) WHERE kind > 1", "(kind) WHERE kind > 1", True),
        ("(abs(kind))", "(abs(kind))", True),
        ("(abs(kind))", "(abs(owner))", False),
        ("(kind)", "USING hash (kind)", False),
        ("(kind)", "(kind) INCLUDE (owner)", False),
        ("(kind)", "(kind int4_ops)", True),
    ],
)
def test_indexes_that_are_alike(
    first: str, second: str, *, alike: bool, server: PostgresServer
) -> None:
    for name, columns in (("one", first), ("two", second)):
        server.sql(f"CREATE INDEX {name} ON big {columns}", database="app")
    found = look(server.block()).duplicates.value
    assert found == (("big: one and two",) if alike else ())


def test_indexes_without_use(server: PostgresServer) -> None:
    server.sql(
        "CREATE INDEX idle ON big (kind); CREATE UNIQUE INDEX enforces ON big (id);"
        "CREATE TABLE owners (id int PRIMARY KEY);"
        "INSERT INTO owners SELECT generate_series(0, 4);"
        "ALTER TABLE big ADD FOREIGN KEY (owner) REFERENCES owners;"
        "CREATE INDEX of_key ON big (owner); CREATE TABLE quiet (id int);"
        "CREATE INDEX unread ON quiet (id)",
        database="app",
    )
    as_app(server, *["SELECT kind FROM big WHERE id = 7"] * 120)
    seen = look(server.block())
    server.sql("DROP TABLE owners CASCADE; DROP TABLE quiet", database="app")

    assert seen.unused(dt.timedelta(0)).value == ("idle",)
    young = seen.unused(7 * DAY)
    assert young.value == ()
    assert "judged after 7 d" in young.detail


def test_large_tables_read_as_a_whole(server: PostgresServer) -> None:
    as_app(server, *["SELECT count(*) FROM big WHERE kind = 3"] * 60)
    as_app(server, *["SELECT kind FROM big WHERE id = 7"] * 60)
    seen = look(server.block())
    (said,) = seen.sequential(2000, 0.1).otherwise(())
    assert said.startswith("big: 6")
    assert seen.sequential(2000, 0.9).value == ()
    assert seen.sequential(100_000, 0.1).value == ()


def test_replicas_reads_count_as_well(server: PostgresServer) -> None:
    as_app(server, *["SELECT count(*) FROM big WHERE kind = 3"] * 60)
    alone = look(server.block()).tables.otherwise({})["big"]
    # The same server again: all that it tells must count twice.
    both = look(server.block(replicas=("localhost",))).tables.otherwise({})["big"]
    assert both.sequential == 2 * alone.sequential
    down = look(server.block(replicas=("localhost", "127.0.0.99")))
    assert why(down.tables).reason == why(down.duplicates).reason


def test_a_server_that_is_down_says_nothing(server: PostgresServer) -> None:
    seen = look(server.block(port=9))
    for fact in (seen.slowest(1), seen.unused(DAY), seen.sequential(1, 0.1)):
        assert why(fact).reason == "connection refused"
