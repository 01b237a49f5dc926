"""Dates as people read them in reasons."""

from __future__ import annotations

import datetime as dt

__all__ = ["day"]


def day(moment: dt.datetime) -> str:
    """Write a moment to the minute, in UTC."""
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M}Z"
