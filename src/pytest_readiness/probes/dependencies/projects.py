"""What ``pyproject.toml`` (PEP 621, 735) and ``pylock.toml`` (PEP 751) require."""

from __future__ import annotations

import configparser
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = ["Choice", "NotReadable", "locked", "project_name", "projected"]

_Table = dict[str, object]
_DEEPEST = 20


class NotReadable(ValueError):
    """A file cannot be understood; the text says what is wrong with it."""


@dataclass(frozen=True)
class Choice:
    """What of a project is installed, and on which Python."""

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def projected(document: _Table, choice: Choice) -> Iterator[tuple[str, str]]:
    """Give each requirement of a project with its place.

    Raises:
        NotReadable: it does not say what it requires, or not in a standard way.
    """
    project = _table(document, "project")
    if not project and not choice.groups:
        poetry = bool(_table(_table(document, "tool"), "poetry"))
        tip = "; export it: `poetry export`" if poetry else ""
        raise NotReadable(f"has no table [project]{tip}")
    if "dependencies" in _texts(project, "dynamic"):
        raise NotReadable("has dynamic dependencies; name the file that they are from")
    for text in _texts(project, "dependencies"):
        yield "dependencies", text
    wanted = list(choice.extras)
    optional = {
        canonicalize_name(name): name
        for name in _table(project, "optional-dependencies")
    }
    own, done = canonicalize_name(str(project.get("name", ""))), set[str]()
    while wanted:
        extra = canonicalize_name(wanted.pop())
        if extra in done:
            continue
        done.add(extra)
        if extra not in optional:
            raise NotReadable(f"has no extra {extra}")
        for text in _texts(_table(project, "optional-dependencies"), optional[extra]):
            inner = _own_extras(text, own)
            if inner is None:
                yield f"extra {extra}", text
            wanted += inner or ()
    for group in sorted(choice.groups):
        yield from _group(document, group, ())


def _own_extras(text: str, own: str) -> Iterable[str] | None:
    """Give the extras that a project asks of itself: ``all = ["engine[fast]"]``."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    same = canonicalize_name(requirement.name) == own
    return requirement.extras if same else None


def _group(
    document: _Table, group: str, above: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    groups = {
        canonicalize_name(name): members
        for name, members in _table(document, "dependency-groups").items()
    }
    name = canonicalize_name(group)
    if name not in groups:
        raise NotReadable(f"has no dependency group {group}")
    if name in above or len(above) > _DEEPEST:
        raise NotReadable(f"has a dependency group that includes itself: {group}")
    members = groups[name]
    for member in members if is_list(members) else [members]:
        inner = member.get("include-group") if is_table(member) else None
        if isinstance(member, str):
            yield f"group {group}", member
        elif isinstance(inner, str):
            yield from _group(document, inner, (*above, name))
        else:
            raise NotReadable(f"has a dependency group that cannot be read: {group}")


def locked(document: _Table, choice: Choice) -> Iterator[tuple[str, str]]:
    """Give each package of a lock that belongs on the Python in question.

    Raises:
        NotReadable: it is no lock of format 1.
    """
    version = document.get("lock-version")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        raise NotReadable("is neither a pyproject.toml nor a pylock.toml of format 1")
    groups = choice.groups or frozenset(_texts(document, "default-groups"))
    values: dict[str, str | frozenset[str]] = {
        **choice.environment,
        "extras": choice.extras,
        "dependency_groups": groups,
    }
    packages = document.get("packages")
    for package in packages if is_list(packages) else ():
        name = package.get("name") if is_table(package) else None
        if not is_table(package) or not isinstance(name, str):
            raise NotReadable("has a package without a name")
        number = package.get("version")
        if _belongs(package.get("marker"), values):
            # What is built from a folder or a repository may have no version.
            yield f"package {name}", f"{name}=={number}" if number else name


def _belongs(marker: object, values: Mapping[str, str | frozenset[str]]) -> bool:
    if not isinstance(marker, str):
        return True
    try:
        parsed = Marker(marker)
    except InvalidMarker:
        raise NotReadable("has a marker that cannot be read") from None
    return parsed.evaluate(values, context="lock_file")


def project_name(folder: Path) -> str | None:
    """Give the name of the project in a folder; None where it cannot be told."""
    try:
        text = (folder / "pyproject.toml").read_text("utf-8")
        name = _table(tomllib.loads(text), "project").get("name")
        if isinstance(name, str):
            return name
    except (OSError, ValueError, RecursionError):
        pass
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((folder / "setup.cfg").read_text("utf-8"))
        name = parser.get("metadata", "name")
    except (OSError, ValueError, configparser.Error):
        return None
    return name if re.fullmatch(r"[A-Za-z0-9._-]+", name) else None


def _table(document: _Table, name: str) -> _Table:
    found = document.get(name)
    return found if is_table(found) else {}


def _texts(table: _Table, name: str) -> list[str]:
    found = table.get(name, [])
    members = found if is_list(found) else [found]
    if not all(isinstance(member, str) for member in members):
        raise NotReadable(f"has a list that is none of texts: {name}")
    return cast("list[str]", members)
