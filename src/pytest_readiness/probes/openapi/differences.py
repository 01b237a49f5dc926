"""What two OpenAPI documents say differently: the released one and the served one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.probes.openapi.operations import METHODS
from pytest_readiness.probes.tree import Json, table

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["differences"]

_OF_THE_PLACE = frozenset({"servers", "host", "basePath", "schemes"})
"""Each environment has its own."""
_WORDS = {(True, False): "is not served", (False, True): "is not in the release"}


def differences(released: Json, served: Json) -> tuple[str, ...]:
    """Name what differs: operations, components, and whatever else stands at the top.

    Where it is served does not count: that is each environment's own.
    """
    one, other = dict(_parts(released)), dict(_parts(served))
    names = dict.fromkeys([*one, *other])
    return tuple(
        f"{name} {_WORDS.get((name in one, name in other), 'differs')}"
        for name in names
        if one.get(name, _Nothing) != other.get(name, _Nothing)
    )


class _Nothing:
    """Stands for what a document does not have."""


def _parts(document: Json) -> Iterator[tuple[str, object]]:
    for key, value in document.items():
        if key == "paths":
            for path, item in table(value).items():
                yield from _of_path(path, table(item))
        elif key == "components":
            for kind, named in table(value).items():
                for name, one in table(named).items():
                    yield f"{key}.{kind}.{name}", one
        elif key not in _OF_THE_PLACE:
            yield key, value


def _of_path(path: str, item: Json) -> Iterator[tuple[str, object]]:
    rest = {key: one for key, one in item.items() if key not in METHODS}
    if rest:
        yield path, rest
    for method in METHODS:
        if method in item:
            yield f"{method.upper()} {path}", item[method]
