"""``INFO``: sections of ``key:value`` lines, and the facts in them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.redis.session import Session

__all__ = [
    "LONGEST_DEFAULT_SAVE",
    "Info",
    "Lookups",
    "lookups",
    "parse",
    "persistence",
]

T = TypeVar("T")

LONGEST_DEFAULT_SAVE = dt.timedelta(hours=1)
"""``save 3600 1 300 100 60 10000``: with redis.conf's defaults any change is in a
snapshot after an hour at the latest."""

_ROUNDING = 2
"""Seconds by which two times that are whole seconds may differ."""

_NAME = re.compile(r"[\w.+-]{1,40}")


@dataclass(frozen=True)
class Lookups:
    """How many keys were looked up, and how many of them were there."""

    hits: int
    total: int

    @property
    def ratio(self) -> float:
        """Share of the hits; 1 where nothing was looked up."""
        return self.hits / self.total if self.total else 1.0

    def __str__(self) -> str:
        return f"{self.ratio:.1%} of {self.total} lookups"


@dataclass(frozen=True)
class Info:
    """One section, or why there is none."""

    section: str
    fields: Mapping[str, str]
    look: Look
    duration: dt.timedelta = dt.timedelta(0)
    withheld: Unavailable | None = None

    @classmethod
    def read(cls, session: Session, look: Look, section: str) -> Self:
        """Ask for one section.

        Raises:
            LookError: the connection failed; a missing permission does not raise.
        """
        fact = look.observe(lambda: _reply(session, section))
        reply = fact.value
        if isinstance(reply, Unavailable):
            if reply.cause is not Cause.WITHHELD:
                raise LookError(reply.reason, reply.cause, reply.remedy)
            return cls(section, {}, look, fact.duration, reply)
        return cls(section, parse(reply), look, fact.duration)

    def fact(
        self,
        key: str,
        convert: Callable[[str], T],
        *,
        unit: str = "",
        detail: str = "",
        absent: Cause = Cause.WITHHELD,
    ) -> Observed[T]:
        """Give one field; a managed server may leave some out."""
        value: T | Unavailable
        if self.withheld is not None:
            value = self.withheld
        elif key not in self.fields:
            value = Unavailable(f"INFO {self.section} has no {key}", absent)
        else:
            try:
                value = convert(self.fields[key])
            except ValueError:
                reason = f"INFO {self.section} has no usable {key}"
                value = Unavailable(reason, Cause.NO_ANSWER)
        return self.look.seen(
            value,
            unit=unit,
            what=f"INFO {self.section}: {key}",
            detail=detail,
            duration=self.duration,
        )

    def number(self, key: str) -> int | None:
        """Give a field that is a whole number; None where it is not."""
        text = self.fields.get(key, "")
        return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None

    @property
    def flavour(self) -> str:
        """Name a server that only looks like Redis: ``valkey 9.1.2``."""
        name = self.fields.get("server_name", "")
        version = self.fields.get(f"{name}_version", "")
        words = [word for word in (name, version) if _NAME.fullmatch(word)]
        return " ".join(words)


def lookups(stats: Info) -> Observed[Lookups]:
    """Read ``keyspace_hits`` and ``keyspace_misses``, of all databases together."""
    hits, misses = (stats.fact(f"keyspace_{name}", int) for name in ("hits", "misses"))
    missed = misses.value

    def both(found: int) -> Lookups | Unavailable:
        if isinstance(missed, Unavailable):
            return missed
        return Lookups(found, found + missed)

    return hits.map(both)


def _reply(session: Session, section: str) -> str:
    return session.ask("INFO", section).decode(errors="replace")


def parse(reply: str) -> dict[str, str]:
    """Read ``key:value`` lines; comments and anything else are left out."""
    pairs = (line.partition(":") for line in reply.splitlines() if line[:1] != "#")
    return {key: value for key, colon, value in pairs if colon}


def persistence(info: Info, server: Info, look: Look) -> Observed[bool]:
    """Judge from ``INFO`` whether data outlives a restart; ``CONFIG`` may be forbidden.

    Yes with an append-only file whose last write succeeded, or with snapshots of which
    one succeeded since the start. Without either there is a time in which nobody can
    tell: a snapshot is due :data:`LONGEST_DEFAULT_SAVE` after the start, and only where
    something was written.
    """
    if info.withheld is not None:
        value: bool | Unavailable = info.withheld
        detail = ""
    else:
        value, detail = _persists(info, server, look.now())
    return look.seen(
        value, what="INFO persistence", detail=detail, duration=info.duration
    )


def _persists(
    info: Info, server: Info, now: dt.datetime
) -> tuple[bool | Unavailable, str]:
    aof = info.number("aof_enabled")
    if aof is None:
        nothing = Unavailable("INFO persistence has no aof_enabled", Cause.WITHHELD)
        return nothing, ""
    if aof:
        if info.fields.get("aof_last_write_status", "ok") != "ok":
            return False, "the append-only file's last write failed"
        return True, "append-only file"
    return _snapshots(info, server, now)


def _snapshots(
    info: Info, server: Info, now: dt.datetime
) -> tuple[bool | Unavailable, str]:
    if info.fields.get("rdb_last_bgsave_status", "ok") != "ok":
        return False, "no append-only file, and the last snapshot failed"
    uptime = server.number("uptime_in_seconds")
    if uptime is None:
        nothing = Unavailable("INFO server has no uptime_in_seconds", Cause.WITHHELD)
        return nothing, ""
    start = now - dt.timedelta(seconds=uptime)
    if _saved_since(start, info):
        return True, "snapshots"
    none_yet = "no append-only file, and no snapshot since the start"
    due = start + LONGEST_DEFAULT_SAVE
    if now < due:
        reason = f"{none_yet}; one is due at {due:%Y-%m-%d %H:%M} UTC"
        return Unavailable(reason, Cause.TOO_EARLY), ""
    if info.number("rdb_changes_since_last_save") == 0:
        reason = (
            f"{none_yet}, for nothing was written; one is due after the first write"
        )
        return Unavailable(reason, Cause.TOO_EARLY), ""
    return False, none_yet


def _saved_since(start: dt.datetime, info: Info) -> bool:
    saves = info.number("rdb_saves")  # since Redis 7
    if saves is not None:
        return saves > 0
    last = info.number("rdb_last_save_time") or 0
    # At its start a server sets this to its start, rounded to a second.
    return last > start.timestamp() + _ROUNDING
