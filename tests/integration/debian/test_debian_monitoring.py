"""Monitoring and Alerting, judged by the real command on Debian's real stack.

Prometheus, Alertmanager and the exporters of host, PostgreSQL and outside are the real
ones; no package has Grafana or Loki, so their stand-ins answer. All ten items hold, and
each way in which one is not as required changes that item and no other.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w
import yaml

from pytest_readiness.demo.engine.metrics import Metrics
from pytest_readiness.demo.standins.grafana import Grafana
from pytest_readiness.demo.standins.loki import Loki
from pytest_readiness.demo.standins.web import Asked, Reply, Web
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.prometheus import Prometheus
from pytest_readiness.target.blocks import PrometheusBlock
from tests.integration.conftest import PASSWORD, find, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.conftest import PostgresServer

    Apply = Callable[["Case"], object]

SUITE = Path(__file__).parents[3] / "readiness_suite"
MODULE = "pre_production/test_monitoring_and_alerting.py"
TOKEN = "READINESS_TEST_TOKEN"
ITEMS = (
    *("system-monitoring", "application-monitoring", "database-monitoring"),
    *("api-monitoring", "log-monitoring", "alert-configuration"),
    *("notification-channels", "dashboard", "health-checks", "uptime-monitoring"),
)
GOOD = {f"monitoring-and-alerting.{name}": "verified" for name in ITEMS}
LACKS = {"postgres-replication-lag"}
"""This exporter has it only by queries of one's own."""

BLACKBOX = {"modules": {"http": {"prober": "http", "timeout": "2s"}}}
RUNBOOK = {"runbook_url": "https://runbooks.example/shop"}


def alert(name: str, query: str, severity: str = "critical") -> dict[str, Any]:
    labels = {"severity": severity} if severity else {}
    return {
        "alert": name,
        "expr": query,
        "for": "2m",
        "labels": labels,
        "annotations": dict(RUNBOOK),
    }


DOWN = alert("Down", 'up{job="shop"} == 0')
ERRORS = alert("Errors", 'rate(engine_requests_total{status="500"}[5m]) > 1')
SLOW = alert("Slow", "rate(engine_request_seconds_sum[5m]) > 2", "warning")
RULES = {
    "shop": [DOWN, ERRORS, SLOW],
    "broken": [alert("Broken", "up * on () up > 1")],
    "careless": [{**alert("Careless", "up > 1"), "annotations": {}}],
    "bare": [alert("Bare", "up > 1", "")],
}
MATCH = {"matchers": ['severity="critical"']}
TEST = {
    "receiver": "readiness-test",
    "matchers": ['readiness_test=~".+"'],
    "group_wait": "100ms",
    "group_interval": "1s",
}
PAGER = {**MATCH, "receiver": "pager"}


@dataclass
class Stack:
    """What runs for all cases."""

    folder: Path
    prometheus: int
    service: Web
    grafana: Grafana
    loki: Loki
    outside: int

    def tables(self) -> dict[str, Any]:
        """Give the tables of a target that is ready."""
        local = "http://127.0.0.1"
        trust = {"token": f"${{env:{TOKEN}}}"}
        return {
            "prometheus": {
                "url": f"{local}:{self.prometheus}",
                "presets": {
                    "node": 'job="node"',
                    "postgres": 'job="postgres"',
                    "blackbox": 'job="outside"',
                },
                "queries": {
                    "service-up": 'up{job="shop"}',
                    "requests": 'sum(engine_requests_total{job="shop"})',
                    "latency-by-route": "sum by (route, le)"
                    ' (engine_request_seconds_bucket{job="shop"})',
                    "errors-by-route": "sum by (route)"
                    ' (engine_requests_total{job="shop"})',
                    # Of a container every file system may be an overlay.
                    "disk-used": 'node_filesystem_avail_bytes{job="node"}',
                },
                "rule_groups": ["shop"],
                "key_metrics": {
                    "availability": "up",
                    "errors": "engine_requests_total",
                },
                "service": {"metrics": ["requests"], "routes": ["/orders"]},
            },
            "service": {
                "url": f"{local}:{self.service.port}",
                "release": {"route": "/version", "json": "version"},
            },
            "health": {
                "url": f"{local}:{self.service.port}",
                "dependencies": ["database"],
            },
            "grafana": {
                "url": f"{local}:{self.grafana.port}",
                "dashboards": ["overview"],
                **trust,
            },
            "logs": {
                "kind": "loki",
                "url": f"{local}:{self.loki.port}",
                "query": self.loki.query,
                **trust,
            },
        }


