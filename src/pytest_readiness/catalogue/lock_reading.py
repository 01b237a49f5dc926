"""Reading ``suite.lock`` strictly: a mistake names file, item and key."""

from __future__ import annotations

import datetime as dt
import difflib
import re
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.item import ITEM_ID, SLUG, Kind, Stage
from pytest_readiness.catalogue.lock_form import parse
from pytest_readiness.catalogue.locked import FORMAT, UPDATE, Lock, LockedItem
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Set as AbstractSet

    _Table = Mapping[str, object]

__all__ = ["loads"]

T = TypeVar("T")

_SHA256 = re.compile(r"[0-9a-f]{64}")
_AGE = re.compile(r"([1-9][0-9]{0,3})([hdw])")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_STAGES = {str(stage): stage for stage in Stage}
_KINDS = {str(kind): kind for kind in Kind}
_NEEDED = frozenset({"id", "section", "stage", "owner", "kind", "core", "digest"})
_ALLOWED = _NEEDED | {"origin", "same_as"}
_REPAIR = f"restore it from version control, or {UPDATE}"


def loads(data: bytes, where: str) -> Lock:
    """Parse the bytes of a lock; ``where`` names it in errors."""
    try:
        document = parse(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(where, f"is not TOML: {error}", _REPAIR) from None
    _keys(document, {"checklist"}, {"checklist", "item"}, where)
    checklist = document["checklist"]
    if not isinstance(checklist, dict):
        _refuse(f"{where}, checklist", "must be a table")
    items = tuple(
        _item(table, f"{where}, item {number}")
        for number, table in enumerate(_tables(document.get("item", []), where), 1)
    )
    _unique(items, where)
    lock = _checklist(cast("_Table", checklist), items, f"{where}, [checklist]")
    return replace(lock, read_digest=digest(data))


def _tables(value: object, where: str) -> list[_Table]:
    tables = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(table, dict) for table in tables):
        _refuse(f"{where}, item", "must be a list of tables, each headed [[item]]")
    return cast("list[_Table]", tables)


def _checklist(table: _Table, items: tuple[LockedItem, ...], where: str) -> Lock:
    needed = {"name", "format"}
    _keys(table, needed, needed | {"reviewed", "max_age"}, where)
    if type(table["format"]) is not int or table["format"] != FORMAT:
        raise ConfigError(
            f"{where} format",
            f"is {table['format']!r}, this version reads {FORMAT}",
            "use the version of pytest-readiness that wrote it",
        )
    reviewed = table.get("reviewed")
    # A datetime is a date to Python, not to this file.
    if reviewed is not None and type(reviewed) is not dt.date:
        _refuse(
            f"{where} reviewed", "must be a date such as 2026-01-31, without quotes"
        )
    age = table.get("max_age")
    if age is not None and not (isinstance(age, str) and _AGE.fullmatch(age)):
        _refuse(f"{where} max_age", 'must be a duration such as "180d"')
    return Lock(
        _text(table, "name", where),
        items,
        reviewed,
        None if age is None else _parse_age(age),
    )


def _item(table: _Table, where: str) -> LockedItem:
    if isinstance(table.get("id"), str):
        where = f"{where} ({table['id']})"
    _keys(table, _NEEDED, _ALLOWED, where)
    id_ = _text(table, "id", where, ITEM_ID)
    section = _text(table, "section", where, SLUG)
    if not id_.startswith(f"{section}."):
        _refuse(f"{where} id", f"does not begin with its section, {section}.")
    core = table["core"]
    if not isinstance(core, bool):
        _refuse(f"{where} core", "must be true or false")
    origin = table.get("origin", "")
    if not isinstance(origin, str):
        _refuse(f"{where} origin", "must be a text")
    return LockedItem(
        id=id_,
        section=section,
        stage=_one_of(table, "stage", where, _STAGES),
        owner=_text(table, "owner", where, SLUG),
        kind=_one_of(table, "kind", where, _KINDS),
        core=core,
        digest=_text(table, "digest", where, _SHA256),
        origin=origin,
        same_as=_same_as(table.get("same_as", []), where),
    )


def _same_as(value: object, where: str) -> tuple[str, ...]:
    listed = cast("list[object]", value) if isinstance(value, list) else [None]
    texts = [text for text in listed if isinstance(text, str)]
    if len(texts) < len(listed) or not all(map(_SHA256.fullmatch, texts)):
        _refuse(
            f"{where} same_as", "must be a list of sha256 digests, as 64 hex digits"
        )
    return tuple(texts)


def _unique(items: tuple[LockedItem, ...], where: str) -> None:
    seen: dict[str, int] = {}
    for number, item in enumerate(items, 1):
        first = seen.setdefault(item.id, number)
        if first != number:
            _refuse(f"{where}, item {number} ({item.id})", f"is item {first} again")


def _keys(
    table: _Table, needed: AbstractSet[str], allowed: AbstractSet[str], where: str
) -> None:
    if needed <= table.keys() <= allowed:
        return
    for key in table:
        if key not in allowed:
            near = difflib.get_close_matches(key, sorted(allowed), n=1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            _refuse(f"{where} {key}", f"is no key of this table{hint}")
    _refuse(f"{where} {min(needed - table.keys())}", "is missing")


def _text(
    table: _Table,
    key: str,
    where: str,
    form: re.Pattern[str] | None = None,
) -> str:
    value = table[key]
    if not isinstance(value, str) or not value:
        _refuse(f"{where} {key}", "must be a text that is not empty")
    if form is not None and not form.fullmatch(value):
        _refuse(f"{where} {key}", f"does not have its form ({form.pattern}): {value!r}")
    return value


def _one_of(table: _Table, key: str, where: str, options: Mapping[str, T]) -> T:
    value = _text(table, key, where)
    if value not in options:
        near = difflib.get_close_matches(value, options, n=1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join(options)}"
        _refuse(f"{where} {key}", f"{value!r} is unknown; {hint}")
    return options[value]


def _parse_age(text: str) -> dt.timedelta:
    number, unit = text[:-1], text[-1]
    return dt.timedelta(**{_UNITS[unit]: int(number)})


def _refuse(where: str, what: str) -> NoReturn:
    raise ConfigError(where, what, _REPAIR)
