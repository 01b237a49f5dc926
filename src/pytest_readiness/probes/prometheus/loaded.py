"""What a Prometheus has loaded: the targets that it scrapes, and its rules."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.prometheus.forms import shown
from pytest_readiness.target.promql import has_threshold, metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pytest_readiness.probes.prometheus.api import Api

__all__ = [
    "KeyMetric",
    "Rule",
    "ScrapeTarget",
    "broken",
    "key_metrics",
    "rules",
    "targets",
]


@dataclass(frozen=True, slots=True)
class ScrapeTarget:
    """One endpoint that is scraped; not its URL, which may hold a token."""

    labels: Mapping[str, str]
    health: str
    """``up``, ``down`` or ``unknown`` (not scraped yet)."""
    last_error: str
    last_scrape: dt.datetime | None

    @property
    def name(self) -> str:
        """Job and instance."""
        return f"{self.labels.get('job', '')} {self.labels.get('instance', '')}".strip()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule that is loaded."""

    group: str
    name: str
    kind: str
    """``alerting`` or ``recording``."""
    query: str
    lasts: dt.timedelta
    """For so long an alert's query must hold: its ``for``."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    health: str
    """``ok``, ``err`` or ``unknown`` (not evaluated yet)."""
    last_error: str
    state: str
    """Of an alert: ``inactive``, ``pending`` or ``firing``."""

    @property
    def metrics(self) -> frozenset[str]:
        """The names of the metrics that its query reads."""
        return metrics(self.query)

    @property
    def runbook(self) -> str:
        """Where it is written what to do; empty where it is not."""
        keys = ("runbook_url", "runbook")
        return next(
            (self.annotations[key] for key in keys if key in self.annotations), ""
        )

    @property
    def alerts(self) -> bool:
        """Whether it is an alert that waits, and has something to hold its value to."""
        waits = self.lasts > dt.timedelta(0)
        return self.kind == "alerting" and waits and has_threshold(self.query)


@dataclass(frozen=True, slots=True)
class KeyMetric:
    """A metric that somebody must be told of, and the rules that read it."""

    name: str
    """As people call it."""
    metric: str
    rules: tuple[Rule, ...]
    """The alerting rules that read it, directly or through recording rules."""

    @property
    def alerts(self) -> tuple[str, ...]:
        """Names of the alerts with a threshold and a ``for``."""
        return tuple(rule.name for rule in self.rules if rule.alerts)


def targets(api: Api, redact: Callable[[str], str]) -> tuple[ScrapeTarget, ...]:
    """Ask what is scraped.

    Raises:
        LookError: no answer, and why.
    """
    return tuple(
        ScrapeTarget(
            labels=one.labels,
            health=one.health,
            last_error=redact(shown(one.error)),
            last_scrape=_time(one.scraped),
        )
        for one in api.targets().active or ()
    )


def rules(
    api: Api, redact: Callable[[str], str], groups: Sequence[str] = ()
) -> tuple[Rule, ...]:
    """Ask for the rules; ``groups`` are patterns of the groups' names.

    Raises:
        LookError: no answer, and why.
    """
    return tuple(
        Rule(
            group=group.name,
            name=one.name,
            kind=one.kind,
            query=one.query,
            lasts=dt.timedelta(seconds=one.duration),
            labels=one.labels,
            annotations=one.annotations,
            health=one.health,
            last_error=redact(shown(one.error)),
            state=one.state,
        )
        for group in api.rules().groups or ()
        if not groups or any(fnmatchcase(group.name, one) for one in groups)
        for one in group.rules or ()
    )


def broken(loaded: Iterable[Rule]) -> tuple[str, ...] | Unavailable:
    """Give the rules that cannot be evaluated; unknown while one has not been."""
    known = tuple(loaded)
    failed = tuple(
        f"{rule.name}: {rule.last_error or 'it does not say why'}"
        for rule in known
        if rule.health == "err"
    )
    waiting = [rule.name for rule in known if rule.health not in {"ok", "err"}]
    if failed or not waiting:
        return failed
    reason = f"{waiting[0]} has not been evaluated yet"
    return Unavailable(reason, Cause.LOCAL, "look again after its interval")


def key_metrics(
    declared: Mapping[str, str], loaded: Iterable[Rule]
) -> tuple[KeyMetric, ...]:
    """Give the target's key metrics, each with the alerting rules that read it."""
    known = tuple(loaded)
    return tuple(
        KeyMetric(name, metric, tuple(_reading(metric, known)))
        for name, metric in declared.items()
    )


def _reading(metric: str, known: tuple[Rule, ...]) -> Iterator[Rule]:
    """Give the alerts on a metric, or on what recording rules make of it."""
    names, before = {metric}, 0
    while len(names) > before:
        before = len(names)
        recorded = (rule for rule in known if rule.kind == "recording")
        names |= {rule.name for rule in recorded if rule.metrics & names}
    for rule in known:
        if rule.kind == "alerting" and rule.metrics & names:
            yield rule


def _time(text: str) -> dt.datetime | None:
    """Read RFC 3339; Go's zero time (year 1) means never."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None and at.year > 1 else None
