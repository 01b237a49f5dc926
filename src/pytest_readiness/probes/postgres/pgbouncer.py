"""PgBouncer: its sizes and who waits, as its console tells, and a way through it.

The console speaks the simple query protocol and knows no transactions, so its commands
go as they are; what goes through the pool is read-only as everywhere.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres import ASK, Postgres, session_looks
from pytest_readiness.probes.postgres.session import BEGIN, END, Session
from pytest_readiness.probes.postgres.settings import connection_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks.pgbouncer import PgbouncerBlock

__all__ = ["COMMANDS", "SAMPLES", "Pgbouncer"]

CONFIG, DATABASES, POOLS = "SHOW CONFIG", "SHOW DATABASES", "SHOW POOLS"
COMMANDS = (CONFIG, DATABASES, POOLS)
"""What the console is asked; one of its ``stats_users`` may."""
SAMPLES = 3
"""How many times it is asked who waits, since for a moment somebody always may."""

_CONSOLE = "pgbouncer"
_CEILING = 5

_Table = tuple["Mapping[str, str]", ...]


@dataclass(frozen=True, kw_only=True)
class Pgbouncer(Facts):
    """One PgBouncer."""

    block: ClassVar[str] = "pgbouncer"

    answers: Observed[bool]
    """Whether its console answers."""
    size_limit: Observed[int]
    """Connections that its pools may open to the server, with their reserves.

    Pools are those of the users that have come so far, one at least a database.
    """
    client_limit: Observed[int]
    """Clients that it lets in at the same time."""
    longest_wait: Observed[dt.timedelta]
    """The longest that a client had waited when looked at, of three looks."""
    in_use: Observed[float]
    """The fullest pool's active connections, of its size: the least of three looks."""
    lets_through: Observed[bool]
    """Whether several connections at once got an answer through it."""

    @classmethod
    def gather(cls, block: PgbouncerBlock, look: Look) -> Self:
        """Ask the console three times, and go through the pool once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PgbouncerBlock, look: Look) -> Self:
        settings = connection_settings(block.console)
        with Session.open(settings, look, look.brief(block.timeout)) as console:
            config = look.observe(lambda: console.table(CONFIG), what=CONFIG)
            databases = look.observe(lambda: console.table(DATABASES), what=DATABASES)
            samples = look.observe(lambda: _samples(console, block), what=POOLS)
            pools = samples.map(lambda taken: taken[-1])
            return cls(
                answers=config.map(bool),
                size_limit=_size_limit(databases, pools),
                client_limit=config.map(_client_limit),
                longest_wait=samples.map(_longest_wait),
                in_use=_in_use(samples, databases),
                lets_through=_through(block, look, _State(config, databases, pools)),
            )

    @classmethod
    def limit(cls, block: PgbouncerBlock) -> dt.timedelta:
        """Give it time for its three looks, beside that for an answer."""
        return block.timeout + (SAMPLES - 1) * block.interval

    @classmethod
    def looks(cls, block: PgbouncerBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what the console is asked, and who goes through."""
        commands = (PlannedLook("command", command) for command in COMMANDS)
        tried: tuple[PlannedLook, ...] = ()
        if block.client is not None:
            note = f"{block.client.connects} at once, as far as that many are free"
            tried = tuple(
                replace(look, note=note)
                for look in session_looks(
                    block.through(block.client),
                    *(PlannedLook("statement", s) for s in (BEGIN, ASK, END)),
                )
            )
        connection, *files = session_looks(block.console)
        console = PlannedLook("connection", connection.what)
        return (console, *commands, *files, *tried)

    @staticmethod
    def source(block: PgbouncerBlock) -> str:
        """Name the console: ``postgresql://pool.example:6432/pgbouncer``."""
        return Postgres.source(block.console)


@dataclass(frozen=True)
class _State:
    config: Observed[_Table]
    databases: Observed[_Table]
    pools: Observed[_Table]


def _samples(console: Session, block: PgbouncerBlock) -> tuple[_Table, ...]:
    taken: list[_Table] = []
    for number in range(SAMPLES):
        if number:
            time.sleep(block.interval.total_seconds())
        taken.append(_ours(console.table(POOLS), "database"))
    return tuple(taken)


def _ours(rows: Sequence[Mapping[str, str]], key: str) -> _Table:
    """Leave out the console's own."""
    return tuple(row for row in rows if row.get(key) != _CONSOLE)


