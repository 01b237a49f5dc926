"""Performance Optimization: routes, load, static files, and a cache that is warm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.postgres import DATABASE

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["ASSET", "LOADED", "TIMED", "describe", "warm"]

ASSET = "/assets/engine.css"
TIMED, LOADED = "/quotes/DEMO-C100", "/quotes/ACME-P050"
_YESTERDAY = 20_000
_CALLS = 120
_SELECT = "SELECT symbol, expiry FROM contracts WHERE symbol = 'DEMO-C100'; "


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add to ``service`` what of it is timed and loaded, and the table ``cdn``."""
    tables.setdefault("service", {}).update(
        {
            "routes": {
                "timed": [TIMED, "/version"],
                "cacheable": ["/openapi.json"],
                "description": "/openapi.json",
                "samples": 60,
            },
            # Six times the rate asked for: so half a second gives samples enough.
            "load": {
                "routes": [LOADED],
                "rate": 6000.0,
                "duration": "600ms",
                "late": "500ms",
            },
        }
    )
    tables.setdefault("allow", []).append("load")
    # A hundred times less than where it matters.
    tables.setdefault("limits", {})["service"] = {"load": "500ms"}
    tables["cdn"] = {
        "assets": [f"https://127.0.0.1:{bench.cdn.port}{ASSET}"],
        "ca_file": str(bench.ca_file),
    }
    warm(bench)
    # As much as a release has behind it that clients have used for a while.
    bench.postgres.execute(DATABASE, f"SET ROLE engine; {_SELECT * _CALLS}RESET ROLE")


def warm(bench: Bench) -> None:
    """Have the cache looked up as often as on a day before."""
    bench.valkey.look_up(_YESTERDAY, hits=True)
