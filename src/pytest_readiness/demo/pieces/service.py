"""The service itself: how its running release is read, before any section's items."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the table ``service``."""
    tables.setdefault("service", {}).update(
        {
            "url": f"https://127.0.0.1:{bench.engine.port}",
            "ca_file": str(bench.ca_file),
            "release": {"route": "/version", "json": "version"},
        }
    )
