"""Secrets that stand in files as plain text; detect-secrets finds them.

It runs as a program of its own: it keeps settings for the whole process, and its output
has hashes where a library call has secrets. It looks at copies in a folder of this
run's user alone, so that files of other hosts are looked at the same way, and beside
them at one that holds a secret: a scan that does not find that one has found nothing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.program import ended, kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look

__all__ = ["PROGRAM", "planted"]

PROGRAM = (
    *("-m", "detect_secrets", "-C", "{folder}", "-c", "1"),
    # `-n`: found secrets are not tried out over the network.
    *("scan", "-n", "--all-files", "--disable-plugin", "IPPublicDetector"),
    # A remark in the file excuses nothing; an audited baseline does.
    "--disable-filter",
    "detect_secrets.filters.allowlist.is_line_allowlisted",
    ".",
)
"""How this interpreter is asked; a public address is no secret."""
_CANARY = "canary.yaml"
_INTAKE = 10_000_000


class _Found(BaseModel):
    type: str
    hashed_secret: str
    line_number: int = 0
    is_secret: bool | None = None


class _Results(BaseModel):
    results: dict[str, list[_Found]]


def planted(
    texts: Mapping[str, str], baseline: Path | None, look: Look
) -> tuple[str, ...]:
    """Name file, line and kind of each secret in some texts, by the files' paths.

    Raises:
        LookError: they were not scanned.
    """
    excused = _audited(baseline)
    with tempfile.TemporaryDirectory(prefix="readiness-") as name:
        folder = Path(name)
        copies = {f"{n}-{Path(path).name}": path for n, path in enumerate(texts)}
        for copy, path in copies.items():
            (folder / copy).write_text(texts[path], "utf-8")
        # Put together here, so that nobody finds one in this file.
        (folder / _CANARY).write_text(f"key: {'AKIA'}{'QYLPMN5HFIQR7XYA'}\n", "utf-8")
        results = _scanned(folder, look)
    return tuple(
        f"{Path(copies[copy]).name} line {one.line_number}: {one.type}"
        for copy in copies
        for one in results.get(copy, [])
        if (Path(copies[copy]).name, one.hashed_secret) not in excused
    )


def _scanned(folder: Path, look: Look) -> Mapping[str, list[_Found]]:
    words = [word.format(folder=folder) for word in PROGRAM]
    # Without -I it would take modules from the folder that it is started in.
    done = ended([sys.executable, "-I", *words], look, kept(), _INTAKE)
    try:
        results = _Results.model_validate_json(done.stdout).results
    except ValidationError:
        results = {}
    if _CANARY not in results:
        reason = "detect-secrets does not find what it must"
        raise LookError(reason, Cause.LOCAL, "install detect-secrets anew", final=True)
    return results


def _audited(baseline: Path | None) -> frozenset[tuple[str, str]]:
    """Give file and hash of what somebody looked at and called no secret."""
    if baseline is None:
        return frozenset()
    try:
        found = _Results.model_validate(json.loads(baseline.read_text("utf-8")))
    except (OSError, ValueError):
        reason = f"{baseline.name} is no baseline of detect-secrets"
        raise LookError(
            reason, Cause.LOCAL, "make it with `detect-secrets scan`", final=True
        ) from None
    return frozenset(
        (Path(name).name, one.hashed_secret)
        for name, several in found.results.items()
        for one in several
        if one.is_secret is False
    )
