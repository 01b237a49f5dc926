"""PostgreSQL as one session sees it: its version, and whether it answers.

Read-only, and closed: :data:`STATEMENTS` is all that is ever sent. Nothing is sent as
start-up ``options``, which PgBouncer refuses.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from packaging.version import Version

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.network import leaves_host
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres.connecting import each_host
from pytest_readiness.probes.postgres.session import BEGIN, END, TIMEOUT, Session
from pytest_readiness.probes.postgres.settings import (
    FILES,
    connection_settings,
    shown_settings,
)
from pytest_readiness.probes.support import (
    POSTGRESQL,
    postgresql_branch,
    support_note,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import PostgresBlock

__all__ = [
    "CONNECT",
    "STATEMENTS",
    "Postgres",
    "quoted",
    "session_looks",
    "version_of",
]

ASK = "SELECT 1"
STATEMENTS = (BEGIN, TIMEOUT, ASK, END)
"""Every statement that this probe sends; no grant beyond CONNECT is needed."""
CONNECT = "GRANT CONNECT ON DATABASE {dbname} TO {user}"

_FIRST_TWO_PART = 100_000
"""Since PostgreSQL 10, ``server_version_num`` has two parts: 150020 is 15.20."""


@dataclass(frozen=True, kw_only=True)
class Postgres(Facts):
    """One PostgreSQL server, seen through one read-only session."""

    block: ClassVar[str] = "postgres"

    answers: Observed[bool]
    """Yes once a read-only transaction answered; the detail says whether over TLS."""
    version: Observed[Version]
    """As the server reports it at the start-up; the detail notes the branch's support.

    libpq derives it from the parameter ``server_version``, so a server that is too old
    or too broken to run a statement still has one.
    """
    encrypted: Observed[bool]
    """Whether this session runs over TLS."""
    leaves_host: Observed[bool]
    """Whether the server is on another host than this one."""

    @classmethod
    def gather(cls, block: PostgresBlock, look: Look) -> Self:
        """Open one session and ask; two round trips beyond the start-up."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PostgresBlock, look: Look) -> Self:
        began = time.perf_counter()
        with Session.open(connection_settings(block), look) as session:
            took = dt.timedelta(seconds=time.perf_counter() - began)
            version = _version(session, look, took)
            return cls(
                answers=_answers(session, look),
                version=version,
                encrypted=look.seen(session.encrypted),
                leaves_host=look.seen(leaves_host(session.address)),
            )

    @classmethod
    def looks(cls, block: PostgresBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent: one session, one transaction."""
        return session_looks(
            block, *(PlannedLook("statement", statement) for statement in STATEMENTS)
        )

    @staticmethod
    def source(block: PostgresBlock) -> str:
        """Name the server: ``postgresql://db.example:5432/app``."""
        host, port, database = block.location
        if not host:
            return "postgresql"
        if ":" in host:
            host = f"[{host}]"
        return f"postgresql://{host}:{port}/{database}"


def _places(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Name each of several hosts, which are tried in turn; of one nothing is said."""
    hosts = [
        f"{one['host'] or one['hostaddr']}:{one['port']}" for one in each_host(settings)
    ]
    return tuple(hosts) if len(hosts) > 1 else ("",)


def session_looks(block: PostgresBlock, *looks: PlannedLook) -> tuple[PlannedLook, ...]:
    """Say beforehand that a session is opened, and what is done in it.

    ``{user}`` in the looks' grants is filled in.
    """
    settings = shown_settings(block)
    names = {
        word: quoted(settings[word]) if word in settings else f"{{{word}}}"
        for word in ("user", "dbname")
    }
    how = f"session as {names['user']}, sslmode {settings['sslmode']}"
    grant = CONNECT.format(**names)
    filled = (
        replace(look, grant=look.grant.replace("{user}", names["user"]))
        for look in looks
    )
    return (
        *(PlannedLook("connection", how, at, grant) for at in _places(settings)),
        *filled,
        *(PlannedLook("file", settings[w]) for w in FILES if w in settings),
    )


def _answers(session: Session, look: Look) -> Observed[bool]:
    def read() -> bool | Unavailable:
        return session.read(ASK) == (("1",),)

    detail = "over TLS" if session.encrypted else "without TLS"
    return look.observe(read, what=ASK, detail=detail)


def _version(session: Session, look: Look, took: dt.timedelta) -> Observed[Version]:
    number = session.server_version
    if number <= 0:
        nothing = Unavailable("the server reports no version", Cause.NO_ANSWER)
        return look.seen(nothing, what="server_version", duration=took)
    version = version_of(number)
    branch = postgresql_branch(version)
    note = support_note("PostgreSQL", branch, POSTGRESQL, look.now().date())
    return look.seen(version, what="server_version", detail=note, duration=took)


def quoted(name: str) -> str:
    """Quote a name as SQL wants it.

    >>> quoted("app")
    '"app"'
    """
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def version_of(number: int) -> Version:
    """Read ``server_version_num``: 150020 is 15.20, and 90624 of old was 9.6.24."""
    if number >= _FIRST_TWO_PART:
        return Version(f"{number // 10_000}.{number % 10_000}")
    return Version(f"{number // 10_000}.{number // 100 % 100}.{number % 100}")
