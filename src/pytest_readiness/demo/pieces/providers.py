"""The four providers of data, each with its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["describe", "key_variable"]


def key_variable(name: str) -> str:
    """Give the variable that a provider's key is in: the target file refers to it."""
    return f"READINESS_DEMO_{name.replace('-', '_').upper()}_KEY"


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:
    """Add a table for each under ``providers``."""
    tables["providers"] = {
        name: {
            "url": f"https://127.0.0.1:{server.port}",
            "key": f"${{env:{key_variable(name)}}}",
            "ca_file": str(bench.ca_file),
        }
        for name, server in bench.providers.items()
    }
    for name in bench.providers:
        environ[key_variable(name)] = bench.passwords[name]
