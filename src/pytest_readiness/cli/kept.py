"""What was just signed or imported, and what its items still lack."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.cli import console

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_readiness.cli.situation import Situation

__all__ = ["Kept", "tell"]


class Kept(NamedTuple):
    """A statement that is in the ledger now."""

    item: str
    said: str
    payload_sha256: str
    path: Path


def tell(situation: Situation, kept: Sequence[Kept], *, as_json: bool) -> None:
    """Print it: the ledger is read again, so that what is said is what will count."""
    signing = situation.signing(dt.datetime.now(dt.UTC)) if kept else None
    results: list[dict[str, object]] = []
    report: list[str] = []
    for one in kept:
        item = situation.items.get(one.item)
        found = signing.of(item) if signing and item else None
        missing = found.missing_roles if found else ()
        results.append(
            {
                "item": one.item,
                "said": one.said,
                "payload": one.payload_sha256,
                "file": str(one.path),
                "missing": list(missing),
            }
        )
        more = f", still missing: {' and '.join(missing)}" if missing else ""
        report.append(f"{one.item}: {one.said}{more}")
    if as_json:
        console.print_json(results)
        return
    files = sorted({str(one.path) for one in kept})
    if files:
        report.append(f"Commit {', '.join(files)}.")
    console.say(line for text in report for line in console.wrapped(text))
