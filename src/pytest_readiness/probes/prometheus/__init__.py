"""Prometheus, or what speaks its API: the numbers behind what items claim.

An item names a query of the target and gets its facts: ``prometheus.value("p95")``. All
queries are asked once, a few at a time, whoever needs them. What is stale is no value:
its age is a fact of its own, so that an item can hold it against a limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, noted
from pytest_readiness.probes.planned import PlannedLook, files, trust_files
from pytest_readiness.probes.prometheus import buckets, history, watched
from pytest_readiness.probes.prometheus.ages import QUESTIONS
from pytest_readiness.probes.prometheus.api import Api
from pytest_readiness.probes.prometheus.history import Growth
from pytest_readiness.probes.prometheus.loaded import (
    KeyMetric,
    Rule,
    ScrapeTarget,
    broken,
    key_metrics,
    rules,
    targets,
)
from pytest_readiness.probes.prometheus.series import Query, Result, Sample, Series
from pytest_readiness.probes.prometheus.together import together
from pytest_readiness.target.values import near

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import PrometheusBlock

__all__ = [
    "Growth",
    "KeyMetric",
    "Prometheus",
    "Result",
    "Rule",
    "Sample",
    "ScrapeTarget",
    "Series",
]

T = TypeVar("T")

ASKED_FIRST = (
    "GET /api/v1/query time()",
    "GET /api/v1/targets",
    "GET /api/v1/rules",
)
"""What is asked whatever the target's queries are."""


