"""Environment Setup, where Debian's servers give the real command no answer."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_readiness.demo.standins import hostile

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Target

    Apply = Callable[["Target"], object]

DATABASE, CACHE = "DEBIAN_DB_PASSWORD", "DEBIAN_CACHE_PASSWORD"
SHORT, OVER = "600ms", "no answer within 0.6 s"
"""The limit of a look where no answer comes is what the case costs."""


class Silent(NamedTuple):
    """Nothing was seen: why, and the remedy, where there is one."""

    name: str
    """The table whose item changes, and how the target is bad."""
    apply: Apply
    reason: str
    remedy: str = ""
    state: str = "failed"


def foreign(table: str, opens: Callable[[], object]) -> Apply:
    def apply(target: Target) -> None:
        target.elsewhere(table, opens())
        target.set(table, timeout=SHORT)

    return apply


def changed(table: str, **settings: object) -> Apply:
    return lambda target: target.set(table, **settings)


def distrusts(table: str) -> Apply:
    return lambda target: target.distrust(table)


def mistaken(variable: str) -> Apply:
    return lambda target: target.mistake(variable)


def ended(target: Target) -> None:
    with target.debian.start_redis(target.folder) as (server, _process):
        target.move("redis", server.port)


def stopped(target: Target) -> None:
    start = target.debian.start_redis(target.folder)
    server, process = target.stack.enter_context(start)
    target.stack.callback(process.send_signal, signal.SIGCONT)
    process.send_signal(signal.SIGSTOP)
    target.move("redis", server.port)
    target.set("redis", timeout=SHORT)


def plain(target: Target) -> None:
    target.move("tls", target.debian.plain.port)
    target.set("tls", timeout=SHORT)


no_login = changed("redis", username=None, password=None)
no_tls = changed("redis", tls=None, ca_file=None)
REFUSED = "connection refused"
REJECTED = "the server rejected the credential"
ASKS = "the server asks for a password and the target gives none"
CLOSED = "the role may not connect to the database"
NO_ENTRY = "pg_hba.conf admits no such connection"
UNTRUSTED = "the server's certificate is not trusted"
INFO, PING = "the user may not run INFO", "the user may not run PING"

CASES = (
    Silent("postgres-down", foreign("postgres", hostile.refuses), REFUSED),
    Silent("postgres-hangs", foreign("postgres", hostile.hangs), OVER),
    Silent(
        *("postgres-foreign", foreign("postgres", hostile.http)),
        "what answers there is not PostgreSQL",
    ),
    Silent(
        "postgres-password", mistaken(DATABASE), REJECTED, "check user and password"
    ),
    Silent(
        *("postgres-no-password", changed("postgres", password=None), ASKS),
        "set password",
    ),
    Silent(
        *("postgres-absent", changed("postgres", database="absent")),
        *("the database does not exist", "CREATE DATABASE"),
    ),
    Silent(
        *("postgres-closed", changed("postgres", database="closed"), CLOSED),
        "GRANT CONNECT ON DATABASE",
    ),
    Silent(
        *("postgres-no-tls", changed("postgres", sslmode="disable"), NO_ENTRY),
        "admit this role",
    ),
    Silent("postgres-authority", distrusts("postgres"), UNTRUSTED, "check ca_file"),
    # What is missing here says nothing about the server.
    Silent(
        *("postgres-no-variable", lambda target: target.environ.pop(DATABASE)),
        *(f"env:{DATABASE} is not set", "", "unknown"),
    ),
    Silent("redis-down", ended, REFUSED),
    Silent("redis-stopped", stopped, OVER),
    Silent(
        *("redis-foreign", foreign("redis", hostile.http)),
        "TLS failed: the answer is not TLS",
    ),
    Silent("redis-password", mistaken(CACHE), REJECTED, "check username and password"),
    Silent("redis-no-password", no_login, ASKS, "set password"),
    Silent("redis-no-tls", no_tls, "the server closed the connection"),
    Silent("redis-authority", distrusts("redis"), "TLS failed: unable to get local"),
    # It answers: what its ACL withholds is neither good nor bad.
    Silent(
        *("redis-no-info", changed("redis", username="blind"), INFO),
        *("ACL SETUSER blind +info", "unknown"),
    ),
    Silent(
        *("redis-no-ping", changed("redis", username="deaf"), PING),
        *("ACL SETUSER deaf +ping", "unknown"),
    ),
    Silent("tls-down", foreign("tls", hostile.refuses), REFUSED),
    Silent("tls-hangs", foreign("tls", hostile.hangs), OVER),
    Silent("tls-plain", plain, OVER),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_gives_no_answer_is_said_by_its_own_item(
    case: Silent, target: Target
) -> None:
    case.apply(target)
    item = target.judge().only(case.name.partition("-")[0], case.state)
    assert item["reason"].startswith(case.reason)
    unmet = [one for one in item["observations"] if one["judged"] != "met"]
    assert {one["judged"] for one in unmet} == {"unavailable"}
    for one in unmet:
        assert (one["observed"], bool(one["required"])) == ("-", True)
        assert one["reason"].startswith(case.reason)
        assert one["remedy"].startswith(case.remedy)
