"""Alertmanager's matchers, in all the forms that its configuration has had.

As in Alertmanager's documentation, "Matcher": ``match`` and ``match_re`` (mappings,
the old form) and ``matchers`` (texts such as ``severity=~"critical|page"``, several of
which may stand in one text, in braces or not). A label that an alert does not have is
empty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Matcher", "UnreadableError", "parsed"]

_NAME = r'(?P<name>[A-Za-z_:][A-Za-z0-9_:]*|"(?:[^"\\]|\\.)*")'
_VALUE = r'(?P<value>"(?:[^"\\]|\\.)*"|[^,"{}]*)'
_OPERATOR = r"\s*(?P<operator>=~|!~|!=|=)\s*"
_ONE = re.compile(rf"\s*{_NAME}{_OPERATOR}{_VALUE}\s*(?:,|$)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class UnreadableError(ValueError):
    """A configuration that is not of the documented form; the text says what."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label."""

    name: str
    operator: str
    """``=``, ``!=``, ``=~`` or ``!~``."""
    value: str

    def __post_init__(self) -> None:
        if self.operator.endswith("~"):
            try:
                re.compile(self.value)
            except re.error:
                msg = f"the pattern of {self.name} cannot be read"
                raise UnreadableError(msg) from None

    def __str__(self) -> str:
        return f'{self.name}{self.operator}"{self.value}"'

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Say whether an alert with these labels is meant."""
        found = labels.get(self.name, "")
        if self.operator.endswith("~"):
            same = re.fullmatch(self.value, found, re.DOTALL) is not None
        else:
            same = found == self.value
        return same != self.operator.startswith("!")


def parsed(text: str) -> Iterator[Matcher]:
    """Read the matchers of one text.

    >>> [str(one) for one in parsed('{team="shop", severity=~critical|page}')]
    ['team="shop"', 'severity=~"critical|page"']

    Raises:
        UnreadableError: it is none.
    """
    inside = text.strip()
    if inside.startswith("{") and inside.endswith("}"):
        inside = inside[1:-1].strip()
    at = 0
    while at < len(inside):
        found = _ONE.match(inside, at)
        if found is None:
            msg = "a matcher is not of the documented form"
            raise UnreadableError(msg)
        name, value = _plain(found["name"]), _plain(found["value"].strip())
        yield Matcher(name, found["operator"], value)
        at = found.end()


def _plain(text: str) -> str:
    if not text.startswith('"'):
        return text
    return _ESCAPED.sub(lambda e: "\n" if e[1] == "n" else e[1], text[1:-1])
