"""Documentation: what the release says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.engine import DESCRIPTION

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the table ``openapi``."""
    tables["openapi"] = {
        "path": str(DESCRIPTION),
        "url": f"https://127.0.0.1:{bench.engine.port}",
        "ca_file": str(bench.ca_file),
    }
