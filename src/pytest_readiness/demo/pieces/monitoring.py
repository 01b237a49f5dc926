"""Monitoring and Alerting: how the service says how it is, and who watches it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the tables of what is asked about the service's state."""
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
