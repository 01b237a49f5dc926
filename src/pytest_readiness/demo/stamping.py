"""The stamps of the demo's artefacts: its runner says whose release they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pytest_readiness.attest import envelope
from pytest_readiness.attest.predicates import Provenance
from pytest_readiness.attest.provenance import SUFFIX, stamp_of, stamp_path
from pytest_readiness.attest.run_statement import release_ref

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.keys import PrivateKey

__all__ = ["ARTEFACTS", "DATA", "Restamp", "stamp_artefacts"]

ARTEFACTS: Final = "artefacts"
"""Folder of what the jobs of the demo's release made."""
DATA: Final = "masked-production"
"""What the demo's tests ran with, as far as their stamps say."""
_HOUR = dt.timedelta(hours=1)

Restamp = Callable[[Provenance], Provenance | None]
"""What a fault does to the stamp of a file; None leaves it out."""


def stamp_artefacts(
    root: Path,
    context: Context,
    now: dt.datetime,
    *,
    runner: str,
    key: PrivateKey,
    changes: dict[str, Restamp],
) -> None:
    """Stamp every artefact anew, signed by the runner."""
    made = Provenance(
        release=release_ref(context.version, context.source or None, None),
        issued_at=now - _HOUR,
        attester=runner,
        data=DATA,
    )
    for path in sorted((root / ARTEFACTS).glob("*")):
        if path.name.endswith(SUFFIX):
            continue
        change = changes.get(path.name)
        said = made if change is None else change(made)
        stamp_path(path).unlink(missing_ok=True)
        if said is not None:
            line = envelope.sign(stamp_of(path, said), key)
            stamp_path(path).write_bytes(line + b"\n")
