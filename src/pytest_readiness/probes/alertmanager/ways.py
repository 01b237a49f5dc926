"""Which way critical alerts go: by which routes, to whom, how soon, and when not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.alertmanager.intervals import moments
from pytest_readiness.probes.alertmanager.matchers import UnreadableError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from pytest_readiness.probes.alertmanager.api import Silence
    from pytest_readiness.probes.alertmanager.routing import Configuration, Route
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import AlertmanagerBlock

__all__ = ["Loaded", "Way"]

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Way:
    """Which way an alert with some labels goes."""

    name: str
    """The alert's labels, as PromQL writes them."""
    receivers: Observed[tuple[str, ...]]
    """Who gets it, by name; null receivers are in it, too."""
    channels: Observed[tuple[str, ...]]
    """By what somebody is called: ``email``, ``slack`` ...; of those who must get it,
    where the target names them."""
    by_default: Observed[bool]
    """Whether no route but the first one of all is meant for it."""
    group_wait: Observed[dt.timedelta]
    """How long it waits before the first call."""
    uncalled: Observed[tuple[str, ...]]
    """Moments of the coming year at which nobody would be called; the first few."""
    silences: Observed[tuple[str, ...]]
    """Silences in force that hold it back now."""


@dataclass(frozen=True)
class Loaded:
    """What an Alertmanager has loaded, and who must be called by it."""

    configuration: Configuration
    silences: Observed[tuple[Silence, ...]]
    block: AlertmanagerBlock
    look: Look

    def way(self, labels: Mapping[str, str]) -> Way:
        """Give the way of an alert with these labels."""
        return _way(labels, self.configuration, self.silences, self.block, self.look)


def _way(
    labels: Mapping[str, str],
    loaded: Configuration,
    silences: Observed[tuple[Silence, ...]],
    block: AlertmanagerBlock,
    look: Look,
) -> Way:
    name = "{" + ", ".join(f'{k}="{v}"' for k, v in labels.items()) + "}"
    routes = loaded.route.taken(labels)
    calling = [route for route in routes if _calls(route, loaded, block)]
    detail = "; ".join(map(str, routes))
    waits = [route.group_wait for route in calling]
    nobody = Unavailable("nobody is called")
    by_default = routes == (loaded.route,)
    return Way(
        name=name,
        receivers=look.seen(
            tuple(dict.fromkeys(route.receiver for route in routes)),
            what=name,
            detail=detail,
        ),
        channels=look.seen(
            tuple(c for r in calling for c in loaded.receivers[r.receiver].channels),
            what=name,
            detail=detail,
        ),
        by_default=look.seen(by_default, what=name, detail=detail),
        group_wait=look.seen(min(waits) if waits else nobody, what=name),
        uncalled=look.seen(
            _uncalled(calling, loaded, frozenset(block.agreed), look.now()), what=name
        ),
        silences=silences.map(
            lambda known: tuple(
                f"{one.id} until {one.ends}" for one in known if one.holds(labels)
            )
        ),
    )


def _calls(route: Route, loaded: Configuration, block: AlertmanagerBlock) -> bool:
    """Say whether a route's receiver calls somebody who counts."""
    wanted = not block.receivers or route.receiver in block.receivers
    return wanted and bool(loaded.receivers[route.receiver].channels)


def _uncalled(
    calling: Sequence[Route],
    loaded: Configuration,
    agreed: frozenset[str],
    now: dt.datetime,
) -> tuple[str, ...] | Unavailable:
    """Give the moments at which no route calls; none where one calls always."""
    if not calling:
        return Unavailable("nobody is called")
    names = {name for route in calling for name in route.muted + route.active}
    known = [one for name in names - agreed for one in loaded.intervals[name]]
    try:
        silent = (
            f"{at:%a %Y-%m-%d %H:%M %Z}"
            for at in moments(known, now)
            if not any(loaded.calls(route, at, agreed) for route in calling)
        )
        return tuple(islice(silent, _SHOWN))
    except UnreadableError as error:
        return Unavailable(str(error))
