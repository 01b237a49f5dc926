"""The machine that the demo runs on: what it lacks is said in the limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.box import loosened

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the table ``machine``, and ``limits.machine`` on a smaller box."""
    tables["machine"] = {"path": str(bench.folder)}
    lacking = loosened(bench.folder)
    if lacking:
        tables.setdefault("limits", {})["machine"] = lacking
