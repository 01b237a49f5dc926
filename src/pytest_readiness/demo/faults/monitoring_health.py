"""Monitoring, health checks: a service that is not as well as it says."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.web import Asked, Reply, Web
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "monitoring-and-alerting.health-checks"
_SLOW = 0.4
"""Seconds; more than the limit that the fault sets."""
_WELL = {
    "status": "ready",
    "dependencies": {"database": {"status": "up"}, "cache": {"status": "up"}},
}
_ILL = {
    "status": "ready",
    "dependencies": {"database": {"status": "up"}, "cache": {"status": "down"}},
}
_PAGE = "<!doctype html><title>Engine</title><p>We are well."


def _answers(reply: Reply) -> Apply:
    """Have readiness answer so; liveness is well."""

    def answer(asked: Asked) -> Reply:
        return reply if asked.path.endswith("/ready") else Reply({"status": "live"})

    def apply(breakage: Breakage) -> None:
        breakage.set("health", url=_url(breakage.enter(Web(answer))))

    return apply


def _slow(breakage: Breakage) -> None:
    def answer(_: Asked) -> Reply:
        time.sleep(_SLOW)
        return Reply(_WELL)

    breakage.set("health", url=_url(breakage.enter(Web(answer))))
    breakage.tables["limits"]["health"]["answer"] = "300ms"


def _down(breakage: Breakage) -> None:
    port = breakage.enter(hostile.refuses())
    breakage.set("health", url=f"http://127.0.0.1:{port}")


def _url(server: Web) -> str:
    return f"http://127.0.0.1:{server.port}"


def _fault(name: str, summary: str, apply: Apply) -> Fault:
    turns = {_ITEM: State.FAILED}
    return Fault(f"health-{name}", summary, turns, frozenset({"health"}), apply)


FAULTS = (
    _fault(
        *("dependency-down", "readiness answers 200 while the cache is down"),
        _answers(Reply(_ILL)),
    ),
    _fault(
        *("unready", "readiness answers 503"),
        _answers(Reply({**_ILL, "status": "not ready"}, 503)),
    ),
    _fault(
        *("silent", "readiness does not name the cache"),
        _answers(Reply({"status": "ready", "dependencies": {"database": "up"}})),
    ),
    _fault(
        *("html", "a web page stands where readiness should be"),
        _answers(Reply(_PAGE, kind="text/html; charset=utf-8")),
    ),
    _fault("slow", "the health routes take longer than they may", _slow),
    _fault("down", "nothing answers at the health routes", _down),
)
