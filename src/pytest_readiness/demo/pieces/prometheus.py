"""Metrics: what the demo's Prometheus scrapes, and what it says when all is well.

A section that needs another query adds a line to :data:`QUERIES` and to :data:`TOLD`.
"""

from __future__ import annotations

import datetime as dt
import math
from functools import cache
from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.prometheus import Told
from pytest_readiness.target.blocks import PrometheusBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_readiness.demo.bench import Bench, Tables
    from pytest_readiness.demo.standins.prometheus import Prometheus

__all__ = [
    "METRICS_TOKEN",
    "QUERIES",
    "ROUTES",
    "SEVERAL",
    "TOLD",
    "describe",
    "promql",
    "tell",
]

METRICS_TOKEN = "READINESS_DEMO_METRICS_TOKEN"  # noqa: S105  # a name
"""Variable that the target file refers to."""

_RATE = 'rate(engine_requests_total{job="engine"}[5m])'
_FAILED = 'rate(engine_requests_total{job="engine",status=~"5.."}[5m])'
_BUCKETS = 'rate(engine_request_seconds_bucket{job="engine"}[5m])'

PRESETS = {
    "node": 'job="node"',
    "postgres": 'job="postgres"',
    "redis": 'job="redis"',
    "python": 'job="engine"',
    "blackbox": 'job="blackbox", instance="https://engine.trading.example"',
}
QUERIES: Mapping[str, dict[str, str]] = {
    "service-up": {"promql": 'up{job="engine"}'},
    "request-rate": {"promql": f"sum({_RATE})", "unit": "1/s"},
    "error-ratio": {"promql": f"sum({_FAILED}) / sum({_RATE})", "unit": "ratio"},
    "p95": {
        "promql": f"histogram_quantile(0.95, sum by (le) ({_BUCKETS}))",
        "window": "1h",
        "unit": "s",
    },
    "latency-by-route": {"promql": f"sum by (route, le) ({_BUCKETS})"},
    "errors-by-route": {
        "promql": 'sum by (route) (engine_requests_total{job="engine"})'
    },
    "workers": {"promql": 'sum(engine_workers{job="engine"})'},
    "gc-pauses": {
        "promql": 'rate(engine_gc_seconds_total{job="engine"}[1h])',
        "unit": "ratio",
    },
}
"""The demo's own queries; the presets have the others."""

KEY_METRICS: Mapping[str, str] = {
    "availability": "up",
    "errors": "engine_requests_total",
    "latency": "engine_request_seconds_bucket",
    "database": "pg_up",
    "cache": "redis_up",
    "disk": "node_filesystem_avail_bytes",
}
"""What somebody must be told of, and the metric that says so."""

_GB = 1e9
_NODE = {"instance": "trading-1:9100"}
_POSTGRES = {"instance": "trading-1:9187"}
_REDIS = {"instance": "trading-1:9121"}
_ENGINE = {"job": "engine", "instance": "trading-1:8443"}
_OUTSIDE = {"job": "blackbox", "instance": "https://engine.trading.example"}
_DISK = {**_NODE, "job": "node", "device": "/dev/vda1", "mountpoint": "/"}


def _waves(middle: float, height: float) -> Callable[[float], float]:
    """Give what goes up and down, and stays where it is."""
    return lambda at: middle + height * math.sin(at / 700)


_CPU, _MEMORY = Told(_NODE, _waves(0.31, 0.05)), Told(_NODE, _waves(0.52, 0.01))
_RESIDENT = Told(
    {**_ENGINE, "__name__": "process_resident_memory_bytes"}, _waves(310e6, 2e6)
)

ROUTES = ("/orders", "/quotes/{symbol}")
SEVERAL: Mapping[str, tuple[Told, ...]] = {
    "latency-by-route": tuple(
        Told({"route": route, "le": le}, 1.0)
        for route in ROUTES
        for le in ("0.1", "1.0", "2.5", "+Inf")
    ),
    "errors-by-route": tuple(Told({"route": route}, 812.0) for route in ROUTES),
}
"""The queries that have more than one series."""

