"""What the demo's service connects to: the providers of data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the table ``network``."""
    tables["network"] = {
        "endpoints": [
            {"name": name, "host": "127.0.0.1", "port": server.port}
            for name, server in bench.providers.items()
        ],
        # On loopback nothing is in the way that a burst could disturb.
        "interval": "5ms",
    }
    # How fast a busy machine answers itself is not what the demo shows.
    tables.setdefault("limits", {})["network"] = {"median": "200ms"}