def service() -> Web:
    """Start a service that tells its metrics and its health."""
    metrics = Metrics("1.2.3")
    metrics.requests.add("GET", "/orders", "200")
    metrics.seconds.observe(0.02, "/orders")
    began = int((time.time() - 420) * 1000)

    def answer(asked: Asked) -> Reply:
        if asked.path == "/metrics":
            text = metrics.show(None).get_data(as_text=True)  # type: ignore[arg-type]
            return Reply(text, kind="text/plain; version=0.0.4")
        if asked.path == "/stale":
            # A sample that was taken seven minutes ago, and none since.
            stale = f"probe_success 1 {began}\n"
            return Reply(stale, kind="text/plain; version=0.0.4")
        if asked.path == "/version":
            return Reply({"version": "1.2.3"})
        if asked.path == "/ill":
            return Reply({"status": "up", "checks": {"database": {"status": "down"}}})
        if asked.path == "/page":
            return Reply("<html>well", kind="text/html")
        return Reply({"status": "up", "checks": {"database": {"status": "up"}}})

    return Web(answer)


def scraped(
    jobs: dict[str, tuple[int, str]], outside: int, page: str
) -> dict[str, Any]:
    own = [
        {
            "job_name": name,
            "metrics_path": path,
            "static_configs": [{"targets": [f"127.0.0.1:{port}"]}],
        }
        for name, (port, path) in jobs.items()
    ]
    probing = [
        {
            "job_name": name,
            "metrics_path": "/probe",
            "params": {"module": ["http"], "target": [target]},
            "static_configs": [{"targets": [f"127.0.0.1:{outside}"]}],
        }
        for name, target in (("outside", page), ("unreached", "http://127.0.0.1:1/"))
    ]
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [*own, *probing],
    }


def start(stack: contextlib.ExitStack, folder: Path, name: str, *options: str) -> int:
    port = free_port()
    command = [find(name), f"--web.listen-address=127.0.0.1:{port}", *options]
    stack.enter_context(running(command, folder / f"{name}.log", port))
    return port


