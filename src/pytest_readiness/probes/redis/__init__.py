"""Redis or Valkey as one connection sees it: version, memory, speed, persistence.

Read-only, and closed: :data:`COMMANDS` is all that is ever sent after the log-in. What
``CONFIG`` would tell is read from ``INFO``: managed services forbid ``CONFIG``.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from packaging.version import InvalidVersion, Version

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.network import leaves_host
from pytest_readiness.probes.planned import PlannedLook, files, trust_files
from pytest_readiness.probes.redis.info import Info, Lookups, lookups, persistence
from pytest_readiness.probes.redis.session import NOT_REDIS, Session

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import RedisBlock

__all__ = ["COMMANDS", "ROUND_TRIPS", "Lookups", "Redis", "version_of"]

SECTIONS = ("server", "memory", "persistence", "stats")
PING = "PING"
COMMANDS = (PING, *(f"INFO {section}" for section in SECTIONS))
"""Every command sent after ``AUTH`` and ``SELECT``; they need ``+info +ping``."""

ROUND_TRIPS = 20
"""How many PINGs a median is taken over."""


@dataclass(frozen=True, kw_only=True)
class Redis(Facts):
    """One Redis-compatible server, seen through one connection."""

    block: ClassVar[str] = "redis"
    needs_quiet: ClassVar[bool] = True

    answers: Observed[bool]
    """Yes once ``PING`` brought ``PONG``; the detail says whether over TLS."""
    version: Observed[Version]
    """``redis_version``; Valkey keeps it at 7.2.4, and its own is in the detail."""
    maxmemory: Observed[int]
    """Bytes; 0 is no limit at all."""
    eviction_policy: Observed[str]
    """``maxmemory_policy``, such as ``allkeys-lru``."""
    role: Observed[str]
    """``cache`` or ``store``, as the target declares it; nothing tells them apart."""
    round_trip: Observed[dt.timedelta]
    """Median of :data:`ROUND_TRIPS` PINGs on the open connection."""
    same_network: Observed[bool]
    """Whether the server is near: as the target says, else by its address.

    Near are a Unix socket, loopback and private addresses (RFC 1918, RFC 4193).
    """
    persistence: Observed[bool]
    """Whether data outlives a restart: append-only file, or snapshots that succeed."""
    lookups: Observed[Lookups]
    """How many keys were looked up since the start, and found."""

    encrypted: Observed[bool]
    """Whether this connection runs over TLS."""
    leaves_host: Observed[bool]
    """Whether the server is on another host than this one."""

    @classmethod
    def gather(cls, block: RedisBlock, look: Look) -> Self:
        """Open one connection and ask."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: RedisBlock, look: Look) -> Self:
        with Session.open(block, look) as session:
            return cls._read(block, session, look)

    @classmethod
    def _read(cls, block: RedisBlock, session: Session, look: Look) -> Self:
        answers = _answers(session, look)
        server, memory, kept, stats = (
            Info.read(session, look, name) for name in SECTIONS
        )
        return cls(
            answers=answers,
            version=server.fact(
                "redis_version",
                version_of,
                detail=server.flavour,
                absent=Cause.NO_ANSWER,
            ),
            maxmemory=memory.fact("maxmemory", int, unit="bytes"),
            eviction_policy=memory.fact("maxmemory_policy", str),
            round_trip=_round_trip(answers, session, look),
            role=look.seen(block.role, detail="as the target says"),
            same_network=_same_network(block, session, look),
            persistence=persistence(kept, server, look),
            encrypted=look.seen(session.encrypted),
            leaves_host=look.seen(leaves_host(block.host or "")),
            lookups=lookups(stats),
        )

    @classmethod
    def looks(cls, block: RedisBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent: one connection, its log-in, the commands."""
        user = block.username or "default"
        secure = "over TLS" if block.tls else "without TLS"
        log_in = [PlannedLook("command", "AUTH {user} {password}")]
        select = [PlannedLook("command", f"SELECT {block.db}", grant="+select")]
        return (
            PlannedLook("connection", f"as {user}, {secure}"),
            *(log_in if block.username or block.password else []),
            *(select if block.db else []),
            *(_planned(command) for command in COMMANDS),
            *(trust_files(block.ca_file) if block.tls else ()),
            *files(block.cert_file, block.key_file),
        )

    @staticmethod
    def source(block: RedisBlock) -> str:
        """Name the server: ``redis://cache.example:6379/0``, ``rediss`` with TLS."""
        if block.socket is not None:
            return f"unix://{block.socket}"
        host = block.host or ""
        if ":" in host:
            host = f"[{host}]"
        return f"{'rediss' if block.tls else 'redis'}://{host}:{block.port}/{block.db}"


def _planned(command: str) -> PlannedLook:
    name = command.partition(" ")[0].lower()
    note = f"{ROUND_TRIPS + 1} times at most" if command == PING else ""
    return PlannedLook("command", command, grant=f"+{name}", note=note)


def version_of(text: str) -> Version:
    """Read a version; raise ValueError where it is none."""
    try:
        return Version(text)
    except InvalidVersion:
        raise ValueError(text) from None


def _ping(session: Session) -> float:
    """Give the seconds that one PING took."""
    began = time.perf_counter()
    if session.ask(PING) != b"PONG":
        raise LookError(NOT_REDIS)
    return time.perf_counter() - began


def _answers(session: Session, look: Look) -> Observed[bool]:
    detail = "over TLS" if session.encrypted else "without TLS"
    began = time.perf_counter()
    value: bool | Unavailable = True
    try:
        _ping(session)
    except LookError as error:
        # It answered that this user may not ask: the other facts may still be read.
        if error.unavailable.cause is not Cause.WITHHELD:
            raise
        value = error.unavailable
    took = dt.timedelta(seconds=time.perf_counter() - began)
    return look.seen(value, what=PING, detail=detail, duration=took)


def _round_trip(
    answers: Observed[bool], session: Session, look: Look
) -> Observed[dt.timedelta]:
    """Measure; a server too slow for all samples in time still gets a median."""
    if isinstance(answers.value, Unavailable):
        return look.seen(answers.value, what=PING)
    enough = look.remaining() / 2
    began = time.perf_counter()
    samples = [_ping(session)]
    while len(samples) < ROUND_TRIPS and look.remaining() > enough:
        samples.append(_ping(session))
    return look.seen(
        dt.timedelta(seconds=statistics.median(samples)),
        what=PING,
        detail=f"median of {len(samples)}, slowest {max(samples) * 1000:.1f} ms",
        duration=dt.timedelta(seconds=time.perf_counter() - began),
    )


def _same_network(block: RedisBlock, session: Session, look: Look) -> Observed[bool]:
    if block.same_network is not None:
        return look.seen(block.same_network, detail="as the target says")
    return look.seen(session.near, detail="by the server's address")
