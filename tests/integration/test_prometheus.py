"""The probe of a Prometheus, against servers that say whatever a test needs.

Debian's real Prometheus is asked in ``debian/test_debian_prometheus.py``.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.demo.standins.prometheus import Prometheus as StandIn, Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.probes.prometheus import Prometheus

    See = Callable[..., Prometheus]

CANARY = "correct-horse-battery"
LIMIT = 0.8
UP = 'up{job="engine"}'
RATE = "sum(rate(requests_total[1h]))"


def reason(fact: Observed[Any]) -> str:
    assert isinstance(fact.value, Unavailable), fact.value
    return fact.value.reason


# ------------------------------------------------------------------------------- facts


def test_a_query_gives_its_series_with_their_ages(standin: StandIn, see: See) -> None:
    standin.tell(
        UP,
        Told({"instance": "a"}, 1.0, age=3.0),
        Told({"instance": "b"}, 0.0, age=40.0),
    )
    facts = see(standin.port, queries={"up": {"promql": UP, "unit": "ratio"}})
    assert facts.answers.value is True
    assert facts.freshness.value == dt.timedelta(minutes=5)
    assert facts.count("up").value == 2
    first, second = facts.series("up").value
    assert (first.name, second.name) == ('{instance="a"}', '{instance="b"}')
    assert (first.value.value, second.value.value) == (1.0, 0.0)
    assert first.value.unit == "ratio"
    assert first.value.source == f"http://127.0.0.1:{standin.port} up"
    assert first.value.detail == UP
    assert second.age.value == dt.timedelta(seconds=40)
    assert facts.age("up").value == dt.timedelta(seconds=40)
    seen = dt.datetime.now(dt.UTC) - second.value.at
    assert dt.timedelta(seconds=40) <= seen < dt.timedelta(seconds=60)


def test_one_series_is_a_value(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, 0.25))
    facts = see(standin.port, queries={"up": UP})
    assert (facts.value("up").value, facts.count("up").value) == (0.25, 1)


def test_several_series_are_no_value(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({"a": "1"}, 1.0), Told({"a": "2"}, 1.0))
    facts = see(standin.port, queries={"up": UP})
    assert reason(facts.value("up")) == "2 series, where one is asked for"


def test_a_scalar_is_a_value_of_no_age(standin: StandIn, see: See) -> None:
    facts = see(standin.port, queries={"now": "time()"})
    assert facts.value("now").value == pytest.approx(time.time(), abs=60)
    assert facts.age("now").value == dt.timedelta(0)


def test_a_query_that_the_target_does_not_have_is_unconfigured(
    standin: StandIn, see: See
) -> None:
    facts = see(standin.port, queries={"service-up": UP})
    for fact in (
        facts.value("servic-up"),
        facts.age("servic-up"),
        facts.count("servic-up"),
        facts.series("servic-up"),
    ):
        assert reason(fact) == "the target has no query servic-up"
        assert fact.value.cause is Cause.UNCONFIGURED
        assert "did you mean `service-up`?" in fact.value.remedy
    assert "did you mean" not in facts.value("zzz").value.remedy


@pytest.mark.parametrize(
    ("value", "words"),
    [(math.nan, "NaN, as of nothing divided by nothing"), (math.inf, "+Inf")],
)
def test_what_is_no_number_is_no_value(
    value: float, words: str, standin: StandIn, see: See
) -> None:
    standin.tell(UP, Told({}, value))
    facts = see(standin.port, queries={"up": UP})
    assert reason(facts.value("up")) == f"its value is {words}"
    assert (facts.count("up").value, facts.age("up").available) == (1, True)


# --------------------------------------------------------------------------- freshness


def test_what_is_stale_is_no_value_but_has_an_age(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, 1.0, age=100.0))
    facts = see(standin.port, queries={"up": UP}, freshness="90s")
    assert reason(facts.value("up")) == (
        "the newest sample is 100 s old, allowed are 90 s"
    )
    assert facts.age("up").value == dt.timedelta(seconds=100)
    assert facts.freshness.value == dt.timedelta(seconds=90)


def test_a_query_has_its_own_freshness(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, 1.0, age=100.0))
    queries = {"up": {"promql": UP, "freshness": "2m"}}
    assert see(standin.port, queries=queries, freshness="90s").value("up").value == 1.0


def test_what_the_server_no_longer_sees_still_has_an_age(
    standin: StandIn, see: See
) -> None:
    standin.tell(UP, Told({}, 1.0, age=1800.0))
    facts = see(standin.port, queries={"up": UP})
    assert facts.count("up").value == 0
    assert facts.age("up").value == dt.timedelta(minutes=30)
    assert reason(facts.series("up")) == (
        "the newest sample is 30 min old, allowed are 5 min"
    )


def test_a_long_rate_of_what_stopped_is_stale(standin: StandIn, see: See) -> None:
    """The trap: rate(x[1h]) has a value for an hour after the last sample."""
    standin.tell(RATE, Told({}, 12.0, age=1800.0))
    facts = see(standin.port, queries={"rate": RATE})
    assert facts.count("rate").value == 1
    assert reason(facts.value("rate")) == (
        "the newest sample is 30 min old, allowed are 5 min"
    )
    assert facts.age("rate").value == dt.timedelta(minutes=30)


def test_the_target_may_say_whose_samples_count(standin: StandIn, see: See) -> None:
    standin.tell(RATE, Told({}, 12.0, age=1800.0))
    standin.tell("heartbeat", Told({}, 1.0))
    query = {"promql": RATE, "sampled_by": ["heartbeat"]}
    assert see(standin.port, queries={"rate": query}).value("rate").value == 12.0
    query = {"promql": RATE, "sampled_by": []}
    assert see(standin.port, queries={"rate": query}).value("rate").value == 12.0


def test_each_series_has_the_age_of_its_own_samples(standin: StandIn, see: See) -> None:
    standin.tell(
        UP, Told({"instance": "a"}, 1.0), Told({"instance": "b"}, 1.0, age=250)
    )
    facts = see(standin.port, queries={"up": UP}, freshness="1m")
    fresh, stale = facts.series("up").value
    assert fresh.value.value == 1.0
    assert reason(stale.value).startswith("the newest sample is 4.17 min old")


def test_what_never_was_is_no_series(standin: StandIn, see: See) -> None:
    facts = see(standin.port, queries={"up": UP})
    words = "no series: the query gives nothing, and has had no sample for 1h"
    assert facts.count("up").value == 0
    assert reason(facts.series("up")) == reason(facts.age("up")) == words
    assert "check that it is scraped" in facts.series("up").value.remedy


def test_a_condition_that_nothing_meets_has_no_series_but_fresh_samples(
    standin: StandIn, see: See
) -> None:
    standin.tell("up", Told({}, 1.0))
    facts = see(standin.port, queries={"down": "up == 0"})
    assert reason(facts.series("down")) == "no series: the query gives nothing"
    assert (facts.count("down").value, facts.age("down").value) == (
        0,
        dt.timedelta(seconds=5),
    )


# ----------------------------------------------------------------------------- windows


def test_a_window_gives_its_samples_and_how_many_steps_have_one(
    standin: StandIn, see: See
) -> None:
    began = time.time()
    standin.tell(
        UP, Told({}, lambda at: None if began - 600 < at < began - 300 else 0.5)
    )
    queries = {"up": {"promql": UP, "window": "30m", "step": "10s"}}
    (series,) = see(standin.port, queries=queries).series("up").value
    assert series.present.value == pytest.approx(151 / 181, abs=0.02)
    assert len(series.samples) == pytest.approx(151, abs=3)
    assert series.samples[0].at < series.samples[-1].at
    assert {sample.value for sample in series.samples} == {0.5}
    assert series.value.value == 0.5


def test_a_window_without_its_last_steps_is_stale(standin: StandIn, see: See) -> None:
    began = time.time()
    standin.tell(UP, Told({}, lambda at: 1.0 if at < began - 1000 else None))
    queries = {"up": {"promql": UP, "window": "30m", "step": "10s"}}
    (series,) = see(standin.port, queries=queries).series("up").value
    assert reason(series.value).startswith("the newest sample is 16.")
    assert series.present.value < 0.5


def test_no_numbers_of_a_window_are_left_out(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, math.nan))
    queries = {"up": {"promql": UP, "window": "10m"}}
    (series,) = see(standin.port, queries=queries).series("up").value
    assert (series.samples, series.present.value) == ((), 0.0)


# --------------------------------------------------------------------- targets, rules


def test_targets_and_rules_are_facts(standin: StandIn, see: See) -> None:
    standin.targets = [
        {
            "labels": {"job": "node", "instance": "a:9100"},
            "health": "down",
            "lastError": f"Get http://x?token={CANARY}: refused",
            "lastScrape": "2026-11-24T10:46:56.917595123Z",
            "scrapeUrl": f"http://a:9100/metrics?token={CANARY}",
        },
        {"labels": {}, "health": "unknown", "lastScrape": "0001-01-01T00:00:00Z"},
    ]
    rule = {"name": "Down", "type": "alerting", "query": "up == 0", "duration": 120}
    standin.groups = [
        {
            "name": "engine",
            "rules": [
                {
                    **rule,
                    "labels": {"severity": "critical"},
                    "annotations": {"runbook_url": "https://x"},
                    "health": "err",
                    "lastError": "boom",
                    "state": "firing",
                },
                {"name": "a:b", "type": "recording", "query": "sum(a if b)"},
            ],
        }
    ]
    facts = see(standin.port)
    node, new = facts.targets.value
    assert (node.name, node.health, new.last_scrape) == ("node a:9100", "down", None)
    assert node.last_scrape == dt.datetime(
        2026, 11, 24, 10, 46, 56, 917595, tzinfo=dt.UTC
    )
    down, recorded = facts.rules.value
    assert (down.group, down.lasts) == ("engine", dt.timedelta(minutes=2))
    assert (down.health, down.last_error, down.state) == ("err", "boom", "firing")
    assert (down.metrics, recorded.metrics) == ({"up"}, frozenset())


def _rule(name: str, query: str, lasts: int = 120, **more: str) -> dict[str, object]:
    return {
        "name": name,
        "type": "alerting",
        "query": query,
        "duration": lasts,
        **more,
    }


def test_a_key_metric_has_the_alerts_that_read_it(standin: StandIn, see: See) -> None:
    recorded = {"name": "job:e:rate", "type": "recording", "query": "rate(e[5m])"}
    ratio = {"name": "job:e:ratio", "type": "recording", "query": "job:e:rate / 2"}
    rules = [
        _rule("Errors", "job:e:ratio > 0.01"),
        _rule("Always", "job:e:ratio"),
        _rule("At once", "e > 5", lasts=0),
        _rule("Slow", "p95 > 2"),
        ratio,
        recorded,
    ]
    standin.groups = [{"name": "engine", "rules": rules}]
    declared = {"errors": "e", "latency": "p95", "forgotten": "disk"}
    facts = see(standin.port, key_metrics=declared)
    errors, latency, forgotten = facts.key_metrics.value
    assert [rule.name for rule in errors.rules] == ["Errors", "Always", "At once"]
    assert (errors.alerts, latency.alerts) == (("Errors",), ("Slow",))
    assert (forgotten.metric, forgotten.rules, forgotten.alerts) == ("disk", (), ())


def test_key_metrics_are_unknown_where_rules_are(standin: StandIn, see: See) -> None:
    standin.groups = [{"name": 7}]
    facts = see(standin.port, key_metrics={"errors": "e"})
    assert facts.key_metrics.value == facts.rules.value
    assert not facts.key_metrics.available


@pytest.mark.parametrize(
    ("states", "broken"),
    [
        (("ok", "ok"), ()),
        (("ok", "err"), ("b: boom",)),
        (("unknown", "err"), ("b: boom",)),
    ],
)
def test_rules_that_fail_are_named(
    states: tuple[str, str], broken: tuple[str, ...], standin: StandIn, see: See
) -> None:
    standin.groups = [{"name": "engine", "rules": _of_health(*states)}]
    assert see(standin.port).broken_rules.value == broken


def test_rules_that_wait_for_their_first_turn_are_unknown(
    standin: StandIn, see: See
) -> None:
    standin.groups = [{"name": "engine", "rules": _of_health("ok", "unknown")}]
    nothing = see(standin.port).broken_rules.value
    assert nothing.reason == "b has not been evaluated yet"


def _of_health(*states: str) -> list[dict[str, object]]:
    return [
        _rule(name, "up == 0", health=state, lastError="boom" if state == "err" else "")
        for name, state in zip("ab", states, strict=True)
    ]
