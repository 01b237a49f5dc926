"""Row floors, assertions and constraints of a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.postgres.contents import Contents, _cost
from pytest_readiness.target.blocks.database import Assertion, ContentsTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import PostgresServer

    See = Callable[..., Contents]

HALF_A_SECOND = dt.timedelta(seconds=0.5)

SCHEMA = """
CREATE TABLE items (id int PRIMARY KEY);
INSERT INTO items SELECT generate_series(1, 5);
CREATE TABLE closed (id int PRIMARY KEY);
CREATE TABLE lines (id int REFERENCES items, size int);
GRANT SELECT ON items, lines TO app;
"""
GONE = "DROP TABLE lines, items, closed"


@pytest.fixture(scope="module")
def stock(postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    postgres_server.sql(SCHEMA, "app")
    yield postgres_server
    postgres_server.sql(GONE, "app")


@pytest.fixture
def see(stock: PostgresServer) -> See:
    def look(table: ContentsTable | None, **changes: object) -> Contents:
        block = stock.block(contents=table, **changes)
        limit = Contents.limit(block).total_seconds()
        began = time.monotonic()
        facts = Contents.gather(block, Look(Contents.source(block), limit))
        assert time.monotonic() - began < limit + 2
        return facts

    return look


def test_assertions_alone_are_invariants(see: See) -> None:
    table = ContentsTable(
        rows={"items": 1},
        assertions=(Assertion(name="claim", sql="SELECT 0", equals=0),),
    )
    facts = see(table)
    assert [one.name for one in facts.expectations.otherwise(())] == [
        "rows of items",
        "claim",
    ]
    assert [one.name for one in facts.invariants.otherwise(())] == ["claim"]
    nothing = see(None).invariants.value
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.UNCONFIGURED


def claim(sql: str, **bounds: object) -> ContentsTable:
    if not bounds:
        bounds = {"equals": 0}
    return ContentsTable(assertions=(Assertion(name="claim", sql=sql, **bounds),))


def only(facts: Contents) -> tuple[object, bool]:
    expectations = facts.expectations.value
    assert not isinstance(expectations, Unavailable)
    (one,) = expectations
    value = one.value.value
    return value, not isinstance(value, Unavailable) and one.holds(value)


def test_rows_are_counted_up_to_their_floor(see: See) -> None:
    assert only(see(ContentsTable(rows={"items": 5}))) == ("5", True)
    assert only(see(ContentsTable(rows={"items": 3}))) == ("3", True)
    assert only(see(ContentsTable(rows={"items": 6}))) == ("5", False)


def test_a_table_that_the_role_may_not_read_names_the_grant(see: See) -> None:
    nothing, _ = only(see(ContentsTable(rows={"closed": 1})))
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.WITHHELD
    assert nothing.remedy == 'GRANT SELECT ON "public"."closed" TO "app"'


@pytest.mark.parametrize(
    ("bounds", "holds"),
    [
        ({"equals": 5}, True),
        ({"equals": "5"}, True),
        ({"equals": 5.0}, True),
        ({"equals": 4}, False),
        ({"at_least": 5}, True),
        ({"at_least": 6}, False),
        ({"at_most": 5}, True),
        ({"at_most": 4.5}, False),
        ({"at_least": 1, "at_most": 4}, False),
    ],
)
def test_an_assertion_is_off_by_one_or_holds(
    bounds: dict[str, object], holds: object, see: See
) -> None:
    found = only(see(claim("SELECT count(*) FROM items", **bounds)))
    assert found == ("5", holds)


def test_texts_are_compared_as_they_are(see: See) -> None:
    assert only(see(claim("SELECT 'a'", equals="a"))) == ("a", True)
    assert only(see(claim("SELECT 'a'", at_least=1))) == ("a", False)
    assert only(see(claim("SELECT 'NaN'", at_least=1))) == ("NaN", False)
    assert only(see(claim("SELECT NULL", equals=0))) == ("", False)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT 1, 2", "the SELECT does not give just one value"),
        ("SELECT id FROM items", "the SELECT does not give just one value"),
        ("SELECT * FROM absent", "the statement failed with SQLSTATE 42P01"),
        ("SELECT count(*) FROM closed", "the role may not read this"),
        ("DELETE FROM items", "the role may not read this"),
        ("SELECT 1; DROP TABLE items", "the statement failed with SQLSTATE 42601"),
        ("COMMIT", "the statement failed with SQLSTATE 42601"),
        ("SELECT 1 FROM items FOR UPDATE", "the role may not read this"),
    ],
)
def test_what_is_no_single_select_is_not_believed(
    sql: str, reason: str, see: See, stock: PostgresServer
) -> None:
    facts = see(claim(sql))
    nothing, _ = only(facts)
    assert isinstance(nothing, Unavailable)
    assert nothing.reason == reason
    assert facts.unvalidated.value == ()
    assert stock.sql("SELECT count(*) FROM items", "app").strip() == "5"


def test_a_writing_function_meets_a_read_only_transaction(
    see: See, stock: PostgresServer
) -> None:
    stock.sql(
        "CREATE FUNCTION wipe() RETURNS int SECURITY DEFINER LANGUAGE sql"
        " AS 'DELETE FROM lines; SELECT 0'",
        "app",
    )
    try:
        nothing, _ = only(see(claim("SELECT wipe()")))
    finally:
        stock.sql("DROP FUNCTION wipe()", "app")
    assert isinstance(nothing, Unavailable)
    assert nothing.reason == "the statement failed with SQLSTATE 25006"


def test_a_select_that_costs_too_much_is_not_run(see: See) -> None:
    dear = "SELECT count(*) FROM items a, items b, items c, items d, items e"
    nothing, _ = only(see(claim(dear)))
    assert isinstance(nothing, Unavailable)
    assert nothing.reason.startswith("not run: the planner expects a cost of ")
    assert "raise it" in nothing.remedy


def test_a_select_that_takes_too_long_is_cancelled(see: See) -> None:
    table = claim("SELECT 0 FROM pg_sleep(30)")
    brief = table.model_copy(update={"timeout": HALF_A_SECOND})
    nothing, _ = only(see(brief, timeout=HALF_A_SECOND))
    assert isinstance(nothing, Unavailable)
    assert nothing.reason.startswith("no answer within 0.5 s")


def test_constraints_that_are_not_validated_are_listed(
    see: See, stock: PostgresServer
) -> None:
    stock.sql(
        "ALTER TABLE lines ADD CONSTRAINT sized CHECK (size > 0) NOT VALID", "app"
    )
    try:
        facts = see(ContentsTable(rows={"items": 1}))
    finally:
        stock.sql("ALTER TABLE lines DROP CONSTRAINT sized", "app")
    assert facts.unvalidated.value == ("lines: sized",)


def test_nothing_declared_is_unconfigured(see: See) -> None:
    nothing = see(None).expectations.value
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.UNCONFIGURED
    assert see(ContentsTable()).expectations.value == ()


def test_a_replica_is_asked_instead(see: See, stock: PostgresServer) -> None:
    table = ContentsTable(rows={"items": 5}, host="::1", port=stock.port)
    facts = see(table, host="127.0.0.1", port=1)
    assert only(facts) == ("5", True)
    assert facts.expectations.source.startswith(f"postgresql://[::1]:{stock.port}/app")


def test_a_silent_server_costs_the_short_limit_only(stock: PostgresServer) -> None:
    table = ContentsTable(rows={"items": 5})
    with hostile.hangs() as server:
        block = stock.block(port=server.port, contents=table, timeout=HALF_A_SECOND)
        began = time.monotonic()
        facts = Contents.gather(block, Look("demo", 10.0))
        assert time.monotonic() - began < 5
    nothing = facts.unvalidated.value
    assert isinstance(nothing, Unavailable)
    assert nothing.reason == "no answer within 0.5 s (the connection was accepted)"


def test_a_plan_without_a_cost_is_no_plan() -> None:
    assert _cost(json.dumps([{"Plan": {"Total Cost": 1.5}}])) == 1.5
    for plan in ("", "[]", "{}", '[{"Plan": 1}]'):
        with pytest.raises(LookError, match="names no cost"):
            _cost(plan)
