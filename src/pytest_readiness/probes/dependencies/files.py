"""What files require: pip's requirements files, pyproject.toml, pylock.toml.

Formats: "Requirements File Format" of pip's reference, PEP 621 and 735
(``pyproject.toml``), PEP 751 (``pylock.toml``). What cannot be understood is kept,
with its place: it is never taken for satisfied.
"""

from __future__ import annotations

import codecs
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from pytest_readiness.probes.dependencies.installed import file_version
from pytest_readiness.probes.dependencies.projects import (
    Choice,
    NotReadable,
    locked,
    project_name,
    projected,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Declared", "Reading", "read"]

_LARGEST = 10_000_000
_MOST_FILES = 200
_COMMENT = re.compile(r"(^|\s+)#.*$")
_OPTION = re.compile(
    r"(?:-(?P<short>[rce])\s*|--(?P<long>requirement|constraint|editable)(?:\s+|=))"
)
_IGNORED = re.compile(
    r"(-i|--index-url|--pypi-url|--extra-index-url|--no-index|-f|--find-links|"
    r"--no-binary|--only-binary|--prefer-binary|--require-hashes|--pre|"
    r"--trusted-host|--use-feature)\b"
)
"""Options that say how to install, not what."""
_PER_REQUIREMENT = re.compile(r"\s--[a-z].*$")
_EGG = re.compile(r"(?:^|&)egg=([^&]+)")
_EXPORTED = {
    "uv.lock": "uv export --format requirements.txt",
    "poetry.lock": "poetry export",
    "pdm.lock": "pdm export",
    "Pipfile.lock": "pipenv requirements",
    "Pipfile": "pipenv requirements",
}
"""Locks of a tool's own, and how each is exported."""


@dataclass(frozen=True)
class Declared:
    """One requirement, and where it stands."""

    requirement: Requirement
    where: str
    constraint: bool = False


@dataclass
class Reading:
    """What all files say."""

    declared: list[Declared] = field(default_factory=list[Declared])
    absent: list[str] = field(default_factory=list[str])
    """Files that are not there."""
    unread: list[str] = field(default_factory=list[str])
    """What could not be understood, with its place and the reason."""
    _visited: set[tuple[Path, bool]] = field(default_factory=set["tuple[Path, bool]"])

    def visit(self, path: Path, *, constraint: bool) -> bool:
        """Whether a file is a new one; files may name each other in a circle."""
        key = (path.resolve(), constraint)
        new = key not in self._visited and len(self._visited) < _MOST_FILES
        self._visited.add(key)
        return new


def read(paths: Iterable[Path], choice: Choice) -> Reading:
    """Read files, with all that they name."""
    reading = Reading()
    for path in paths:
        _file(path, choice, reading, constraint=False)
    return reading


def _file(path: Path, choice: Choice, reading: Reading, *, constraint: bool) -> None:
    if not reading.visit(path, constraint=constraint):
        return
    if path.name in _EXPORTED:
        tip = f"export it: `{_EXPORTED[path.name]}`"
        reading.unread.append(f"{path.name} is a format of one tool; {tip}")
        return
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        reading.absent.append(str(path))
        return
    except OSError as error:
        reading.unread.append(f"{path.name}: {error.strerror or 'cannot be read'}")
        return
    text = _decoded(data)
    if text is None:
        reading.unread.append(f"{path.name} is no text file")
    elif path.suffix == ".toml":
        _toml(path, text, choice, reading)
    else:
        _lines(path, text, choice, reading, constraint=constraint)


def _decoded(data: bytes) -> str | None:
    if len(data) > _LARGEST:
        return None
    # PowerShell's `pip freeze >` writes UTF-16.
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        return None


def _toml(path: Path, text: str, choice: Choice, reading: Reading) -> None:
    gives = projected if path.name == "pyproject.toml" else locked
    try:
        for where, written in gives(tomllib.loads(text), choice):
            place = f"{path.name} {where}"
            reading.declared.append(Declared(Requirement(written), place))
    except NotReadable as error:
        reading.unread.append(f"{path.name} {error}")
    except InvalidRequirement:
        reading.unread.append(f"{path.name} has a requirement that cannot be read")
    except (ValueError, RecursionError):
        reading.unread.append(f"{path.name} is no TOML")


def _lines(
    path: Path, text: str, choice: Choice, reading: Reading, *, constraint: bool
) -> None:
    for number, line in _logical(text):
        where = f"{path.name} line {number}"
        option = _OPTION.match(line)
        if option is None and _IGNORED.match(line):
            continue
        kind = (option["short"] or option["long"][0]) if option is not None else ""
        if option is not None and kind != "e":
            named = _unquoted(line[option.end() :].strip())
            if "://" in named:
                reading.unread.append(f"{where} names a file that is not on this host")
                continue
            inner = constraint or kind == "c"
            _file(path.parent / named, choice, reading, constraint=inner)
            continue
        written = line[option.end() :] if option is not None else line
        written = _unquoted(_PER_REQUIREMENT.sub("", written).strip())
        requirement = _requirement(written, path.parent)
        if isinstance(requirement, str):
            reading.unread.append(f"{where} {requirement}")
        else:
            declared = Declared(requirement, where, constraint)
            reading.declared.append(declared)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Give lines with their numbers: joined, without comments, none empty."""
    joined, begun = "", 0
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        begun = begun or number
        comment = raw.lstrip().startswith("#")
        if raw.endswith("\\") and not comment:
            joined += raw[:-1]
            continue
        line = _COMMENT.sub("", joined + ("" if comment else raw)).strip()
        if line:
            yield begun, line
        joined, begun = "", 0


def _unquoted(text: str) -> str:
    quoted = text[:1] in {'"', "'"} and text[-1:] == text[:1]
    return text[1:-1] if quoted else text


def _requirement(written: str, base: Path) -> Requirement | str:
    """Read a requirement as pip does, or say why it cannot be read."""
    if written.startswith("-"):
        return "has an option that is not known here"
    try:
        return Requirement(written)
    except InvalidRequirement:
        pass
    place, _, marker = written.partition(" ;")
    place = place.strip()
    extras = ""
    if bracketed := re.fullmatch(r"(.*?)(\[[\w\s,.-]*\])", place):
        place, extras = bracketed.groups()
    named = _named(place, base)
    if named is None:
        return "names no package that can be told from here"
    text = f"{named[0]}{extras}{named[1]}"
    try:
        return Requirement(f"{text} ;{marker}" if marker else text)
    except InvalidRequirement:
        return "is no requirement"


def _named(place: str, base: Path) -> tuple[str, str] | None:
    """Give name and rest of a requirement that is a URL or a path."""
    address, _, fragment = place.partition("#")
    remote = "://" in address and not address.startswith("file:")
    if egg := _EGG.search(fragment):
        return egg[1], f" @ {address}" if remote else ""
    if told := file_version(address.partition("?")[0]):
        return told[0], f"=={told[1]}"
    if remote:
        return None
    folder = base / address.removeprefix("file://").removeprefix("file:")
    name = project_name(folder) if folder.is_dir() else None
    return None if name is None else (name, "")
