"""Documentation: what the release says of itself."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo import engine
from pytest_readiness.demo.servers.engine import DESCRIPTION, ENV_EXAMPLE

if TYPE_CHECKING:
    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["DOCUMENTS", "GUIDES", "describe", "file"]

GUIDES = (
    "installation-guide",
    "configuration-guide",
    "user-manual",
    "administrator-guide",
    "troubleshooting-guide",
    "deployment-guide",
    "monitoring-guide",
    "backup-and-recovery",
    "security-guide",
)
DOCUMENTS = Path(next(iter(engine.__path__))) / "docs"
"""The documents of the engine; when they were reviewed is said by each demo."""


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Add the table ``openapi``, and one for each guide."""
    tables["openapi"] = {
        "path": str(DESCRIPTION),
        "url": f"https://127.0.0.1:{bench.engine.port}",
        "ca_file": str(bench.ca_file),
    }
    file(bench, tables, *GUIDES)
    tables["documents"]["configuration-guide"]["describes"] = [str(ENV_EXAMPLE)]


def file(bench: Bench, tables: Tables, *names: str) -> None:
    """Put documents into the demo's folder, reviewed a month ago."""
    folder = bench.folder / "docs"
    folder.mkdir(exist_ok=True)
    reviewed = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=30)
    known = tables.setdefault("documents", {})
    for name in names:
        text = (DOCUMENTS / f"{name}.md").read_text("utf-8")
        path = folder / f"{name}.md"
        path.write_text(text.replace("DATE", reviewed.isoformat(), 1), "utf-8")
        known[name] = {"path": str(path)}
