"""The packages of the service's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.engine import REQUIREMENTS

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the table ``dependencies``."""
    tables["dependencies"] = {
        "interpreter": str(bench.python),
        "requirements": [str(REQUIREMENTS)],
    }
