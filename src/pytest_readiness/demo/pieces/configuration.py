"""Configuration Management: the engine's environment, and what it is configured by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.engine import ENV_EXAMPLE

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the table ``environment``."""
    tables["environment"] = {
        "pid": bench.engine.pid,
        "example": str(ENV_EXAMPLE),
    }
