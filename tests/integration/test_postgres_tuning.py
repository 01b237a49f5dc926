"""How a real PostgreSQL is set up, and how that works out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.backup.scratch import Scratch
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.postgres.database import Database
from pytest_readiness.probes.postgres.session import Session
from pytest_readiness.probes.postgres.settings import connection_settings
from pytest_readiness.probes.postgres.tuning import CacheReads
from pytest_readiness.target.blocks import PostgresBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import PostgresServer

    See = Callable[..., Database]


@pytest.fixture
def see(postgres_server: PostgresServer) -> See:
    def look(**changes: object) -> Database:
        block = postgres_server.block(**{"ram": 64 << 20, **changes})
        return Database.gather(block, Look(Database.source(block), 10.0))

    return look


def test_settings_are_read_with_their_units(see: See) -> None:
    facts = see()
    assert facts.shared_buffers.value == 16 << 20
    assert facts.shared_buffers_share.value == 0.25
    assert facts.effective_cache_size.value == 4 << 30
    assert facts.work_memory_share.value == (4 << 20) * 30 / (64 << 20)
    assert facts.max_wal_size.value == 1 << 30
    assert facts.autovacuum.value is True
    assert facts.shared_buffers.unit == facts.max_wal_size.unit == "bytes"


def test_without_its_memory_a_share_is_unconfigured(see: See) -> None:
    value = see(ram=None).shared_buffers_share.value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.UNCONFIGURED
    assert "`ram`" in value.reason


def test_statistics_of_the_server_are_read(see: See) -> None:
    facts = see()
    reads = facts.cache_reads.value
    assert isinstance(reads, CacheReads)
    assert 0 < reads.hits <= reads.blocks
    share = facts.xid_age_share.value
    assert isinstance(share, float)
    assert 0 < share < 0.01
    assert "transactions" in facts.xid_age_share.detail


def test_dead_rows_of_a_large_table_are_seen(
    see: See, postgres_server: PostgresServer
) -> None:
    assert see().dead_share.value == 0
    postgres_server.sql(
        "CREATE TABLE big (id int) WITH (autovacuum_enabled = off);"
        "INSERT INTO big SELECT generate_series(1, 20000)",
        "app",
    )
    postgres_server.sql("DELETE FROM big WHERE id % 4 = 0", "app")
    try:
        facts = see()
    finally:
        postgres_server.sql("DROP TABLE big", "app")
    assert facts.dead_share.value == 0.25
    assert facts.dead_share.detail == "big"


def test_statements_are_recorded_once_the_extension_is_there(
    see: See, postgres_server: PostgresServer
) -> None:
    assert see().statements_recorded.value is False
    postgres_server.sql("CREATE EXTENSION pg_stat_statements", "app")
    try:
        facts = see()
    finally:
        postgres_server.sql("DROP EXTENSION pg_stat_statements", "app")
    assert facts.statements_recorded.value is True


def test_a_server_as_shipped_is_set_up_for_no_machine() -> None:
    with Scratch(None, Look("demo", 60.0)) as server:
        server.create()
        server.start()
        block = PostgresBlock(
            host=str(server.folder),
            port=server.port,
            database="postgres",
            user="postgres",
            sslmode="disable",
            ram=16 * 10**9,
        )
        with Session.open(connection_settings(block), Look("demo", 5.0)) as session:
            session.query("CREATE EXTENSION pg_stat_statements")
        facts = Database.gather(block, Look("demo", 10.0))
    share = facts.shared_buffers_share.value
    assert isinstance(share, float)
    assert share < 0.01
    # The extension is there, and its library was not loaded at the start.
    assert facts.statements_recorded.value is False
