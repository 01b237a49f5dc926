"""Operational Procedures: how the demo's people work, as they have written it down."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pytest_readiness.demo import engine
from pytest_readiness.demo.pieces.documentation import file
from pytest_readiness.demo.standins.forge import PROJECT

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["FORGE_TOKEN", "PIPELINE", "PROCEDURES", "describe", "rota", "runs"]

PROCEDURES = (
    "rollback-process",
    "recovery-process",
    "monitoring-process",
    "incident-response",
    "change-management",
    "maintenance-windows",
    "documentation-updates",
)

FORGE_TOKEN = "READINESS_DEMO_FORGE_TOKEN"  # noqa: S105  # a name
"""Variable that the target file refers to."""
PIPELINE = Path(next(iter(engine.__path__))) / "workflows" / "release.yml"
"""How the engine is deployed."""


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:
    """Add a table for each procedure, and ``rota``, ``forge``, ``pipeline``."""
    file(bench, tables, *PROCEDURES)
    path = bench.folder / "rota.yaml"
    path.write_text(yaml.safe_dump(rota()), "utf-8")
    tables["rota"] = {"path": str(path)}
    tables["forge"] = {
        "kind": "github",
        "url": f"https://127.0.0.1:{bench.forge.port}",
        "project": PROJECT,
        "token": f"${{env:{FORGE_TOKEN}}}",
        "ca_file": str(bench.ca_file),
    }
    environ[FORGE_TOKEN] = bench.passwords["forge"]
    history = bench.folder / "backup-history.jsonl"
    history.write_text(runs(), "utf-8")
    tables["backup"]["history"] = str(history)
    tables["pipeline"] = {"path": str(PIPELINE)}


def runs(*missing: int) -> str:
    """Give the record of ten days of the backup's job; some days may be missing."""
    now, day = dt.datetime.now(dt.UTC), dt.timedelta(days=1)
    return "".join(
        f'{{"ended": "{(now - number * day).isoformat()}", "result": "{result}"}}\n'
        for number in range(10, -1, -1)
        for result in ["failure" if number in missing else "success"]
    )


def rota() -> dict[str, Any]:
    """Give the plan of who is on call, from last week on."""
    start = f"{dt.datetime.now(dt.UTC).date() - dt.timedelta(days=7)} 09:00"
    turns = {"primary": ["olga", "deniz", "bao"], "secondary": ["nils", "sofia"]}
    levels = [
        {"name": name, "rotation": {"people": people, "start": start, "days": 7}}
        for name, people in turns.items()
    ]
    return {"time_zone": "America/New_York", "levels": levels}
