"""What is known of one page: its words, headings, anchors, links and placeholders."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Link", "Page", "placeholders", "slugs"]

_PLACEHOLDER = re.compile(r"\b(?:TODO|TBD|FIXME)\b|\b[Ll]orem ipsum\b")
_WORD = re.compile(r"\w+(?:[-'\u2019.]\w+)*")
_NO_SLUG = re.compile(r"[^\w\- ]")
_MOST = 100
"""Placeholders and the like that are kept; the rest says nothing new."""


class Link(NamedTuple):
    """Where a page leads to."""

    line: int
    target: str
    """As it is written."""


@dataclass
class Page:
    """One page; readers fill it."""

    prose: list[str] = field(default_factory=list[str])
    """What stands outside of code."""
    code: list[str] = field(default_factory=list[str])
    headings: list[str] = field(default_factory=list[str])
    anchors: list[str] = field(default_factory=list[str])
    links: list[Link] = field(default_factory=list[Link])
    placeholders: list[str] = field(default_factory=list[str])
    """What is still to be written, each with its line."""
    slugs: dict[str, int] = field(default_factory=dict[str, int])
    """How many headings there are of each slug."""
    reviewed: str = ""
    """When the page itself says that it was reviewed."""

    @property
    def words(self) -> int:
        """How many words there are outside of code."""
        return sum(len(_WORD.findall(text)) for text in self.prose)

    def say(self, text: str, line: int) -> None:
        """Take up prose, and what in it is still to be written."""
        self.prose.append(text)
        self.mark(text, line)

    def mark(self, text: str, line: int) -> None:
        """Note what is still to be written in a text that starts at a line."""
        for found in placeholders(text, line):
            if len(self.placeholders) < _MOST:
                self.placeholders.append(found)

    def head(self, text: str) -> None:
        """Take up a heading, and the anchors that it gets."""
        self.headings.append(" ".join(text.split()))
        for slug in slugs(text):
            number = self.slugs.get(slug, 0)
            self.slugs[slug] = number + 1
            self.anchors.append(f"{slug}-{number}" if number else slug)


def placeholders(text: str, line: int) -> Iterator[str]:
    """Give the placeholders of a text that starts at a line."""
    for offset, part in enumerate(text.splitlines()):
        for found in _PLACEHOLDER.finditer(part):
            yield f"line {line + offset}: {found[0]}"


def slugs(heading: str) -> tuple[str, ...]:
    """Give the anchors of a heading: as GitHub makes them, and as docutils does."""
    text = " ".join(heading.split()).lower()
    forge = _NO_SLUG.sub("", text).replace(" ", "-")
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    docutils = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    return tuple(dict.fromkeys(slug for slug in (forge, docutils) if slug))