@dataclass(frozen=True, kw_only=True)
class Prometheus(Facts):
    """What a Prometheus answered to the queries of the target, and what it has loaded.

    Queries are known by name; one that the target does not have is unconfigured.
    """

    block: ClassVar[str] = "prometheus"

    answers: Observed[bool]
    """Yes once it told its time."""
    freshness: Observed[dt.timedelta]
    """How old a sample may be, as the target says: a bound for :meth:`age`."""
    results: Observed[Mapping[str, Result]]
    """The answers, by the queries' names."""
    targets: Observed[tuple[ScrapeTarget, ...]]
    """What is scraped; Mimir does not tell."""
    rules: Observed[tuple[Rule, ...]]
    """The alerting and recording rules that are loaded."""
    key_metrics: Observed[tuple[KeyMetric, ...]]
    """The target's key metrics, each with the alerts that read it."""
    service_metrics: Observed[tuple[str, ...]]
    """The queries of the service's own metrics, as the target declares them."""
    service_routes: Observed[tuple[str, ...]]
    """The routes that must be told apart, as the target declares them."""
    critical: Observed[tuple[str, ...]]
    """Severities at which somebody is called."""
    route_label: Observed[str]
    """Label that names the route."""

    @property
    def broken_rules(self) -> Observed[tuple[str, ...]]:
        """The rules whose last evaluation failed, each with its error."""
        return self.rules.map(broken)

    def alerts_on(self, metric: KeyMetric) -> Observed[tuple[str, ...]]:
        """Give the alerts on a key metric that have a threshold and a ``for``."""
        return self.rules.map(lambda _: metric.alerts)

    def series(self, query: str) -> Observed[tuple[Series, ...]]:
        """Give every series of a query; unavailable where there is none."""
        return self._of(query, lambda result: result.series)

    def count(self, query: str) -> Observed[int]:
        """Give how many series a query has; none is an observation."""
        return self._of(query, lambda result: result.count)

    def age(self, query: str) -> Observed[dt.timedelta]:
        """Give the age of a query's newest sample; of several series, the oldest."""
        return self._of(query, lambda result: result.age)

    def value(self, query: str) -> Observed[float]:
        """Give the value of a query that has one series."""
        series = self.series(query)
        found = series.value
        if isinstance(found, Unavailable):
            return series.map(lambda _: 0.0)
        if len(found) == 1:
            return found[0].value
        reason = Unavailable(
            f"{len(found)} series, where one is asked for",
            Cause.LOCAL,
            "select or aggregate in the query",
        )
        return Observed(
            reason, series.source, series.at, "", series.duration, series.detail
        )

    def worst(self, query: str) -> Observed[float]:
        """Give the greatest value of a query's series."""
        return history.worst(self.series(query))

    def total(self, query: str) -> Observed[float]:
        """Give the sum of the values of a query's series."""
        return history.total(self.series(query))

    def percentile(self, query: str, share: float) -> Observed[float]:
        """Give a percentile of a query's window; of several series, the greatest."""
        return history.percentile(self.series(query), share)

    def growth(self, query: str, age: str, least: dt.timedelta) -> Observed[Growth]:
        """Give how fast a query's series grows; of several, the fastest.

        ``age`` is the query for the age of the processes, ``least`` the time that must
        have passed since they began.
        """
        return history.growth(self.series(query), self.series(age), least)

    def latencies(
        self, query: str, edge: dt.timedelta
    ) -> Observed[tuple[tuple[str, Observed[dt.timedelta]], ...]]:
        """Give the 95th percentiles of a query that gives latency buckets, by route.

        ``edge`` is what the buckets must reach for that.
        """
        return self.series(query).map(lambda found: buckets.latencies(found, edge))

    def some_of(self, *queries: str) -> tuple[str, ...]:
        """Give those of some queries that the target has; all, where it has none."""
        known = self.results.otherwise(dict[str, Result]())
        return tuple(one for one in queries if one in known) or queries

    def lacking(self, query: str, of: str) -> Observed[tuple[str, ...]]:
        """Give the instances that ``of`` knows, and that a query has no series of."""
        known = self.results.otherwise(dict[str, Result]())
        if query in known and of in known:
            return watched.lacking(known[of], known[query])
        return self.series(of if query in known else query).map(lambda _: ())

    def critical_alerts(self, metric: KeyMetric) -> Observed[tuple[str, ...]]:
        """Give the alerts on a key metric that call somebody."""
        words = self.critical.otherwise(())
        return self.rules.map(lambda _: watched.critical(metric.rules, words))

    def alerts_without(self, what: str) -> Observed[tuple[str, ...]]:
        """Give the alerts that have no ``severity``, or no ``runbook``."""
        return self.rules.map(lambda rules: watched.without(rules, what))

    def is_histogram(self, query: str) -> Observed[bool]:
        """Say whether a query's series are the buckets of a histogram."""
        return self._of(query, watched.histogram)

    def routes(self, query: str) -> Observed[tuple[str, ...]]:
        """Give the routes that a query's series are about."""
        label = self.route_label.otherwise("")
        return self._of(query, lambda result: watched.routes(result, label))

    def _of(self, query: str, fact: Callable[[Result], Observed[T]]) -> Observed[T]:
        results = self.results
        found = results.value
        if isinstance(found, Unavailable):
            return Observed(found, results.source, results.at)
        if query in found:
            return fact(found[query])
        meant = near(query, found)
        remedy = f'add "{query}" to queries of [target.NAME.prometheus], or a preset'
        reason = Unavailable(
            f"the target has no query {query}",
            Cause.UNCONFIGURED,
            f"did you mean `{meant}`? Else {remedy}" if meant else remedy,
        )
        return Observed(reason, results.source, results.at)

    @classmethod
    def gather(cls, block: PrometheusBlock, look: Look) -> Self:
        """Ask everything once; what is not answered says so for itself."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PrometheusBlock, look: Look) -> Self:
        with Api.open(block, look) as api:
            # One question first: a server that is dead costs one time-out.
            now = api.now()
            answers = look.seen(True, what="time()")  # noqa: FBT003  # a value
            queries = {
                name: Query(name, query, query.freshness or block.freshness, look)
                for name, query in block.asked.items()
            }
            jobs = {
                name: partial(_answer, query, block.retries, api, now)
                for name, query in queries.items()
            }
            declared = block.key_metrics
            late = look.overdue("the other queries took it all").unavailable
            results = together(jobs, look, lambda name: queries[name].unavailable(late))
            groups = block.rule_groups
            loaded = look.observe(lambda: rules(api, look.redact, groups), what="rules")
            return cls(
                answers=answers,
                freshness=look.seen(block.freshness, what="freshness"),
                results=look.seen(results, what="queries"),
                targets=look.observe(lambda: targets(api, look.redact), what="targets"),
                rules=loaded,
                service_metrics=look.seen(block.service.metrics, what="service"),
                service_routes=look.seen(block.service.routes, what="service"),
                critical=look.seen(block.critical, what="critical"),
                route_label=look.seen(block.service.route_label, what="service"),
                key_metrics=loaded.map(lambda rules: key_metrics(declared, rules)),
            )

    @classmethod
    def looks(cls, block: PrometheusBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked; all of it by GET, below the URL."""
        secure = block.url.startswith("https:")
        known = {"token": block.token, "password": block.password}
        secrets = [name for name, secret in known.items() if secret is not None]
        login = f"with the {secrets[0]}" if secrets else "without a log-in"
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            *(PlannedLook("request", one, note=login) for one in ASKED_FIRST),
            *_asked(block),
            *(trust_files(block.ca_file) if secure else ()),
            *files(block.cert_file, block.key_file),
        )

    @staticmethod
    def source(block: PrometheusBlock) -> str:
        """Name it by its URL, which holds no credentials."""
        return block.url


def _answer(query: Query, retries: int, api: Api, now: float) -> Result:
    seen, note = query.look.tries(retries, lambda _: query.ask(api, now))
    if isinstance(seen, Unavailable):
        return query.unavailable(seen)
    return Result(
        noted(seen.series, note), noted(seen.count, note), noted(seen.age, note)
    )


def _asked(block: PrometheusBlock) -> Iterator[PlannedLook]:
    """Plan the queries, and what is asked about the age of their samples."""
    selectors: dict[str, None] = {}
    for query in block.asked.values():
        route = "query" if query.window is None else "query_range"
        yield PlannedLook("request", f"GET /api/v1/{route} {query.promql}")
        selectors |= dict.fromkeys(query.samples)
    newest, last = QUESTIONS
    for series in selectors:
        asked = newest.format(labels="{labels}", series=series)
        yield PlannedLook("request", f"GET /api/v1/query {asked}")
        asked = last.format(labels="{labels}", series=series)
        note = "where there is no newer sample"
        yield PlannedLook("request", f"GET /api/v1/query {asked}", note=note)
