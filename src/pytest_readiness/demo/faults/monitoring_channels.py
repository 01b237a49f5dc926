"""Notification channels: alerts that reach nobody, and a test alert that is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import yaml

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.monitoring import CRITICAL, configuration
from pytest_readiness.demo.standins import hostile
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]
    Loaded = dict[str, Any]

__all__ = ["FAULTS"]

_ITEM = "monitoring-and-alerting.notification-channels"
_AT_ONCE = "error-handling-and-recovery.error-notifications"
_LOADED = frozenset({"alertmanager"})
_SENT = frozenset({"page"})
_BRIEF = "1s"
"""How long is waited for what does not come."""
_SILENCE = {
    "id": "7c2a",
    "status": {"state": "active"},
    "matchers": [
        {"name": "severity", "value": "crit.*", "isRegex": True, "isEqual": True}
    ],
    "startsAt": "2026-01-01T00:00:00.000Z",
    "endsAt": "2099-01-01T00:00:00.000Z",
    "createdBy": "somebody",
    "comment": "until it is fixed",
}


def _changed(**attributes: object) -> Apply:
    """Have the Alertmanager be otherwise."""

    def apply(breakage: Breakage) -> None:
        for name, value in attributes.items():
            server = breakage.bench.alertmanager
            breakage.enter(mock.patch.object(server, name, value))

    return apply


def _loads(change: Callable[[Loaded], object]) -> Apply:
    """Have another configuration be loaded."""

    def apply(breakage: Breakage) -> None:
        loaded = configuration()
        change(loaded)
        _changed(original=yaml.safe_dump(loaded))(breakage)

    return apply


def _paging(loaded: Loaded) -> dict[str, Any]:
    """Give the route of critical alerts."""
    route: dict[str, Any] = loaded["route"]["routes"][1]
    return route


def _loses(**attributes: object) -> Apply:
    def apply(breakage: Breakage) -> None:
        _changed(**attributes)(breakage)
        breakage.tables["alertmanager"]["page"]["timeout"] = _BRIEF

    return apply


def _swallows(loaded: Loaded) -> None:
    route = {"receiver": "chat", "match_re": {"severity": "crit.*"}}
    loaded["route"]["routes"].insert(1, route)


def _default_only(loaded: Loaded) -> None:
    loaded["route"]["receiver"] = "on-call"
    del loaded["route"]["routes"][1:]


def _down(breakage: Breakage) -> None:
    port = breakage.enter(hostile.refuses())
    breakage.set("alertmanager", url=f"https://127.0.0.1:{port}")


def _fault(
    name: str,
    summary: str,
    apply: Apply,
    *,
    touches: frozenset[str] = _LOADED,
    state: State = State.FAILED,
    calls: bool = True,
) -> Fault:
    """Make a fault; ``calls`` is whether critical alerts still call somebody."""
    turns = {_ITEM: state} if calls else {_ITEM: state, _AT_ONCE: state}
    return Fault(f"channels-{name}", summary, turns, touches, apply)


FAULTS = (
    _fault(
        *("null-receiver", "the receiver of critical alerts calls nobody"),
        _loads(lambda loaded: _paging(loaded).update(receiver="nobody")),
        calls=False,
    ),
    _fault(
        *("default-only", "critical alerts have no route of their own"),
        _loads(_default_only),
    ),
    Fault(
        "channels-slow",
        "critical alerts wait for minutes to be grouped",
        {_AT_ONCE: State.FAILED},
        _LOADED,
        _loads(lambda loaded: _paging(loaded).update(group_wait="5m")),
    ),
    _fault(
        *("swallowed", "an earlier route takes critical alerts to a chat"),
        _loads(_swallows),
        calls=False,
    ),
    _fault(
        *("one-alert", "an earlier route takes one critical alert to nobody"),
        _loads(
            lambda loaded: loaded["route"]["routes"].insert(
                1, {"receiver": "nobody", "matchers": ["alertname=DatabaseDown"]}
            )
        ),
        calls=False,
    ),
    _fault(
        *("muted", "nobody is called at night"),
        _loads(lambda loaded: _paging(loaded).update(mute_time_intervals=["night"])),
    ),
    _fault(
        *("elsewhere", "the route asks for a severity that no alert has"),
        _loads(
            lambda loaded: _paging(loaded).update(
                matchers=[CRITICAL.replace("critical", "fatal")]
            )
        ),
        calls=False,
    ),
    _fault(
        *("silenced", "a silence holds back every critical alert"),
        _changed(silences=[_SILENCE]),
    ),
    _fault(
        *("lost", "the test alert arrives nowhere"),
        _loses(sends=frozenset()),
        touches=_SENT,
    ),
    _fault(
        *("no-email", "the test alert does not come by email"),
        _loses(sends=frozenset({"webhook"})),
        touches=_SENT,
    ),
    _fault(
        *("unresolved", "the end of the test alert is told to nobody"),
        _loses(tells_ends=False),
        touches=_SENT,
    ),
    _fault(
        *("misdirected", "the test alert would call somebody, and is not sent"),
        _loads(lambda loaded: loaded["route"]["routes"].pop(0)),
        touches=_SENT,
        state=State.UNKNOWN,
    ),
    _fault(
        *("forbidden", "the target does not allow a test alert"),
        lambda breakage: breakage.tables["allow"].remove("page"),
        touches=_SENT,
        state=State.UNCONFIGURED,
    ),
    _fault(
        *("down", "nothing answers where Alertmanager should be"),
        _down,
        touches=_LOADED | _SENT,
        state=State.UNKNOWN,
        calls=False,
    ),
)
