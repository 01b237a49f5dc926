"""Text in columns: what a terminal makes of it, not how many characters it has."""

from __future__ import annotations

import unicodedata
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ELLIPSIS", "columns", "cut", "pad", "wrap"]

ELLIPSIS = "..."
"""In ASCII, like all our own furniture: it must survive a C locale."""

_WIDE = frozenset("WF")
_NO_WIDTH = frozenset({"Mn", "Me", "Cf"})


def columns(text: str) -> int:
    """Count the columns that a text takes: wide characters two, combining ones none.

    >>> columns("abc"), columns("日本"), columns("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.category(char) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in _WIDE else 1


def cut(text: str, width: int) -> str:
    """Shorten a text to so many columns, with an ellipsis where there is room for one.

    >>> cut("environment-setup", 12)
    'environme...'
    """
    if columns(text) <= width:
        return text
    mark = ELLIPSIS if width > len(ELLIPSIS) else ""
    return _head(text, width - len(mark)).rstrip() + mark


def _head(text: str, width: int) -> str:
    taken = accumulate(map(_columns, text))
    return text[: sum(1 for _ in takewhile(lambda size: size <= width, taken))]


def pad(text: str, width: int) -> str:
    """Fill a text with spaces to so many columns, cutting what does not fit."""
    fitting = cut(text, width)
    return fitting + " " * (width - columns(fitting))


def wrap(text: str, width: int, *, indent: str = "", limit: int = 0) -> list[str]:
    """Break a text into lines of so many columns.

    Args:
        text: one paragraph; white space in it is folded.
        width: columns of a line, the indent included.
        indent: goes before every line.
        limit: at most so many lines, the last one cut; 0 for all.
    """
    room = max(width - len(indent), 2)
    lines: list[str] = []
    line = ""
    for word in _words(text, room):
        longer = f"{line} {word}" if line else word
        if line and columns(longer) > room:
            lines.append(line)
            longer = word
        line = longer
    if line:
        lines.append(line)
    if limit and len(lines) > limit:
        last = cut(f"{lines[limit - 1]} {lines[limit]}", room)
        lines = [*lines[: limit - 1], last]
    return [indent + line for line in lines]


def _words(text: str, room: int) -> Iterator[str]:
    """Give the words, those that are longer than a line in pieces."""
    for word in text.split():
        rest = word
        while columns(rest) > room:
            piece = _head(rest, room)
            yield piece
            rest = rest[len(piece) :]
        yield rest
