"""Configuration files: read strictly, so that what a file says is what it means.

A key that stands twice is an error (of two values one is silently lost), as is a YAML
tag that would run code, or what cannot be read at all. Messages name place and problem
and never quote the file: it may hold secrets.
"""

from __future__ import annotations

import configparser
import io
import json
import tomllib
from typing import TYPE_CHECKING, Any, NoReturn

import yaml

from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from pathlib import PurePath

__all__ = ["Malformed", "at", "leaves", "parsed", "parsed_yaml", "variables"]

_MOST = 100_000
"""Values of a file: aliases of YAML can make billions of a few lines."""
_MERGE = "tag:yaml.org,2002:merge"
_SHOWN = 80


class Malformed(Exception):  # an observation, not an error
    """The file is not what it should be; the text says where, and quotes no value."""


class _Strict(yaml.SafeLoader):
    """Safe, and without a second value for a key."""

    def construct_mapping(
        self,
        node: yaml.MappingNode,
        deep: bool = False,  # noqa: FBT001, FBT002  # as PyYAML has it
    ) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key, _ in node.value:
            if key.tag == _MERGE or not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                what = f"the key {key.value[:_SHOWN]!r} stands twice"
                raise yaml.constructor.ConstructorError(
                    None, None, what, key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def parsed_yaml(text: str) -> list[Any]:
    """Give the documents of a YAML file.

    Raises:
        Malformed: it is no YAML, has a key twice, or a tag that is not plain data.
    """
    try:
        documents = list(yaml.load_all(text, Loader=_Strict))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise Malformed(f"{where}{(error.problem or 'no YAML')[:160]}") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise Malformed("it is no YAML") from None
    if sum(1 for _ in leaves(documents)) > _MOST:
        raise Malformed(f"it has more than {_MOST:,} values")
    return documents


def parsed(path: PurePath, text: str) -> Any:  # noqa: ANN401  # whatever it holds
    """Give what a file holds: YAML, JSON, TOML, INI or variables, by its name.

    Raises:
        Malformed: it does not hold that, or a key twice.
    """
    try:
        return _readers(path)(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"line {error.lineno}: {error.msg}") from None
    except configparser.DuplicateOptionError as error:
        what = f"the key {error.option!r} stands twice"
        raise Malformed(f"line {error.lineno}: {what}") from None
    except configparser.DuplicateSectionError as error:
        what = f"the section {error.section!r} stands twice"
        raise Malformed(f"line {error.lineno}: {what}") from None
    except tomllib.TOMLDecodeError as error:
        raise Malformed(f"it is no TOML: {_without_quotes(error)}") from None
    except (configparser.Error, ValueError, RecursionError):
        raise Malformed(f"it is no {path.suffix[1:] or 'text'}") from None


def _readers(path: PurePath) -> Callable[[str], Any]:
    if path.suffix == ".env" or path.name.startswith(".env"):
        return variables
    return _BY_SUFFIX.get(path.suffix.lower(), _yaml)


def _json(text: str) -> Any:  # noqa: ANN401  # whatever it holds
    return json.loads(text, object_pairs_hook=_once_each)


def _ini(text: str) -> dict[str, dict[str, str]]:
    ini = configparser.ConfigParser(interpolation=None)
    ini.read_file(io.StringIO(text))
    return {name: dict(ini[name]) for name in ini.sections()}


def variables(text: str) -> dict[str, str]:
    """Give the variables of a file such as ``.env``; one without a value is empty.

    What refers to another variable of the file is filled in, from nowhere else.

    Raises:
        Malformed: a line cannot be understood.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415  # few targets need it
    from dotenv.variables import parse_variables  # noqa: PLC0415  # as above

    found: dict[str, str | None] = {}
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise Malformed(f"line {binding.original.line} sets no variable")
        if binding.key is not None:
            atoms = parse_variables(binding.value or "")
            found[binding.key] = "".join(atom.resolve(found) for atom in atoms)
    return {name: value or "" for name, value in found.items()}


def at(data: object, key: str) -> object:
    """Give what stands under a dotted key; None where there is nothing."""
    for part in key.split("."):
        if not is_table(data) or part not in data:
            return None
        data = data[part]
    return data


def leaves(data: object) -> Iterator[tuple[str, object]]:
    """Give every value with its dotted key, those of lists with their numbers.

    It ends after :data:`_MOST` and one more, whatever refers to itself.
    """
    waiting: list[tuple[str, object]] = [("", data)]
    visited = 0
    while waiting and visited <= _MOST:
        visited += 1
        key, value = waiting.pop()
        inner: Sequence[tuple[object, object]] = ()
        if is_table(value):
            inner = list(value.items())
        elif is_list(value):
            inner = list(enumerate(value))
        else:
            yield key, value
            continue
        waiting += [(f"{key}.{k}" if key else str(k), v) for k, v in reversed(inner)]
    if waiting:
        # As many as make the caller's count too large.
        yield from (("", None) for _ in range(_MOST + 1))


def _yaml(text: str) -> Any:  # noqa: ANN401  # whatever it holds
    documents = parsed_yaml(text)
    if len(documents) > 1:
        raise Malformed(f"it holds {len(documents)} documents, not one")
    return documents[0] if documents else None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        names = [name for name, _ in pairs]
        _twice(next(name for name in names if names.count(name) > 1))
    return table


def _twice(name: str) -> NoReturn:
    raise Malformed(f"the key {name[:_SHOWN]!r} stands twice")


def _without_quotes(error: ValueError) -> str:
    """Keep of a message what is not the file's: where, and the kind of problem."""
    text = str(error)
    problem = text.partition(":")[0].partition("(")[0].partition("'")[0].strip()
    where = text.rpartition("(")[2].rstrip(")") if "(at " in text else ""
    return f"{problem} ({where})" if where else problem


_BY_SUFFIX: Mapping[str, Callable[[str], Any]] = {
    ".json": _json,
    ".toml": tomllib.loads,
    ".ini": _ini,
    ".cfg": _ini,
    ".conf": _ini,
}
