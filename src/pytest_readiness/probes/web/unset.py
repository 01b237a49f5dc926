"""A table of ``service`` that the target does not have."""

from __future__ import annotations

from pytest_readiness.catalogue.observation import Cause, Unavailable

__all__ = ["unset"]


def unset(table: str, environment: str) -> Unavailable:
    """Say that there is no such table, and where it would stand."""
    where = f"[target.{environment}.service.{table}]"
    reason = f"the target has no {where}"
    return Unavailable(reason, Cause.UNCONFIGURED, f"add {where}")
