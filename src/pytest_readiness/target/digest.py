"""The target digest: what was judged, so that a target cannot lie quietly.

It covers every setting of a target and of its candidate, inherited ones included, as
values and not as they are spelled (``5s`` is ``5000ms``), with references filled in.
Secrets stand by name: rotating one changes nothing. Defaults are not part of it: they
belong to the version of the plugin, which reports name beside it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, cast

from packaging.version import Version

from pytest_readiness.catalogue.canonical import canonical, digest
from pytest_readiness.catalogue.requirement import Bound
from pytest_readiness.target.blocks import Block, PostgresBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from pytest_readiness.target.context import Trail
    from pytest_readiness.target.model import Target

__all__ = ["pin_holds", "settings", "target_digest"]

_MICROSECOND = dt.timedelta(microseconds=1)


def target_digest(
    target: Target, candidate: Target | None = None, *, system: str
) -> str:
    """Give sha256 (lower-case hex) of a target and the candidate it is judged by."""
    other = candidate if candidate is not None and candidate is not target else None
    return digest(
        canonical(
            {
                "format": "pytest-readiness/target/1",
                "system": system,
                "target": settings(target),
                "candidate": None if other is None else settings(other),
            }
        )
    )


def settings(target: Target) -> dict[str, object]:
    """Give what the file sets for a target, in plain values, secrets by name.

    Left out are ``sha256`` (it is the digest) and ``extends`` (what it gives is in).
    """
    plain = _table(target, (), target)
    plain.pop("sha256", None)
    plain.pop("extends", None)
    unresolved = {name: {"unresolved": True} for name in target.unresolved}
    return {**plain, **unresolved, "name": target.name}


def pin_holds(target: Target, digest: str) -> bool:
    """Whether the target is the one that its ``sha256`` names, where it names one."""
    return target.sha256 is None or target.sha256 == digest


def _table(block: Block, trail: Trail, target: Target) -> dict[str, object]:
    plain: dict[str, object] = {}
    for name in sorted(block.model_fields_set):
        key = type(block).model_fields[name].alias or name
        plain[key] = _plain(getattr(block, name), (*trail, key), target)
    if isinstance(block, PostgresBlock) and block.dsn is not None:
        # The DSN is a secret as a whole; where it leads is not.
        plain["location"] = [str(part) for part in block.location]
    return plain


def _plain(value: object, trail: Trail, target: Target) -> object:
    if trail in target.hidden:
        return {"secret": target.hidden[trail]}
    if isinstance(value, Block):
        return _table(value, trail, target)
    if isinstance(value, Mapping):
        table = cast("Mapping[str, object]", value)
        return {key: _plain(v, (*trail, key), target) for key, v in table.items()}
    if isinstance(value, tuple):
        members = cast("tuple[object, ...]", value)
        return [_plain(v, (*trail, at), target) for at, v in enumerate(members)]
    return _leaf(value.value if isinstance(value, Bound) else value, target.base)


def _leaf(value: object, base: Path) -> object:  # noqa: PLR0911  # a table of types
    """Give one value without a float: canonical bytes have none."""
    match value:
        case Secret():
            return {"secret": value.name}
        case Path():
            return _written(value, base)
        case Enum() | float() | Version():
            return str(value)
        case None | bool() | int() | str():
            return value
        case dt.timedelta():
            return f"{value // _MICROSECOND}us"
        case dt.date():
            return value.isoformat()
        case frozenset():
            return sorted(map(str, value))
        case _:
            msg = f"a target digest cannot hold a {type(value).__name__}"
            raise TypeError(msg)


def _written(path: Path, base: Path) -> str:
    """Give a path as the file has it, so that every clone has the same digest."""
    return (path.relative_to(base) if path.is_relative_to(base) else path).as_posix()
