"""Calendars of a rota: read in a process that can be ended."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes import program
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.rota.shifts import Span

__all__ = ["COMMAND", "MOST", "spans_of"]

COMMAND = ("-I", "-m", "pytest_readiness.probes.calendar_reader")
"""How a calendar is read, by this Python; file, time zone and two moments follow."""
MOST = 10_000_000
"""Bytes of a calendar that is read."""
_INTAKE = 10_000_000


def spans_of(
    data: bytes, zone: str, start: dt.datetime, end: dt.datetime, look: Look
) -> tuple[Span, ...]:
    """Give the events of a calendar between two moments.

    Raises:
        LookError: it is none, or takes too long.
    """
    with tempfile.TemporaryDirectory(prefix="readiness-calendar-") as folder:
        path = Path(folder) / "rota.ics"
        path.write_bytes(data)
        moments = (start.isoformat(), end.isoformat())
        command = (sys.executable, *COMMAND, str(path), zone, *moments)
        output = program.output_of(command, look, _INTAKE)
    try:
        found = json.loads(output)
    except ValueError:
        reason = "the calendar cannot be read: it is too much"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    if "missing" in found:
        reason = "what reads calendars is not installed"
        remedy = "pip install 'pytest-readiness[calendars]'"
        raise LookError(reason, Cause.LOCAL, remedy, final=True)
    if "wrong" in found:
        reason = f"the calendar cannot be read: {found['wrong']}"
        raise LookError(reason, Cause.LOCAL, final=True)
    return tuple(
        (dt.datetime.fromisoformat(begins), dt.datetime.fromisoformat(ends))
        for begins, ends in found["spans"]
    )
