"""When a document was last reviewed: as it says itself, or as a commit says."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.errors import ConfigError
from pytest_readiness.probes.look import LookError
from pytest_readiness.target.git import Git, NoRepository

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.probes.look import Look

__all__ = ["ASKED", "committed", "written"]

ASKED = (
    *("--max-count=1", "--grep=^Reviewed-by:", "--extended-regexp"),
    *("--format=%ct%n%(trailers:key=Reviewed-by,valueonly)", "--"),
)
"""What git is asked about a file: its newest commit that somebody reviewed."""
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?")


def written(text: str) -> dt.date | None:
    """Read the date that a page says itself; None where it says none.

    Raises:
        LookError: what it says is no date.
    """
    if not text:
        return None
    found = _DATE.fullmatch(text)
    try:
        return dt.date.fromisoformat(found[1] if found else text)
    except ValueError:
        reason = f"`reviewed: {text[:40]}` is no date"
        remedy = "write it like `reviewed: 2030-01-31`"
        raise LookError(reason, Cause.LOCAL, remedy, final=True) from None


def committed(path: Path, look: Look) -> dt.date | None:
    """Give the day of a file's newest commit with a ``Reviewed-by:`` trailer.

    Raises:
        LookError: git does not answer.
    """
    git = Git(path.parent, timeout=look.remaining())
    try:
        answer = git.ask("log", *ASKED, path.name).decode(errors="replace")
    except NoRepository:
        return None
    except ConfigError as error:
        raise LookError(error.what, Cause.LOCAL, error.remedy, final=True) from None
    when, _, reviewers = answer.partition("\n")
    if not reviewers.strip():
        return None
    return dt.datetime.fromtimestamp(int(when), dt.UTC).date()
