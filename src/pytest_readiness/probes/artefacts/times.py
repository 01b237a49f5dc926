"""Times inside artefacts, as their tools write them."""

from __future__ import annotations

import datetime as dt

__all__ = ["earliest", "since_1970", "when"]

_FIRST_YEAR = 2000
_SECONDS_END = 10**11
"""Later than the year 5000 in seconds, and 1973 in milliseconds."""


def when(text: str) -> dt.datetime | None:
    """Read an ISO time, with a zone or without; None where it is none.

    jest-junit dates a suite that did not start 1970: a time that early is none.
    """
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.year >= _FIRST_YEAR else None


def since_1970(text: str | None) -> dt.datetime | None:
    """Read seconds or milliseconds since 1970; None where it is neither."""
    if not text or not text.isdecimal() or len(text) > 15:  # noqa: PLR2004  # year 9999
        return None
    count = int(text)
    at = dt.datetime.fromtimestamp(
        count / 1000 if count >= _SECONDS_END else count, dt.UTC
    )
    return at if at.year >= _FIRST_YEAR else None


def earliest(one: dt.datetime | None, two: dt.datetime | None) -> dt.datetime | None:
    """Give the earlier of two times, of which some may be missing or lack a zone."""
    if one is None or two is None:
        return one or two
    return min(one, two, key=lambda at: at if at.tzinfo else at.replace(tzinfo=dt.UTC))
