"""The form in which ``suite.lock`` is written, read without a parser of all of TOML.

Reading thousands of items with :mod:`tomllib` takes longer than judging them. What
``readiness check --write`` wrote has one form, which one pattern an item recognises;
whatever has another form, by a single character, goes to :mod:`tomllib` as a whole. A
property test holds both to the same answer.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["parse"]

_HEADING = "[[item]]\n"
# Without escapes, so that what stands between the quotes is the text itself.
_TEXT = r'"([^"\\\x00-\x1f\x7f]*)"'
_ITEM = re.compile(
    rf"""\[\[item\]\]
id = {_TEXT}
section = {_TEXT}
stage = {_TEXT}
owner = {_TEXT}
kind = {_TEXT}
core = (true|false)
digest = {_TEXT}
(?:origin = {_TEXT}
)?(?:same_as = \[
((?:    "[0-9a-f]*",
)+)\]
)?\n?"""
)
_LISTED = re.compile(r'"([0-9a-f]*)"')


def parse(text: str) -> Mapping[str, object]:
    """Give what ``tomllib.loads`` gives, and raise what it raises."""
    start = text.find(f"\n{_HEADING}") + 1
    items = _items(text, start)
    if not items:
        return tomllib.loads(text)
    try:
        head = tomllib.loads(text[:start])
    except tomllib.TOMLDecodeError:
        head = None
    # What precedes may be no document by itself, or have tables of this name already.
    if head is None or "item" in head:
        return tomllib.loads(text)
    return {**head, "item": items}


def _items(text: str, start: int) -> list[dict[str, object]]:
    """Give all tables from there to the end; none where one has another form."""
    found: list[dict[str, object]] = []
    while match := _ITEM.match(text, start):
        start = match.end()
        id_, section, stage, owner, kind, core, digest, origin, same_as = match.groups()
        table: dict[str, object] = {
            "id": id_,
            "section": section,
            "stage": stage,
            "owner": owner,
            "kind": kind,
            "core": core == "true",
            "digest": digest,
        }
        if origin is not None:
            table["origin"] = origin
        if same_as is not None:
            table["same_as"] = _LISTED.findall(same_as)
        found.append(table)
    return found if start == len(text) else []
