"""Debian's real PgBouncer before a real PostgreSQL, and the demo's stand-in for it."""

from __future__ import annotations

import contextlib
import datetime as dt
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.pgbouncer import Pool, pgbouncer
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.postgres import Postgres
from pytest_readiness.probes.postgres.pgbouncer import COMMANDS, Pgbouncer
from pytest_readiness.target.blocks.pgbouncer import ClientTable, PgbouncerBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Bouncer, PostgresServer, StartBouncer

    See = Callable[..., Pgbouncer]

PASSWORD = "correct-horse-battery"
CLIENT = ClientTable(database="app", user="app", password=Secret(PASSWORD, "env:DB"))


@pytest.fixture(scope="module")
def bouncer(
    start_bouncer: StartBouncer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bouncer]:
    with start_bouncer(tmp_path_factory.mktemp("bouncer")) as one:
        yield one


def block(bouncer: Bouncer, **changes: object) -> PgbouncerBlock:
    settings: dict[str, object] = {
        "host": "127.0.0.1",
        "port": bouncer.port,
        "user": "looks",
        "password": Secret(PASSWORD, "env:POOL"),
        "ca_file": bouncer.pki.ca_file,
        "interval": dt.timedelta(milliseconds=50),
        "client": CLIENT,
    }
    settings |= changes
    return PgbouncerBlock(**{k: v for k, v in settings.items() if v is not None})


def seen(block: PgbouncerBlock) -> Pgbouncer:
    limit = Pgbouncer.limit(block).total_seconds()
    began = time.monotonic()
    look = Look(Pgbouncer.source(block), limit, environment="production")
    facts = Pgbouncer.gather(block, look)
    assert time.monotonic() - began < limit + 3
    assert PASSWORD not in repr(facts)
    return facts


def test_a_good_pool_is_seen(bouncer: Bouncer) -> None:
    facts = seen(block(bouncer))
    assert facts.answers.value is True
    assert facts.size_limit.value == 8
    assert facts.client_limit.value == 100
    assert facts.longest_wait.value == dt.timedelta(0)
    assert (facts.in_use.value, facts.in_use.unit) == (0.0, "ratio")
    assert facts.lets_through.value is True
    assert facts.lets_through.detail == "5 at once"
    assert facts.size_limit.source == (
        f"postgresql://127.0.0.1:{bouncer.port}/pgbouncer {COMMANDS[1]}"
    )


def test_a_ceiling_of_the_database_bounds_its_pools(
    start_bouncer: StartBouncer, tmp_path: Path
) -> None:
    with start_bouncer(tmp_path, size=20, ceiling=7) as one:
        assert seen(block(one)).size_limit.value == 7


def test_a_client_that_waits_is_seen(
    start_bouncer: StartBouncer, tmp_path: Path
) -> None:
    with (
        start_bouncer(tmp_path, size=1) as one,
        contextlib.ExitStack() as stack,
    ):
        words = (
            f"host=127.0.0.1 port={one.port} user=app dbname=app sslmode=require"
            f" password={PASSWORD}"
        )
        first = stack.enter_context(psycopg.connect(words))
        first.execute("SELECT 1")  # and keeps its transaction open
        ask = f"import psycopg; psycopg.connect('{words}').execute('SELECT 1')"
        waiting = subprocess.Popen([sys.executable, "-c", ask])
        try:
            over = time.monotonic() + 20
            facts = seen(block(one))
            while facts.longest_wait.otherwise(dt.timedelta(0)) < dt.timedelta(
                seconds=1
            ):
                assert time.monotonic() < over
                facts = seen(block(one))
        finally:
            waiting.kill()
            waiting.wait(10)
    assert facts.in_use.value == 1.0
    nothing = facts.lets_through.value
    assert isinstance(nothing, Unavailable)
    assert nothing.reason == "no connection of the pool is free, so none was tried"
    assert nothing.cause is Cause.LOCAL


def test_a_try_needs_somebody_who_makes_it(bouncer: Bouncer) -> None:
    nothing = seen(block(bouncer, client=None)).lets_through.value
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.UNCONFIGURED
    assert "[target.production.pgbouncer]" in nothing.reason


def test_who_the_server_does_not_know_does_not_come_through(bouncer: Bouncer) -> None:
    absent = CLIENT.model_copy(update={"database": "absent"})
    nothing = seen(block(bouncer, client=absent)).lets_through.value
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.NO_ANSWER


def test_who_may_not_see_the_console_sees_nothing(bouncer: Bouncer) -> None:
    nothing = seen(block(bouncer, user="app")).answers.value
    assert isinstance(nothing, Unavailable)
    wrong = block(bouncer, password=Secret("wrong-password", "env:X"))
    nothing = seen(wrong).answers.value
    assert isinstance(nothing, Unavailable)
    assert nothing.reason == "the server rejected the credential"
    assert nothing.cause is Cause.NO_ANSWER


def test_start_up_options_are_refused_and_so_never_sent(bouncer: Bouncer) -> None:
    words = (
        f"host=127.0.0.1 port={bouncer.port} user=app dbname=app sslmode=require"
        f" password={PASSWORD}"
    )
    with pytest.raises(psycopg.OperationalError, match="unsupported startup parameter"):
        psycopg.connect(f"{words} options='-c statement_timeout=1000'")
    through = block(bouncer).through(CLIENT)
    facts = Postgres.gather(through, Look("demo", 5.0))
    assert facts.answers.value is True


@pytest.mark.parametrize(
    "kind", ["hangs", "talks_nonsense", "http", "floods", "breaks_off"]
)
def test_a_hostile_pool_is_named_within_its_limit(kind: str, bouncer: Bouncer) -> None:
    with getattr(hostile, kind)() as server:
        hanging = block(
            bouncer,
            port=server.port,
            sslmode="disable",
            timeout=dt.timedelta(seconds=0.6),
        )
        nothing = seen(hanging).answers.value
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.NO_ANSWER


def test_the_stand_in_speaks_as_the_real_one_does(
    bouncer: Bouncer, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    socket = postgres_server.socket_folder / f".s.PGSQL.{postgres_server.port}"
    pool = Pool("app", socket, PASSWORD, size=6, reserve=2)
    context = postgres_server.pki.authority.issue().server_context(tmp_path, "own")
    with pgbouncer(pool, context) as listener:
        facts = seen(block(bouncer, port=listener.port))
        assert facts.answers.value is True
        assert facts.size_limit.value == 8
        assert facts.lets_through.value is True
        wrong = block(bouncer, port=listener.port, password=Secret("wrong-one", "x"))
        nothing = seen(wrong).answers.value
        assert isinstance(nothing, Unavailable)
        assert nothing.reason == "the server rejected the credential"
        plain = seen(block(bouncer, port=listener.port, sslmode="disable"))
        assert isinstance(plain.answers.value, Unavailable)
        assert plain.answers.value.reason == "the server wants TLS"
        words = f"host=127.0.0.1 port={listener.port} user=app dbname=app sslmode="
        with pytest.raises(psycopg.OperationalError, match="startup parameter"):
            psycopg.connect(f"{words}require options='-c work_mem=1MB'")
        console = words.replace("dbname=app", "dbname=pgbouncer")
        with psycopg.connect(f"{console}require password={PASSWORD}") as connection:
            result = connection.pgconn.exec_(b"BEGIN")
            assert b"invalid command" in result.error_message
    with pgbouncer(Pool("app", socket, PASSWORD, waits=1.5), context) as listener:
        facts = seen(block(bouncer, port=listener.port))
        assert facts.longest_wait.value == dt.timedelta(seconds=1.5)