@pytest.fixture(scope="module")
def stack(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("monitored")
    with contextlib.ExitStack() as stack:
        shop = stack.enter_context(service())
        grafana = stack.enter_context(Grafana(token=PASSWORD))
        grafana.dashboards = {"overview": 3}
        loki = stack.enter_context(Loki(token=PASSWORD))
        node = start(stack, folder, "prometheus-node-exporter")
        known = f"127.0.0.1:{postgres_server.port}/app?sslmode=require"
        exporters = {"postgres": f"app:{PASSWORD}", "locked-out": "app:wrong"}
        databases = {}
        for name, login in exporters.items():
            here = folder / name
            here.mkdir()
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DATA_SOURCE_NAME", f"postgresql://{login}@{known}")
                databases[name] = start(stack, here, "prometheus-postgres-exporter")
        (folder / "blackbox.yml").write_text(yaml.safe_dump(BLACKBOX))
        config = f"--config.file={folder}/blackbox.yml"
        outside = start(stack, folder, "prometheus-blackbox-exporter", config)
        jobs = {
            "node": (node, "/metrics"),
            "gone": (1, "/metrics"),
            "shop": (shop.port, "/metrics"),
            "stale": (shop.port, "/stale"),
            **{name: (port, "/metrics") for name, port in databases.items()},
        }
        page = f"http://127.0.0.1:{shop.port}/health/live"
        settings = scraped(jobs, outside, page)
        groups = [{"name": name, "rules": rules} for name, rules in RULES.items()]
        (folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups}))
        (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        prometheus = start(
            *(stack, folder, "prometheus"),
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
        )
        found = Stack(folder, prometheus, shop, grafana, loki, outside)
        _settled(found)
        yield found


def _settled(stack: Stack) -> None:
    """Wait until every job was scraped twice, and every rule evaluated."""
    tables = stack.tables()["prometheus"]
    queries = {
        **tables["queries"],
        "pg": "count(pg_up)",
        "probes": "count(probe_success)",
    }
    settings = {**tables, "queries": queries, "rule_groups": []}
    block = PrometheusBlock.model_validate(settings)
    over = time.monotonic() + 40
    while True:
        facts = Prometheus.gather(block, Look("x", 10.0))
        counts = [facts.count(name).otherwise(0) for name in block.asked]
        lacking = [
            n
            for n, c in zip(block.asked, counts, strict=True)
            if not c and n not in LACKS
        ]
        pairs = (facts.value("pg").otherwise(0), facts.value("probes").otherwise(0))
        rules = facts.rules.otherwise(())
        health = [rule.health for rule in rules]
        if not lacking and pairs[1] == 2 and health and "unknown" not in health:
            return
        assert time.monotonic() < over, (lacking, pairs, health)
        time.sleep(0.3)


@dataclass
class Case:
    """A target under change, and an Alertmanager of its own."""

    stack: Stack
    folder: Path
    ends: contextlib.ExitStack
    tables: dict[str, Any] = field(init=False)
    routes: list[dict[str, Any]] = field(default_factory=lambda: [TEST, PAGER])
    webhook: int = field(default_factory=free_port)
    smtp: int = field(default_factory=free_port)
    receiver: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.tables = self.stack.tables()
        self.receiver = {
            "name": "readiness-test",
            "webhook_configs": [{"url": f"http://127.0.0.1:{self.webhook}/"}],
            "email_configs": [
                {"to": "x@shop.example", "send_resolved": True, "require_tls": False}
            ],
        }

    def set(self, table: str, **settings: object) -> None:
        self.tables[table] |= settings

    def preset(self, name: str, matchers: str) -> None:
        self.tables["prometheus"]["presets"][name] = matchers

    def query(self, name: str, promql: str) -> None:
        self.tables["prometheus"]["queries"][name] = promql

    def attribute(self, server: object, name: str, value: object) -> None:
        before = getattr(server, name)
        self.ends.callback(setattr, server, name, before)
        setattr(server, name, value)

    def alerts(self) -> None:
        """Start the Alertmanager with the case's routes."""
        loaded = {
            "global": {
                "smtp_smarthost": f"127.0.0.1:{self.smtp}",
                "smtp_from": "alerts@shop.example",
            },
            "route": {"receiver": "nobody", "routes": self.routes},
            "receivers": [
                {"name": "nobody"},
                {"name": "pager", "email_configs": [{"to": "oncall@shop.example"}]},
                {"name": "chat", "webhook_configs": [{"url": "http://127.0.0.1:1"}]},
                self.receiver,
            ],
        }
        file = self.folder / "alertmanager.yml"
        file.write_text(yaml.safe_dump(loaded))
        port = start(
            *(self.ends, self.folder, "prometheus-alertmanager"),
            f"--config.file={file}",
            f"--storage.path={self.folder}/alerts",
            "--cluster.listen-address=",
        )
        self.tables["alertmanager"] = {
            "url": f"http://127.0.0.1:{port}",
            "receivers": ["pager"],
            "page": {
                "receiver": "readiness-test",
                "webhook": f"127.0.0.1:{self.webhook}",
                "smtp": f"127.0.0.1:{self.smtp}",
                "timeout": "15s",
            },
        }

    def judge(self) -> dict[str, dict[str, Any]]:
        """Judge in a process of its own; give the section's items."""
        self.alerts()
        document = {
            "system": {"name": "shop"},
            "release": {"version": "1.2.3"},
            "default": "debian",
            "target": {"debian": {"allow": ["page"], **self.tables}},
        }
        (self.folder / "readiness.toml").write_text(tomli_w.dumps(document))
        foreign = ("READINESS_", "PYTEST_")
        outside = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest_readiness", "run", SUITE / MODULE],
            cwd=self.folder,
            env={**outside, TOKEN: PASSWORD, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
        report = self.folder / "readiness-report" / "report.json"
        assert report.exists(), done.stdout + done.stderr
        written = report.read_text()
        assert PASSWORD not in done.stdout + done.stderr + written
        items = json.loads(written)["items"]
        return {item["id"]: item for item in items if item["id"] in GOOD}


@pytest.fixture
def case(stack: Stack, tmp_path: Path) -> Iterator[Case]:
    with contextlib.ExitStack() as ends:
        yield Case(stack, tmp_path, ends)


def test_debians_monitoring_is_ready(case: Case) -> None:
    items = case.judge()
    states = {name: item["state"] for name, item in items.items()}
    assert states == GOOD, {name: item["reason"] for name, item in items.items()}


def _routes(*routes: dict[str, Any]) -> Apply:
    return lambda case: case.routes.__setitem__(slice(None), [TEST, *routes])


BAD: dict[str, tuple[str, str, Apply]] = {
    "a node is down": (
        *("system-monitoring", ": 0, required equal to 1"),
        lambda case: case.preset("node", 'job="gone"'),
    ),
    "the exporter is locked out": (
        *("database-monitoring", "postgres-up: "),
        lambda case: case.preset("postgres", 'job="locked-out"'),
    ),
    "the service is down": (
        *("application-monitoring", ": 0, required equal to 1"),
        lambda case: case.query("service-up", 'up{job="gone"}'),
    ),
    "a metric is missing": (
        *("application-monitoring", "requests: series: 0"),
        lambda case: case.query("requests", "renamed_total"),
    ),
    "no histogram": (
        *("api-monitoring", "a histogram: no, required yes"),
        lambda case: case.query(
            "latency-by-route", "sum by (route) (engine_request_seconds_sum)"
        ),
    ),
    "the address does not answer": (
        *("uptime-monitoring", ": 0, required equal to 1"),
        lambda case: case.preset("blackbox", 'job="unreached"'),
    ),
    "nobody probes any more": (
        *("uptime-monitoring", "probe-success: age"),
        lambda case: case.preset("blackbox", 'job="stale"'),
    ),
    "a rule cannot be evaluated": (
        *("alert-configuration", "rules that cannot be evaluated: Broken: "),
        lambda case: case.set("prometheus", rule_groups=["shop", "broken"]),
    ),
    "an alert without a runbook": (
        *("alert-configuration", "alerts without runbook: Careless"),
        lambda case: case.set("prometheus", rule_groups=["shop", "careless"]),
    ),
    "an alert without severity": (
        *("alert-configuration", "alerts without severity: Bare"),
        lambda case: case.set("prometheus", rule_groups=["shop", "bare"]),
    ),
    "an alert is missing": (
        *("alert-configuration", "disk: critical alerts: none"),
        lambda case: case.tables["prometheus"]["key_metrics"].update(
            disk="node_filesystem_avail_bytes"
        ),
    ),
    "an alert is of the wrong severity": (
        *("alert-configuration", "latency: critical alerts: none"),
        lambda case: case.tables["prometheus"]["key_metrics"].update(
            latency="engine_request_seconds_sum"
        ),
    ),
    "a null route": (
        *("notification-channels", "calls by: none"),
        _routes({**MATCH, "receiver": "nobody"}),
    ),
    "swallowed by an earlier route": (
        *("notification-channels", "calls by: none"),
        _routes({"match_re": {"severity": "crit.*"}, "receiver": "chat"}, PAGER),
    ),
    "one alert swallowed": (
        *("notification-channels", "calls by: none"),
        _routes({"match": {"alertname": "Down"}, "receiver": "chat"}, PAGER),
    ),
    "no route of their own": (
        *("notification-channels", "calls by: none"),
        _routes(),
    ),
    "the test alert is lost": (
        *("notification-channels", "smtp: the test alert arrived: no"),
        lambda case: case.receiver.update(email_configs=[]),
    ),
    "a dependency is down inside": (
        *("health-checks", "not well: database: down"),
        lambda case: case.set("health", ready="/ill"),
    ),
    "a web page for health": (
        *("health-checks", "format: HTML"),
        lambda case: case.set("health", live="/page"),
    ),
    "dashboards for everybody": (
        *("dashboard", "strangers are refused: no"),
        lambda case: case.attribute(case.stack.grafana, "anonymous", value=True),
    ),
    "old log lines": (
        *("log-monitoring", "its age: 60 min"),
        lambda case: case.attribute(case.stack.loki, "age", 3600.0),
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_stack_fails_its_item_alone(name: str, case: Case) -> None:
    item, words, apply = BAD[name]
    apply(case)
    items = case.judge()
    changed = {
        item.partition(".")[2]: found["state"]
        for item, found in items.items()
        if found["state"] != GOOD[item]
    }
    assert changed == {item: "failed"}
    assert words in json.dumps(items[f"monitoring-and-alerting.{item}"])
