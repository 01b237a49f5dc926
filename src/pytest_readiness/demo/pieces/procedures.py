"""Operational Procedures: how the demo's people work, as they have written it down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.pieces.documentation import file

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["PROCEDURES", "describe"]

PROCEDURES = (
    "rollback-process",
    "recovery-process",
    "monitoring-process",
    "incident-response",
    "maintenance-windows",
    "documentation-updates",
)


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add a table for each procedure."""
    file(bench, tables, *PROCEDURES)
