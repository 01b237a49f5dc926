"""Items of a suite that hold what a Prometheus says against requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.demo.pieces.prometheus import (
    PRESETS,
    QUERIES,
    SEVERAL,
    TOLD,
    tell,
)
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.prometheus import Prometheus as StandIn, Told
from pytest_readiness.target.blocks import PrometheusBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Project

TOKEN = "correct-horse-battery"

SUITE = '''\
"""Monitoring."""

from pytest_readiness import attested, days, item, section

pytestmark = section("monitoring", stage="pre-production")

HOST = ("cpu-used", "memory-used", "disk-used", "network-received")


@item("nodes", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(90), when="unconfigured")
def test_nodes(check, prometheus):
    """Every node is up, and its series are fresh.

    Why: what is not measured is not noticed.
    Fix: scrape the node exporter of each host.
    """
    for name in HOST:
        check(f"{name}: series", prometheus.count(name)).at_least(1)
        check(f"{name}: age", prometheus.age(name)).at_most(prometheus.freshness)
    for node in check.each("nodes", prometheus.series("node-up")):
        check(f"{node.name}: up", node.value).equals(1.0)


@item("latency", owner="dev-lead")
def test_latency(check, prometheus):
    """The service answers quickly, as its histogram has it.

    Why: slow answers are lost trades.
    Fix: profile the slow route.
    """
    for series in check.each("p95", prometheus.series("p95")):
        check("p95", series.value).below(2.0)
        check("steps with a value", series.present).at_least(0.95)


@item("alerts", owner="ops-lead")
def test_alerts(check, prometheus):
    """Each rule is evaluated, and every critical alert has a runbook.

    Why: an alert that nobody can act on is noise.
    Fix: add runbook_url to the rule.
    """
    for rule in check.each("rules", prometheus.rules):
        named = prometheus.rules.map(lambda _, rule=rule: rule.annotations)
        check(f"{rule.name}: annotations", named).contains("runbook_url")
        health = prometheus.rules.map(lambda _, rule=rule: rule.health)
        check(f"{rule.name}: health", health).equals("ok")


@item("queue", owner="ops-lead")
@attested(role="ops-lead", scope="environment", max_age=days(90), when="unconfigured")
def test_queue(check, prometheus):
    """The queue is short.

    Why: a long queue is late work.
    Fix: add a worker.
    """
    check("queue", prometheus.value("queue-length")).below(100.0)
'''

NODES, LATENCY, ALERTS, QUEUE = (
    f"monitoring.{name}" for name in ("nodes", "latency", "alerts", "queue")
)
GOOD = {
    NODES: "verified",
    LATENCY: "verified",
    ALERTS: "verified",
    QUEUE: "unconfigured",
}
ASKED = PrometheusBlock.model_validate(
    {"url": "https://demo", "presets": PRESETS, "queries": QUERIES}
).asked


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(token=TOKEN) as server:
        tell(server)
        yield server


@pytest.fixture
def judge(
    bare: Project, standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    monkeypatch.setenv("METRICS_TOKEN", TOKEN)

    def judged(*more: str, port: int = standin.port) -> str:
        lines = [
            bare.TARGET,
            "[target.here.prometheus]",
            f'url = "http://127.0.0.1:{port}"',
            'token = "${env:METRICS_TOKEN}"',
            *more,
            "[target.here.prometheus.presets]",
            *(f"{name} = '{matchers}'" for name, matchers in PRESETS.items()),
        ]
        for name, query in QUERIES.items():
            lines.append(f"[target.here.prometheus.queries.{name}]")
            lines += [f"{key} = '{value}'" for key, value in query.items()]
        bare.target("\n".join(lines))
        bare.write(SUITE, "test_monitoring.py")
        bare.lock()
        shown = bare.judge().stdout.str()
        assert TOKEN not in shown + bare.report_path.read_text()
        return shown

    return judged


def observed(bare: Project, item: str, label: str) -> dict[str, str]:
    (found,) = (
        one for one in bare.items[item]["observations"] if one["label"] == label
    )
    return found


def test_what_is_well_is_verified(bare: Project, judge: Callable[..., str]) -> None:
    judge()
    assert bare.states == GOOD
    series = observed(bare, LATENCY, "p95")
    assert (series["observed"], series["required"]) == ("0.184 s", "below 2 s")
    assert series["source"].endswith(" p95")
    assert series["detail"].startswith("histogram_quantile(0.95, ")
    assert "no query queue-length" in bare.items[QUEUE]["reason"]


def test_the_demo_knows_an_answer_to_each_of_its_queries() -> None:
    assert ASKED.keys() == TOLD.keys() | SEVERAL.keys()


def node(value: float, age: float = 5.0) -> Told:
    return Told({"instance": "trading-1:9100"}, value, age)


BAD = {
    "a node is down": (
        "node-up",
        (node(0.0),),
        NODES,
        '{instance="trading-1:9100"}: up',
    ),
    "a series is stale": ("cpu-used", (node(0.3, 900.0),), NODES, "cpu-used: age"),
    "a series is missing": ("disk-used", (), NODES, "disk-used: series"),
    "answers are slow": ("p95", (Told({}, 2.4),), LATENCY, "p95"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_not_well_fails_its_item_and_no_other(
    kind: str, bare: Project, standin: StandIn, judge: Callable[..., str]
) -> None:
    query, told, item, label = BAD[kind]
    with standin.telling(ASKED[query].promql, *told):
        shown = judge()
    assert bare.states == GOOD | {item: "failed"}
    assert observed(bare, item, label)["judged"] == "violated"
    assert label in shown


def test_a_rule_without_a_runbook_fails(
    bare: Project, standin: StandIn, judge: Callable[..., str]
) -> None:
    rule = {"type": "alerting", "name": "Lost", "query": "up", "health": "err"}
    standin.groups = [{"name": "x", "rules": [rule]}]
    judge()
    assert bare.states == GOOD | {ALERTS: "failed"}
    assert observed(bare, ALERTS, "Lost: health")["observed"] == "err"


def test_nothing_to_see_is_unknown(
    bare: Project, standin: StandIn, judge: Callable[..., str]
) -> None:
    with standin.telling(ASKED["p95"].promql):
        judge()
    assert bare.states == GOOD | {LATENCY: "unknown"}
    assert "no series" in bare.items[LATENCY]["reason"]


def test_a_prometheus_that_is_down_leaves_all_unknown(
    bare: Project, judge: Callable[..., str]
) -> None:
    with hostile.refuses() as port:
        judge(port=port)
    assert set(bare.states.values()) == {"unknown"}
    assert "connection refused" in bare.items[NODES]["reason"]


def test_a_token_that_is_not_set_leaves_all_unknown(
    bare: Project, judge: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge()
    monkeypatch.delenv("METRICS_TOKEN")
    bare.judge()
    assert set(bare.states.values()) == {"unknown"}
    assert "METRICS_TOKEN is not set" in bare.items[NODES]["reason"]


def test_a_target_without_prometheus_is_unconfigured(bare: Project) -> None:
    bare.write(SUITE, "test_monitoring.py")
    bare.lock()
    bare.judge()
    assert set(bare.states.values()) == {"unconfigured"}
