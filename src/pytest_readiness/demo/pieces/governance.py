"""Compliance and risk: what the demo declares of its organisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["VENDORS", "describe"]

VENDORS = ("tradier", "yahoo-finance", "fred", "quiver-quant")
"""Whose data the service trades on."""


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece
    """Add the list ``vendors``."""
    tables["vendors"] = list(VENDORS)
