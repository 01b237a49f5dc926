"""The names that a guide must mention: variables, and keys of a settings' schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.tree import Json, parsed, read_bounded, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["mentioned", "named"]

_SCHEMAS = frozenset({".json", ".yaml", ".yml"})
_VARIABLE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)
_DEEPEST = 12
_BRANCHES = ("allOf", "anyOf", "oneOf")


def named(files: Iterable[Path]) -> tuple[str, ...]:
    """Give every variable of the files like ``.env``, and every key of the schemas.

    A key within a table is given with its path: ``logging.level``.

    Raises:
        LookError: a file cannot be read, or names nothing.
    """
    names: dict[str, None] = {}
    for path in files:
        data = read_bounded(path)
        if path.suffix in _SCHEMAS:
            schema = table(parsed(data, path.name))
            found = list(_keys(schema, schema, "", 0))
        else:
            found = _VARIABLE.findall(data.decode(errors="replace"))
        if not found:
            reason = f"{path} names no variable and no key"
            raise LookError(reason, Cause.LOCAL, "see `describes`", final=True)
        names |= dict.fromkeys(found)
    return tuple(names)


def mentioned(text: str, name: str) -> bool:
    """Whether a text has a name, or the last part of its path, as a word of its own."""
    forms = {name, name.rpartition(".")[2]}
    return any(
        re.search(rf"(?<![\w.]){re.escape(form)}(?!\w)", text) is not None
        for form in forms
    )


def _keys(schema: Json, root: Json, before: str, depth: int) -> Iterator[str]:
    """Give the properties of a schema, those of its own references included."""
    if depth > _DEEPEST:
        return
    schema = _followed(schema, root)
    for name, one in table(schema.get("properties")).items():
        path = f"{before}{name}"
        yield path
        yield from _keys(table(one), root, f"{path}.", depth + 1)
    for branch in _BRANCHES:
        members = schema.get(branch)
        for one in cast("list[object]", members) if isinstance(members, list) else ():
            yield from _keys(table(one), root, before, depth + 1)
    items = table(schema.get("items"))
    if items:
        yield from _keys(items, root, before, depth + 1)


def _followed(schema: Json, root: Json) -> Json:
    for _ in range(_DEEPEST):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        place = root
        for step in reference[2:].split("/"):
            place = table(place.get(step.replace("~1", "/").replace("~0", "~")))
        schema = place
    return schema
