"""Mistakes in the target file, in our words: one line each, never a value.

What a mistake names is the file, the table, the key, what is wrong, what was probably
meant and what to do. A value is not quoted, whatever its field: a password may stand in
the wrong place.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args, get_origin

from pydantic import BaseModel

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.blocks.block import MISTAKE, UNSET, types_within
from pytest_readiness.target.values import is_table, listed, near

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from pytest_readiness.target.context import Context, Trail

__all__ = ["Problem", "TargetFileError", "Unfilled", "known_keys", "shown", "translate"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_EXPECTED = {
    "string_type": "text",
    "is_instance_of": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "frozen_set_type": "a list of texts",
    "mapping_type": "a table",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "time_delta_type": 'a duration such as "5s"',
}
_UNQUOTED = {"a whole number", "a number", "true or false"}
_CONSTRAINTS = {
    "greater_than_equal": ("ge", "is too small", "write {} or more"),
    "less_than_equal": ("le", "is too large", "write {} or less"),
    "too_short": ("min_length", "is an empty list", "name at least {}"),
    "finite_number": ("", "is no finite number", "write one that is"),
}
_FOUND: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a whole number"),
    (float, "a number"),
    ((list, tuple), "a list"),
    (Mapping, "a table"),
    ((dt.date, dt.time), "a date or time"),
)
_QUIET = {"default_factory_not_called"}
_SEE = "see `readiness example`"
_MANY = 16
_LONGEST_KEY = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake: where it stands, what it is, what to do."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        return f"{text}; {self.remedy}" if self.remedy else text


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A reference without a value: the path of its key, and why."""

    path: Trail
    where: str
    reason: str


class TargetFileError(ConfigError):
    """Every mistake of a target file, one line each."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(dict.fromkeys(problems))
        first = self.problems[0]
        super().__init__(first.where, first.what, first.remedy)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def translate(
    error: ValidationError, model: type[BaseModel], context: Context, tree: object
) -> tuple[list[Problem], list[Unfilled]]:
    """Say in our words what pydantic found wrong with a table."""
    problems: list[Problem] = []
    unfilled: list[Unfilled] = []
    for details in error.errors(include_url=False):
        kind, path = details["type"], _path(details)
        if kind == UNSET:
            where = _where(path, context, tree)
            reason = str(details.get("ctx", {}).get("reason", ""))
            unfilled.append(Unfilled(path, where, reason))
        elif kind not in _QUIET:
            problems.append(_problem(details, path, model, context, tree))
    return problems, unfilled


def _path(details: ErrorDetails) -> Trail:
    """Give the path of a mistake; pydantic marks that a key itself is wrong."""
    path = tuple(part for part in details["loc"] if part != "[key]")
    key = details.get("ctx", {}).get("key")
    return (*path, str(key)) if key else path


def _problem(
    details: ErrorDetails,
    path: Trail,
    model: type[BaseModel],
    context: Context,
    tree: object,
) -> Problem:
    kind, ctx, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "missing":
        return _missing(path, model, context, tree)
    where = _where(path, context, tree)
    if kind == MISTAKE:
        what, remedy = str(ctx["what"]), str(ctx["remedy"])
    elif kind == "extra_forbidden":
        what = "unknown table" if is_table(value) else "unknown key"
        remedy = _suggest(str(path[-1]), known_keys(model, path[:-1]))
    elif kind in {"enum", "literal_error"}:
        options = re.findall(r"'([^']*)'", str(ctx.get("expected", "")))
        what, remedy = "is none of the known words", _word(value, options)
    elif kind in _CONSTRAINTS:
        key, what, remedy = _CONSTRAINTS[kind]
        remedy = remedy.format(ctx.get(key))
    else:
        what, remedy = _wrong_type(kind, value)
    return Problem(where, what, remedy)


def _wrong_type(kind: str, value: object) -> tuple[str, str]:
    if kind not in _EXPECTED:
        return "is not valid here", _SEE
    expected = _EXPECTED[kind]
    found = next(
        (word for types, word in _FOUND if isinstance(value, types)), "nothing"
    )
    what = f"expected {expected}, found {found}"
    if found == "text" and expected in _UNQUOTED:
        return what, "write it without quotes"
    if found == "text" and expected.startswith("a list"):
        return what, "write it in square brackets"
    if found.endswith("number") and expected.startswith(("text", "a duration")):
        return what, "write it in quotes"
    return what, _SEE


def _missing(
    path: Trail, model: type[BaseModel], context: Context, tree: object
) -> Problem:
    key = str(path[-1])
    where = _where(path[:-1], context, tree)
    inner = _descend(model, path)
    if inner is not None and any(issubclass(t, BaseModel) for t in types_within(inner)):
        table = ".".join(context.written((*map(str, path[:-1]), key)))
        return Problem(where, f"has no table [{table}]", f"add it; {_SEE}")
    return Problem(where, f"misses `{key}`", f"add `{key} = ...`; {_SEE}")


def _word(value: object, options: list[str]) -> str:
    if isinstance(value, str):
        return _suggest(value, options)
    return f"write one of {listed(options)} in quotes"


def _suggest(word: str, options: Iterable[str]) -> str:
    options = sorted(options)
    meant = near(word, options)
    if meant:
        return f"did you mean `{meant}`?"
    return f"known are {listed(options)}" if 0 < len(options) <= _MANY else _SEE


def known_keys(model: type[BaseModel], path: Trail) -> list[str]:
    """Give the keys that the table at a path may have."""
    annotation: object = model
    if path:
        annotation = _descend(model, path)
    return [
        field.alias or name
        for table in types_within(annotation)
        if issubclass(table, BaseModel)
        for name, field in table.model_fields.items()
    ]


def _descend(model: type[BaseModel], path: Trail) -> object:
    """Follow a path through the types of a table."""
    annotation: object = model
    for part in path:
        tables = [t for t in types_within(annotation) if issubclass(t, BaseModel)]
        if isinstance(part, int):
            continue
        if get_origin(annotation) is Mapping:
            annotation = get_args(annotation)[1]
            continue
        fields = {
            field.alias or name: field.annotation
            for table in tables
            for name, field in table.model_fields.items()
        }
        annotation = fields.get(part, object)
    return annotation


def shown(key: str) -> str:
    """Write a key as TOML does, on one line and not endless."""
    text = key if _BARE.fullmatch(key) else json.dumps(key)
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}…"


def _where(path: Trail, context: Context, tree: object) -> str:
    """Write where a path stands: file, table, key, and the place within a list."""
    names: list[str] = []
    for part in path:
        if isinstance(part, int):
            break
        names.append(part)
    written = [shown(name) for name in context.written(tuple(names))]
    within = path[len(names) :]
    if not written:
        return context.file
    if not within and is_table(_at(tree, names)):
        return f"{context.file} [{'.'.join(written)}]"
    *tables, key = written
    text = f"[{'.'.join(tables)}] {key}" if tables else key
    for part in within:
        text += f" number {part + 1}" if isinstance(part, int) else f", {shown(part)}"
    return f"{context.file} {text}"


def _at(tree: object, names: list[str]) -> object:
    for name in names:
        tree = tree.get(name) if is_table(tree) else None
    return tree
