"""Monitoring and Alerting: how the service says how it is, and who is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from pytest_readiness.demo.pieces.prometheus import METRICS_TOKEN

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["CRITICAL", "configuration", "describe"]

CRITICAL = 'severity="critical"'
_TEST = "readiness-test"


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the tables of what is asked about the service's state, and of its alerts."""
    ca_file = str(bench.ca_file)
    tables["health"] = {
        "url": f"https://127.0.0.1:{bench.engine.port}",
        "ca_file": ca_file,
        "live": "/health/live",
        "ready": "/health/ready",
        "dependencies": ["database", "cache"],
    }
    # How fast a busy machine answers itself is not what the demo shows.
    tables.setdefault("limits", {})["health"] = {"answer": "4s"}
    _views(bench, tables)
    alertmanager = bench.alertmanager
    alertmanager.original = yaml.safe_dump(configuration(), sort_keys=False)
    tables.setdefault("allow", []).append("page")
    tables["alertmanager"] = {
        "url": f"https://127.0.0.1:{alertmanager.port}",
        "ca_file": ca_file,
        "token": f"${{env:{METRICS_TOKEN}}}",
        "receivers": ["on-call"],
        "page": {
            "receiver": _TEST,
            "webhook": f"127.0.0.1:{alertmanager.webhook_port}",
            "smtp": f"127.0.0.1:{alertmanager.smtp_port}",
            "timeout": "15s",
        },
    }


def _views(bench: Bench, tables: Tables) -> None:
    """Add the tables of what people look at."""
    trust = {"ca_file": str(bench.ca_file), "token": f"${{env:{METRICS_TOKEN}}}"}
    bench.grafana.dashboards = {"engine-overview": 12, "engine-orders": 6}
    tables["grafana"] = {
        "url": f"https://127.0.0.1:{bench.grafana.port}",
        "dashboards": list(bench.grafana.dashboards),
        **trust,
    }
    tables["logs"] = {
        "kind": "loki",
        "url": f"https://127.0.0.1:{bench.loki.port}",
        "query": bench.loki.query,
        **trust,
    }


def configuration() -> dict[str, Any]:
    """Give what the demo's Alertmanager has loaded, as its API shows it."""
    return {
        "route": {
            "receiver": "nobody",
            "group_by": ["alertname"],
            "routes": [
                {"receiver": _TEST, "matchers": ['readiness_test=~".+"']},
                {
                    "receiver": "on-call",
                    "matchers": [CRITICAL],
                    "group_wait": "10s",
                    "continue": True,
                },
                {"receiver": "chat", "matchers": ['severity=~"critical|warning"']},
            ],
        },
        "receivers": [
            {"name": "nobody"},
            {
                "name": "on-call",
                "pagerduty_configs": [{"routing_key": "<secret>"}],
                "email_configs": [{"to": "oncall@trading.example"}],
            },
            {"name": "chat", "slack_configs": [{"channel": "#engine"}]},
            {
                "name": _TEST,
                "webhook_configs": [{"url": "http://readiness.trading.example"}],
                "email_configs": [{"to": "readiness@trading.example"}],
            },
        ],
        "time_intervals": [
            {
                "name": "night",
                "time_intervals": [
                    {"times": [{"start_time": "22:00", "end_time": "24:00"}]}
                ],
            }
        ],
    }
