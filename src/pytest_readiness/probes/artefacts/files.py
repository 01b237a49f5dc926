"""Finding artefacts by name or pattern, and reading them within bounds."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, cast

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, iterparse

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.catalogue.rendering import render
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Any
    from xml.etree.ElementTree import Element

    from pytest_readiness.probes.look import Look

__all__ = [
    "STAMP",
    "elements",
    "first_of",
    "found",
    "listed",
    "local",
    "read_json",
    "read_text",
    "table",
    "unread",
]

STAMP = ".provenance.json"
"""How the file is called that says whose release an artefact is."""

_MOST_FILES = 1000
_DEEPEST = 100
_LOOK_EVERY = 5000
# Opening a pipe would wait for its other end.
_FLAGS = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def unread(path: Path, why: str, remedy: str = "") -> LookError:
    """Make the error for a file that cannot be counted."""
    return LookError(f"{path.name} {why}", Cause.LOCAL, remedy, final=True)


def found(patterns: Iterable[Path], look: Look) -> tuple[Path, ...]:
    """Give the files of some names or patterns, their stamps aside, each once.

    Raises:
        LookError: one of the patterns has no file, or there are too many.
    """
    files: dict[Path, None] = {}
    for pattern in patterns:
        matching = [path for path in _matching(pattern) if not _is_stamp(path)]
        if not matching:
            reason = f"there is no {pattern}"
            remedy = "have the job that makes it hand it over, or correct the name"
            raise LookError(reason, Cause.LOCAL, remedy, final=True)
        files |= dict.fromkeys(matching)
        if len(files) > _MOST_FILES or look.over:
            reason = f"{pattern} has more than {_MOST_FILES} files"
            raise LookError(reason, Cause.LOCAL, "name fewer", final=True)
    return tuple(files)


def _matching(pattern: Path) -> list[Path]:
    """Expand a pattern below the first folder of it that exists."""
    if pattern.exists():
        return [pattern]
    root = pattern.parent
    while not root.is_dir() and root != root.parent:
        root = root.parent
    relative = str(pattern.relative_to(root))
    try:
        return sorted(path for path in root.glob(relative) if not path.is_dir())
    except (OSError, ValueError):
        return []


def _is_stamp(path: Path) -> bool:
    return path.name.endswith(STAMP)


def _open(path: Path, most: int) -> io.BufferedReader:
    """Open a regular file that is not too large.

    Raises:
        LookError: it is something else, too large, or may not be read.
    """
    try:
        stream = open(  # noqa: SIM115  # Path has no opener
            path, "rb", opener=lambda name, flags: os.open(name, flags | _FLAGS)
        )
        state = os.fstat(stream.fileno())
    except OSError as error:
        raise unread(path, f"cannot be read ({error.strerror})") from None
    why = ""
    if not stat.S_ISREG(state.st_mode):
        why = "is no regular file"
    elif state.st_size > most:
        size, limit = render(state.st_size, "bytes"), render(most, "bytes")
        why = f"has {size}, more than the {limit} that are read"
    if why:
        stream.close()
        raise unread(path, why, "split it, or raise read_up_to")
    return stream


def first_of(path: Path, most: int) -> str:
    """Give a file's first character that is no space: it tells formats apart."""
    with _open(path, most) as stream:
        opening = stream.read(256).removeprefix(b"\xef\xbb\xbf").lstrip()
    return opening[:1].decode("latin-1")


def table(value: object) -> dict[str, object]:
    """Take a JSON object; anything else is an empty one."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def listed(value: object) -> list[object]:
    """Take a JSON list; anything else is an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def read_text(path: Path, most: int) -> str:
    """Read a text.

    Raises:
        LookError: it cannot be read, is too large, or is not UTF-8.
    """
    with _open(path, most) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise unread(path, "grew while it was read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise unread(path, "is no UTF-8") from None


def read_json(path: Path, most: int) -> object:
    """Read a JSON document.

    Raises:
        LookError: as :func:`read_text`, or it is no JSON, or nested too deeply.
    """
    text = read_text(path, most)
    try:
        return cast("object", json.loads(text))
    except RecursionError:
        raise unread(path, "is nested too deeply") from None
    except ValueError as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        raise unread(path, f"is no JSON (line {line})") from None


def elements(
    path: Path, most: int, look: Look
) -> Iterator[tuple[str, Element, tuple[str, ...]]]:
    """Walk through an XML file as it is read: event, element, names of those around.

    The caller clears what it is done with. Entities are refused.

    Raises:
        LookError: it cannot be read, is too large, no XML, or nested too deeply.
    """
    around: list[str] = []
    with _open(path, most) as stream:
        try:
            events = cast(
                "Iterator[tuple[str, Any]]",
                # A document type is harmless by itself, and istanbul writes one.
                iterparse(stream, ("start", "end")),
            )
            for count, (event, element) in enumerate(events):
                if event == "end":
                    around.pop()
                yield event, element, tuple(around)
                if event == "start":
                    around.append(local(element))
                if len(around) > _DEEPEST:
                    raise unread(path, f"is nested deeper than {_DEEPEST} elements")
                if count % _LOOK_EVERY == 0 and look.over:
                    raise look.overdue(f"reading {path.name}")
        except DefusedXmlException:
            why = "declares entities, which no report needs"
            raise unread(
                path, why, "have it written by the test runner alone"
            ) from None
        except (ParseError, ValueError, LookupError) as error:
            line, _ = getattr(error, "position", (0, 0))
            why = f"is no whole XML file (line {line})"
            raise unread(path, why, "see whether its job was cut short") from None


def local(element: Element) -> str:
    """Give an element's name without its namespace."""
    return element.tag.rpartition("}")[2]
