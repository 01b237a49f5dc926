"""A program: reads an iCalendar file, prints the spans of its events as JSON.

Started by :mod:`pytest_readiness.probes.rota.calendars`: a calendar can repeat an event
every second for ever, and a program can be ended.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["main", "spans"]

_MEMORY = 2_000_000_000


def spans(
    data: bytes, zone: str, start: dt.datetime, end: dt.datetime
) -> list[tuple[str, str]]:
    """Give begin and end, in UTC, of what happens between two moments."""
    import icalendar  # noqa: PLC0415  # the extra `calendars`
    import recurring_ical_events  # type: ignore[import-untyped]  # noqa: PLC0415  # as above

    calendar: Any = icalendar.Calendar.from_ical(data)
    found: Any = recurring_ical_events.of(calendar).between(start, end)
    where = ZoneInfo(zone)
    return [
        (_utc(event.start, where), _utc(event.end, where))
        for event in found
        if str(event.get("STATUS", "")).upper() != "CANCELLED"
    ]


def _utc(moment: dt.date | dt.datetime, zone: ZoneInfo) -> str:
    """Read a day as its first minute, and a time that names no zone as one of ours."""
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return aware.astimezone(dt.UTC).isoformat()


def main(path: str, zone: str, start: str, end: str) -> None:
    """Print the spans of a file."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  # POSIX has it

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    try:
        moments = (dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end))
        found: dict[str, object] = {
            "spans": spans(Path(path).read_bytes(), zone, *moments)
        }
    except ImportError:
        found = {"missing": True}
    except Exception as error:  # noqa: BLE001  # whatever is wrong with the file
        found = {"wrong": type(error).__name__}
    print(json.dumps(found))  # noqa: T201  # its purpose


if __name__ == "__main__":
    main(*sys.argv[1:])
