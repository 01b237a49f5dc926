"""JSON and YAML that somebody else wrote, as plain data, bounded in every direction.

A document of a few lines may unpack to gigabytes (aliases, merge keys) or hold itself;
:func:`parsed` gives what JSON could hold, or says why it does not.
"""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any, cast

import yaml

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["MOST", "Json", "parsed", "read_bounded", "table", "texts"]

Json = dict[str, object]
"""A table of a document."""

MOST = 5_000_000
"""Bytes of a document that is read as data."""
_MOST_YAML = 2_000_000
"""YAML takes thirty times as long to read as JSON."""
_LONGEST_NUMBER = 40
_DEEPEST = 64
_NODES = 500_000
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
"""Opening a pipe would wait for its other end."""


def read_bounded(path: Path, most: int = MOST) -> bytes:
    """Read a regular file of at most ``most`` bytes.

    Raises:
        LookError: it cannot be read, or is larger.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | _FLAGS)

    try:
        with open(path, "rb", opener=opener) as stream:  # no opener there
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise LookError(f"{path}: not a file", Cause.LOCAL, final=True)
            data = stream.read(most + 1)
    except OSError as error:
        reason = f"{path}: {os.strerror(error.errno or 0)}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    if len(data) > most:
        reason = f"{path} is larger than {most} bytes"
        raise LookError(reason, Cause.LOCAL, final=True)
    return data


def parsed(data: bytes, name: str) -> object:
    """Read JSON or YAML; the name says which, and stands in what is wrong.

    Raises:
        LookError: it is neither, or too deep, or too much.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"{name} is not UTF-8: byte {error.start}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    try:
        found = _yaml(text) if name.endswith((".yaml", ".yml")) else json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"{name} is no JSON: line {error.lineno}, {error.msg}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, " if mark else ""
        problem = getattr(error, "problem", None) or "too large, or not to be read"
        reason = f"{name} is no YAML: {where}{problem}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    except (RecursionError, ValueError):
        raise _too_much(name) from None
    return _Plain(name).of(found, 0)


def table(value: object) -> Json:
    """Give a table, or an empty one for anything else."""
    return cast("Json", value) if isinstance(value, dict) else {}


def texts(value: object) -> tuple[str, ...]:
    """Give the texts of a text or a list; nothing for anything else."""
    if isinstance(value, str):
        return (value,)
    found = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(one for one in found if isinstance(one, str))


def _too_much(name: str) -> LookError:
    reason = f"{name} unpacks to more than anybody can read, or holds itself"
    return LookError(reason, Cause.LOCAL, final=True)


class _Plain:
    """Copies what JSON could hold, and stops where it is too much."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = _NODES

    def of(self, value: object, depth: int) -> object:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise _too_much(self._name)
        if isinstance(value, dict):
            items = cast("dict[object, object]", value).items()
            return {_key(key): self.of(one, depth + 1) for key, one in items}
        if isinstance(value, list | tuple | set):
            members = cast("list[object]", value)
            return [self.of(one, depth + 1) for one in members]
        if value is None or isinstance(value, str | int | float | bool):
            return value
        return str(value)


def _key(key: object) -> str:
    """Write a key as JSON would: YAML reads ``on`` and ``200`` as no texts."""
    if isinstance(key, bool):
        # GitHub's workflows have the key `on`, which YAML 1.1 takes for true.
        return "on" if key else "off"
    return key if isinstance(key, str) else str(key)


# libyaml's parser is faster, and bounds how deep a document may be.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]  # one of two classes
    """Safe, and without dates: a version that looks like one is a text."""

    yaml_implicit_resolvers = {  # noqa: RUF012  # PyYAML's own form
        first: [one for one in known if one[0] != "tag:yaml.org,2002:timestamp"]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _local(loader: _Loader, _suffix: str, node: yaml.Node) -> object:
    """Read a tag of the application's (``!reference``, ``!Ref``) as what it marks."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


def _number(read: Callable[[_Loader, yaml.Node], object]) -> Any:  # noqa: ANN401  # PyYAML's
    """Read a number; of many digits with colons it would take hours."""

    def construct(loader: _Loader, node: yaml.Node) -> object:
        long = len(str(node.value)) > _LONGEST_NUMBER
        return str(node.value) if long else read(loader, node)

    return construct


_Loader.add_multi_constructor("!", _local)
for _kind in ("int", "float"):
    _tag = f"tag:yaml.org,2002:{_kind}"
    _Loader.add_constructor(_tag, _number(yaml.SafeLoader.yaml_constructors[_tag]))


def _yaml(text: str) -> object:
    if len(text) > _MOST_YAML:
        raise yaml.YAMLError
    return yaml.load(text, _Loader)  # noqa: S506  # a SafeLoader