def _longest_wait(samples: Sequence[_Table]) -> dt.timedelta:
    waits = (
        dt.timedelta(
            seconds=_number(row, "maxwait"), microseconds=_number(row, "maxwait_us")
        )
        for pools in samples
        for row in pools
    )
    return max(waits, default=dt.timedelta(0))


def _in_use(
    samples: Observed[tuple[_Table, ...]], databases: Observed[_Table]
) -> Observed[float]:
    """Say how full the fullest pool is; for a moment any may be full."""
    known = databases.value
    if isinstance(known, Unavailable):
        return samples.map(lambda _: known)
    sizes = {row.get("name"): _number(row, "pool_size") for row in known}

    def shares(pools: _Table) -> dict[tuple[str, str], float]:
        return {
            (pool["database"], pool["user"]): _number(pool, "sv_active") / size
            for pool in pools
            if (size := sizes.get(pool["database"], 0))
        }

    def fullest(taken: tuple[_Table, ...]) -> float:
        each = [shares(pools) for pools in taken]
        always = set(each[0]).intersection(*each)
        return max((min(one[key] for one in each) for key in always), default=0.0)

    return samples.map(fullest, unit="ratio")


def _size_limit(databases: Observed[_Table], pools: Observed[_Table]) -> Observed[int]:
    seen = pools.value

    def total(rows: _Table) -> int | Unavailable:
        if isinstance(seen, Unavailable):
            return seen
        return sum(_most(row, seen) for row in _ours(rows, "name"))

    return databases.map(total)


def _client_limit(config: _Table) -> int | Unavailable:
    for row in config:
        if row.get("key") == "max_client_conn":
            return _number(row, "value")
    return Unavailable("the console does not tell max_client_conn")


def _most(database: Mapping[str, str], pools: _Table) -> int:
    """Give how many connections one database's pools may open."""
    users = sum(pool["database"] == database["name"] for pool in pools)
    # Renamed in 1.23.
    reserve = database.get("reserve_pool_size", database.get("reserve_pool", "0"))
    most = max(users, 1) * (_number(database, "pool_size") + int(reserve or 0))
    ceiling = _number(database, "max_connections")
    return min(most, ceiling) if ceiling else most


def _through(block: PgbouncerBlock, look: Look, state: _State) -> Observed[bool]:
    client = block.client
    if client is None:
        reason = (
            f"the target names no `client` in [target.{look.environment}.pgbouncer]"
        )
        return look.seen(
            Unavailable(reason, Cause.UNCONFIGURED, "name who goes through the pool")
        )
    wanted = min(client.connects, _CEILING, _free(client.database, state))
    if wanted < 1:
        reason = "no connection of the pool is free, so none was tried"
        return look.seen(
            Unavailable(reason, Cause.LOCAL, "look again at a quieter time")
        )

    def attempt() -> bool:
        settings = connection_settings(block.through(client))
        with contextlib.ExitStack() as stack:
            for _ in range(wanted):
                brief = look.brief(block.timeout)
                session = stack.enter_context(Session.open(settings, brief))
                session.query(BEGIN)  # holds a connection of the server
                if session.query(ASK) != (("1",),):
                    return False
        return True

    return look.observe(attempt, what=client.database, detail=f"{wanted} at once")


def _free(database: str, state: _State) -> int:
    """Give how many connections may be taken without being in anybody's way."""
    config = {
        row.get("key", ""): row.get("value", "") for row in state.config.otherwise(())
    }
    pools = [p for p in state.pools.otherwise(()) if p.get("database") == database]
    clients = sum(
        _number(pool, "cl_active") + _number(pool, "cl_waiting")
        for pool in state.pools.otherwise(())
    )
    seats = _number(config, "max_client_conn") - clients
    sizes = [
        _number(row, "pool_size")
        for row in state.databases.otherwise(())
        if row.get("name") == database
    ]
    size = sizes[0] if sizes else _number(config, "default_pool_size")
    taken = max(
        (_number(p, "sv_active") + _number(p, "cl_waiting") for p in pools), default=0
    )
    return min(seats, size - taken)


def _number(row: Mapping[str, str], name: str) -> int:
    try:
        return int(row.get(name) or 0)
    except ValueError:
        reason = f"PgBouncer's console gives no number for {name}"
        raise LookError(reason, final=True) from None
