"""The demo's target file: one module a checklist section says where its items look.

A piece is a module here with ``describe(bench, tables, environ)``: it adds its tables
to ``[target.demo]`` and the secrets that they refer to. A new section adds a module and
changes nothing else.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe"]


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:
    """Have every piece add what it knows."""
    for module in sorted(found.name for found in iter_modules(__path__)):
        import_module(f"{__name__}.{module}").describe(bench, tables, environ)
