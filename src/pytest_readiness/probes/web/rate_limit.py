"""⚡ Whether somebody who asks too often is told to wait: a bounded burst, one key."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.web.identities import (
    Credential,
    client_of,
    credential,
    planned_log_ins,
)
from pytest_readiness.probes.web.unset import unset
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from pytest_readiness.probes.http import Answer, Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import Grant, ServiceBlock
    from pytest_readiness.target.blocks.security import RateLimitTable

__all__ = ["RateLimit"]

_TOO_MANY = 429
_AT_ONCE = 8
_SAYS_WHEN = (
    "Retry-After",  # RFC 9110, section 10.2.3
    "RateLimit",  # draft-ietf-httpapi-ratelimit-headers
    "RateLimit-Reset",
    "X-RateLimit-Reset",
    "X-Rate-Limit-Reset",
)


@dataclass(frozen=True, kw_only=True)
class RateLimit(Facts):
    """What came of a burst."""

    block: ClassVar[str] = "service"
    grant: ClassVar[Grant | None] = "attack"

    limited: Observed[bool]
    """Whether one of the requests met 429; the detail counts the statuses."""
    announced: Observed[bool]
    """Whether each 429 said when to come back."""
    wrong_key: Observed[int]
    """The status that a made-up credential got, sent once."""
    refusals: Observed[tuple[int, ...]]
    """The statuses that are a refusal, as the target says."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Send the burst once."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.rate_limit
        if table is None:
            nothing = unset("rate_limit", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        asked = f"GET {table.route}"
        with client_of(block, look, answers=table.burst + 2) as client:
            good = credential(block, table.identity, client, look)
            wrong = good.instead(Secret(secrets.token_urlsafe(24), "made up"))
            wrong_key = look.observe(
                lambda: client.ask("GET", table.route, headers=wrong.headers).status,
                what=f"{asked} with a wrong key",
            )
            began = time.monotonic()
            answers = _burst(client, table, good)
            took = time.monotonic() - began
        refused = [one for one in answers if one.status == _TOO_MANY]
        counted = Counter(one.status for one in answers)
        shown = ", ".join(f"{many} x {code}" for code, many in sorted(counted.items()))
        limited: bool | Unavailable = bool(refused)
        if not refused and took > table.per.total_seconds():
            limited = Unavailable(
                f"the burst took {took:.0f} s, longer than the limit's window",
                remedy="look from nearer by, or declare a shorter limit",
            )
        says = all(any(name in one.headers for name in _SAYS_WHEN) for one in refused)
        nothing = Unavailable("no request met 429")
        return cls(
            limited=look.seen(limited, what=f"{table.burst} x {asked}", detail=shown),
            announced=look.seen(says if refused else nothing, what=asked),
            wrong_key=wrong_key,
            refusals=look.seen(table.refusals, detail="as the target says"),
        )

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give all requests together their own time."""
        return block.rate_limit.timeout if block.rate_limit else block.timeout

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand how often what is asked."""
        table = block.rate_limit
        if table is None:
            return ()
        note = f"{table.burst} times as {table.identity}, once with a wrong key"
        return (
            *planned_log_ins(block, [table.identity]),
            PlannedLook("request", f"GET {table.route}", note=note, intrusive="attack"),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return f"{block.url} (burst)"


def _burst(
    client: Client, table: RateLimitTable, shown: Credential
) -> Sequence[Answer]:
    """Send all requests, a few at a time."""

    def ask(_number: int) -> Answer:
        return client.ask("GET", table.route, headers=shown.headers)

    with ThreadPoolExecutor(_AT_ONCE, "readiness burst") as pool:
        return list(pool.map(ask, range(table.burst)))
