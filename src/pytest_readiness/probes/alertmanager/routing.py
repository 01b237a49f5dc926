"""Which way an alert goes through Alertmanager's tree of routes.

As Alertmanager's own dispatcher: the first child that matches takes the alert, unless
it says ``continue``; a route none of whose children takes it has it itself. Receiver
and waiting times come from the parent where a route has none, time intervals do not.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from pytest_readiness.probes.alertmanager.intervals import Interval, intervals
from pytest_readiness.probes.alertmanager.matchers import (
    Matcher,
    UnreadableError,
    parsed,
)
from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Configuration", "Receiver", "Route"]

_DAY = 86_400_000
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_LONG_UNITS = {"d": _DAY, "w": 7 * _DAY, "y": 365 * _DAY}
_DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+|0")
_PART = re.compile(r"([0-9]+)(ms|[smhdwy])")
_GROUP_WAIT = dt.timedelta(seconds=30)
_GROUP_INTERVAL = dt.timedelta(minutes=5)
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver, and by what it calls somebody; by nothing, it is a null one."""

    name: str
    channels: tuple[str, ...]
    """Such as ``email``, ``slack``, ``pagerduty``, ``webhook``."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route, with all that it has from its parents."""

    place: str
    """Where it stands: ``route``, ``route.routes[1]`` ..."""
    receiver: str
    matchers: tuple[Matcher, ...]
    goes_on: bool
    group_wait: dt.timedelta
    group_interval: dt.timedelta
    muted: tuple[str, ...]
    active: tuple[str, ...]
    routes: tuple[Route, ...] = field(default=())

    def taken(self, labels: Mapping[str, str]) -> tuple[Route, ...]:
        """Give the routes that an alert ends in; none where this one is not meant."""
        if not all(matcher.holds(labels) for matcher in self.matchers):
            return ()
        found: list[Route] = []
        for child in self.routes:
            taken = child.taken(labels)
            found += taken
            if taken and not child.goes_on:
                break
        return tuple(found) or (self,)

    def __str__(self) -> str:
        conditions = ", ".join(map(str, self.matchers)) or "everything"
        return f"{self.place} ({conditions}) to {self.receiver}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """What an Alertmanager has loaded."""

    route: Route
    receivers: Mapping[str, Receiver]
    intervals: Mapping[str, tuple[Interval, ...]]

    @classmethod
    def read(cls, text: str) -> Configuration:
        """Read the YAML that the API shows; secrets are not in it.

        Raises:
            UnreadableError: it is not of the documented form.
        """
        try:
            document: object = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError, ValueError):
            msg = "its configuration is no YAML"
            raise UnreadableError(msg) from None
        if not is_table(document) or not is_table(document.get("route")):
            msg = "its configuration has no route"
            raise UnreadableError(msg)
        top = _Parent("", _GROUP_WAIT, _GROUP_INTERVAL)
        known = {one.name: one for one in _receivers(document)}
        found = cls(
            _route(document["route"], "route", top, _DEEPEST),
            known,
            intervals(document),
        )
        for route in _all(found.route):
            if route.receiver not in known:
                msg = f"{route.place} has no receiver"
                raise UnreadableError(msg)
            if set(route.muted + route.active) - found.intervals.keys():
                msg = f"{route.place} names a time interval that there is not"
                raise UnreadableError(msg)
        return found

    def calls(self, route: Route, at: dt.datetime, agreed: frozenset[str]) -> bool:
        """Say whether a route's receiver is called at a moment.

        ``agreed`` are intervals that do not count.
        """
        muted = [name for name in route.muted if name not in agreed]
        active = [name for name in route.active if name not in agreed]
        if any(self._within(name, at) for name in muted):
            return False
        if len(active) < len(route.active):
            return True
        return not active or any(self._within(name, at) for name in active)

    def _within(self, name: str, at: dt.datetime) -> bool:
        return any(one.holds(at) for one in self.intervals[name])


@dataclass(frozen=True, slots=True)
class _Parent:
    receiver: str
    group_wait: dt.timedelta
    group_interval: dt.timedelta


def _route(said: object, place: str, parent: _Parent, deep: int) -> Route:
    if not is_table(said) or not deep:
        msg = f"{place} is no route, or too deep"
        raise UnreadableError(msg)
    own = _Parent(
        str(said.get("receiver") or parent.receiver),
        _duration(said.get("group_wait"), parent.group_wait),
        _duration(said.get("group_interval"), parent.group_interval),
    )
    children = enumerate(_list(said.get("routes")))
    return Route(
        place=place,
        receiver=own.receiver,
        matchers=tuple(_matchers(said)),
        goes_on=said.get("continue") is True,
        group_wait=own.group_wait,
        group_interval=own.group_interval,
        muted=tuple(map(str, _list(said.get("mute_time_intervals")))),
        active=tuple(map(str, _list(said.get("active_time_intervals")))),
        routes=tuple(
            _route(one, f"{place}.routes[{number}]", own, deep - 1)
            for number, one in children
        ),
    )


def _matchers(said: Mapping[str, object]) -> Iterator[Matcher]:
    for key, operator in (("match", "="), ("match_re", "=~")):
        table = said.get(key, {})
        if not is_table(table):
            msg = f"{key} of a route is no table"
            raise UnreadableError(msg)
        for name, value in table.items():
            yield Matcher(str(name), operator, _text(value))
    for one in _list(said.get("matchers")):
        yield from parsed(str(one))


def _text(value: object) -> str:
    """Give a value as YAML of Go would: ``true`` is the text, not a truth."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _receivers(document: Mapping[str, object]) -> Iterator[Receiver]:
    for one in _list(document.get("receivers")):
        if not is_table(one):
            msg = "a receiver is no table"
            raise UnreadableError(msg)
        channels = tuple(
            key.removesuffix("_configs")
            for key, configs in one.items()
            if key.endswith("_configs") and is_list(configs)
            for _ in configs
        )
        yield Receiver(str(one.get("name")), channels)


def _all(route: Route) -> Iterator[Route]:
    yield route
    for child in route.routes:
        yield from _all(child)


def _duration(said: object, otherwise: dt.timedelta) -> dt.timedelta:
    if said is None:
        return otherwise
    text = str(said)
    if _DURATION.fullmatch(text) is None:
        msg = "a waiting time is not of the documented form"
        raise UnreadableError(msg)
    units = _UNITS | _LONG_UNITS
    parts = _PART.findall(text)
    total = sum(int(number) * units[unit] for number, unit in parts)
    return dt.timedelta(milliseconds=total)


def _list(said: object) -> list[object]:
    if said is None:
        return []
    if not is_list(said):
        msg = "a list of its configuration is none"
        raise UnreadableError(msg)
    return said