TOLD: Mapping[str, Told] = {
    "node-up": Told({**_NODE, "job": "node", "__name__": "up"}, 1.0),
    "cpu-cores": Told(_NODE, 8.0),
    "cpu-used": _CPU,
    "cpu-history": _CPU,
    "memory-total": Told({**_NODE, "job": "node"}, 33.5 * _GB),
    "memory-used": _MEMORY,
    "memory-history": _MEMORY,
    "disk-total": Told(_DISK, 250.0 * _GB),
    "disk-used": Told(_DISK, 0.44),
    "disk-free-in-14-days": Told(_DISK, 120.0 * _GB),
    "network-received": Told(_NODE, 412_000.0),
    "network-sent": Told(_NODE, 388_000.0),
    "postgres-up": Told({**_POSTGRES, "job": "postgres", "__name__": "pg_up"}, 1.0),
    "postgres-connections-used": Told(_POSTGRES, 0.18),
    "postgres-replication-lag": Told({**_POSTGRES, "job": "postgres"}, 0.4),
    "postgres-longest-transaction": Told(_POSTGRES, 0.8),
    "postgres-cache-hits": Told(_POSTGRES, 0.994),
    "postgres-deadlocks": Told(_POSTGRES, 0.0),
    "redis-up": Told({**_REDIS, "job": "redis", "__name__": "redis_up"}, 1.0),
    "redis-memory-used": Told({**_REDIS, "job": "redis"}, 0.37),
    "redis-clients": Told({**_REDIS, "job": "redis"}, 12.0),
    "redis-hits": Told({**_REDIS, "job": "redis"}, 0.93),
    "redis-evicted": Told({**_REDIS, "job": "redis"}, 0.0),
    "service-up": Told(_ENGINE, 1.0),
    "resident-memory": _RESIDENT,
    "process-age": Told(_ENGINE, 9 * 3600.0),
    "gc-collections": Told({**_ENGINE, "generation": "2"}, 0.02),
    "gc-pauses": Told(_ENGINE, 0.004),
    "workers": Told({}, 8.0),
    "probe-success": Told({**_OUTSIDE, "__name__": "probe_success"}, 1.0),
    "probe-duration": Told({**_OUTSIDE, "__name__": "probe_duration_seconds"}, 0.09),
    "request-rate": Told({}, 21.5),
    "error-ratio": Told({}, 0.0007),
    "p95": Told({}, 0.184),
}
"""The series of each query, by its name."""

_RUNBOOK = "https://git.trading.example/engine/docs/monitoring-guide.md"
"""Where the alerts lead: to their parts of the guide."""


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:
    """Add the table ``prometheus``, and have the server know its answers."""
    tables["prometheus"] = {
        "url": f"https://127.0.0.1:{bench.prometheus.port}",
        "ca_file": str(bench.ca_file),
        "token": f"${{env:{METRICS_TOKEN}}}",
        "presets": dict(PRESETS),
        "queries": {name: dict(query) for name, query in QUERIES.items()},
        "key_metrics": dict(KEY_METRICS),
        "service": {
            "metrics": ["request-rate", "error-ratio", "p95"],
            "routes": list(ROUTES),
        },
    }
    environ[METRICS_TOKEN] = bench.passwords["metrics"]
    tell(bench.prometheus)


def tell(prometheus: Prometheus) -> None:
    """Have a server say that all is well."""
    for name in _block().asked:
        prometheus.tell(promql(name), *(SEVERAL.get(name) or (TOLD[name],)))
    jobs = {"engine": 8443, "node": 9100, "postgres": 9187, "redis": 9121}
    prometheus.targets = [_target(job, port) for job, port in jobs.items()]
    prometheus.groups = [{"name": "engine", "file": "engine.yml", "rules": _rules()}]


def promql(name: str) -> str:
    """Give the text of one of the queries."""
    return _block().asked[name].promql


@cache
def _block() -> PrometheusBlock:
    return PrometheusBlock.model_validate(
        {"url": "https://demo", "presets": PRESETS, "queries": QUERIES}
    )


def _target(job: str, port: int) -> dict[str, object]:
    scraped = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
    return {
        "labels": {"job": job, "instance": f"trading-1:{port}"},
        "scrapePool": job,
        "health": "up",
        "lastError": "",
        "lastScrape": scraped,
    }


def _rules() -> list[dict[str, object]]:
    alerts = {
        "EngineDown": 'up{job="engine"} == 0',
        "EngineErrors": f"sum({_FAILED}) / sum({_RATE}) > 0.01",
        "EngineSlow": f"histogram_quantile(0.95, sum by (le) ({_BUCKETS})) > 2",
        "DatabaseDown": 'pg_up{job="postgres"} == 0',
        "CacheDown": 'redis_up{job="redis"} == 0',
        "DiskFills": 'node_filesystem_avail_bytes{job="node"} < 2e10',
    }
    return [
        {
            "type": "alerting",
            "name": name,
            "query": query,
            "duration": 120,
            "labels": {"severity": "critical"},
            "annotations": {
                "runbook_url": f"{_RUNBOOK}#{name.lower()}",
                "summary": name,
            },
            "health": "ok",
            "lastError": "",
            "state": "inactive",
            "alerts": [],
        }
        for name, query in alerts.items()
    ]
