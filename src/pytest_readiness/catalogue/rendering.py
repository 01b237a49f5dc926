"""Values as people read them: one place, so that every output says the same."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterable, Mapping, Sequence, Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MAX_TEXT", "duration", "printable", "render"]

MAX_TEXT = 300
"""Longest rendered value, in characters; evidence names, it does not copy."""

_BYTE_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_THOUSAND = 1000
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_DIGITS = 4
_MAX_DEPTH = 4
_MAX_BITS = 10_000
"""Python refuses to write longer whole numbers in decimal."""


def duration(value: dt.timedelta) -> str:
    """Write a duration with the unit that suits its size.

    >>> duration(dt.timedelta(milliseconds=12.34))
    '12.3 ms'
    >>> duration(dt.timedelta(days=45, hours=12))
    '45.5 d'
    """
    seconds = value.total_seconds()
    size = abs(seconds)
    if size < 1:
        return f"{_short(seconds * 1000, 3)} ms"
    if size < 2 * _MINUTE:
        return f"{_short(seconds, 3)} s"
    if size < 2 * _HOUR:
        return f"{_short(seconds / _MINUTE, 3)} min"
    if size < 2 * _DAY:
        return f"{_short(seconds / _HOUR, 3)} h"
    return f"{_short(seconds / _DAY)} d"


def _short(value: float, digits: int = _DIGITS) -> str:
    """Round to so many significant digits, never losing one before the point.

    >>> _short(0.012346), _short(999.96), _short(12345.6)
    ('0.01235', '1000', '12346')
    """
    text = f"{value:.{digits}g}"
    # %g turns to exponents where the digits do not reach the point: 1e+03 for 999.9.
    return f"{value:.0f}" if "e+" in text else text


def _bytes(value: float) -> str:
    size = float(value)
    for unit in _BYTE_UNITS[:-1]:
        if abs(size) < _THOUSAND:
            return f"{_short(size)} {unit}"
        size /= _THOUSAND
    return f"{_short(size)} {_BYTE_UNITS[-1]}"


def _number(value: float, unit: str) -> str:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        return "a number of over 3000 digits"
    match unit:
        case "bytes":
            return _bytes(value)
        case "percent":
            return f"{_short(value)} %"
        case "ratio":
            return _short(value)
        case _:
            text = str(value) if isinstance(value, int) else f"{value:.6g}"
            return f"{text} {unit}".rstrip()


def printable(text: str) -> str:
    r"""Show control and bidirectional characters as escapes; they move the cursor.

    >>> printable("a\tb")
    'a\\tb'
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def render(value: object, unit: str = "", redact: Callable[[str], str] = str) -> str:
    """Write a value for people; never raises, never longer than :data:`MAX_TEXT`.

    A list that is cut says how many members it has. Texts are redacted before they are
    cut: half a secret would pass the filter.
    """
    return _cut(_Writer(redact).write(value, unit, 0))


@dataclass(frozen=True, slots=True)
class _Writer:
    redact: Callable[[str], str]

    def write(self, value: object, unit: str, depth: int) -> str:
        match value:
            case None:
                text = "nothing"
            case bool():
                text = "yes" if value else "no"
            case int() | float():
                text = _number(value, unit)
            case dt.timedelta():
                text = duration(value)
            case dt.datetime():
                text = value.isoformat(sep=" ", timespec="seconds")
            case str():
                text = f"{self.text(value)} {unit}".rstrip() or '""'
            case _:
                deeper = depth < _MAX_DEPTH
                text = self.members(value, unit, depth + 1) if deeper else "…"
        return text

    def members(self, value: object, unit: str, depth: int) -> str:
        match value:
            case Mapping():
                mapping = cast("Mapping[object, object]", value)
                pairs = (
                    f"{self.write(k, '', depth)}={self.write(v, '', depth)}"
                    for k, v in mapping.items()
                )
                return _joined(pairs, len(mapping))
            case tuple() | list():
                listed = cast("Sequence[object]", value)
                parts = (self.write(v, unit, depth) for v in listed)
                return _joined(parts, len(listed))
            case AbstractSet():
                parts = (self.write(v, unit, depth) for v in value)
                return _joined(heapq.nsmallest(MAX_TEXT, parts), len(value))
            case bytes():
                return self.text(repr(value))
            case _:
                return self.other(value)

    def other(self, value: object) -> str:
        try:
            text = str(value)
        except Exception:  # noqa: BLE001  # a secret refuses; evidence never raises
            return f"a {type(value).__name__}"
        return self.text(text)

    def text(self, text: str) -> str:
        return printable(self.redact(text)[: MAX_TEXT + 1])


def _joined(parts: Iterable[str], total: int) -> str:
    """Join what fits, so that a list of a million is not written out to be cut."""
    room = MAX_TEXT - len(f", … ({total} in all)")
    shown: list[str] = []
    for part in parts:
        room -= len(part) + (2 if shown else 0)
        if room < 0 and shown:
            return f"{', '.join(shown)}, … ({total} in all)"
        shown.append(part)
    return ", ".join(shown) or "none"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
