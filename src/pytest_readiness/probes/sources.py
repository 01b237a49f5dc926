"""The service's source: SQL built of texts, exceptions swallowed, as a linter finds it.

ruff's rules of S are bandit's of B. It is run on its own, without the repository's
settings. What a comment excuses counts as excused only with a reason beside it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, cast

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.probes.program import ended, kept
from pytest_readiness.probes.tree import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.tree import Json
    from pytest_readiness.target.blocks import SourcesBlock

__all__ = ["ARGUMENTS", "Sources"]

_BUILT = ("S608",)
_SWALLOWED = ("E722", "S110", "S112", "BLE001")
"""A bare ``except``; one that only passes or continues; one of everything that neither
logs what it caught nor raises it again."""
ARGUMENTS = (
    *("check", "--isolated", "--no-cache", "--exit-zero", "--no-respect-gitignore"),
    *("--ignore-noqa", "--select", ",".join((*_BUILT, *_SWALLOWED))),
    *("--output-format", "json"),
)
"""How ruff is started, before the files."""
_EXCUSED = re.compile(
    r"#\s*(?:nosec\b(?P<ids>[:\s]*(?:B\d+[,\s]*)*)|noqa:\s*(?P<codes>"
    r"[A-Z]+\d+(?:[,\s]+[A-Z]+\d+)*))(?P<rest>.*)$"
)
_CODE = re.compile(r"[A-Z]+\d+")
_REASON = re.compile(r"[A-Za-z]{3,}.*[A-Za-z]{2,}")
_NAMED = 20
_INTAKE = 20_000_000


@dataclass(frozen=True, kw_only=True)
class Sources(Facts):
    """What is written in the source."""

    block: ClassVar[str] = "sources"

    python_files: Observed[int]
    """How many files were read."""
    built_sql: Observed[tuple[str, ...]]
    """Places where SQL is built of texts, without an excuse that gives a reason."""
    swallowed: Observed[tuple[str, ...]]
    """Places where an exception is caught and lost, with the rule, likewise."""

    @classmethod
    def gather(cls, block: SourcesBlock, look: Look) -> Self:
        """Run the linter once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: SourcesBlock, look: Look) -> Self:
        found = tuple(_python_files(block))
        if not found:
            reason = f"there is no Python below {block.root}"
            raise LookError(reason, Cause.UNCONFIGURED, "name its folders in paths")
        places = tuple(_places(block, found, look))
        built = tuple(where for where, code in places if code in _BUILT)
        swallowed = tuple(
            f"{where} {code}" for where, code in places if code in _SWALLOWED
        )
        return cls(
            python_files=look.seen(len(found), what="files"),
            built_sql=look.seen(built[:_NAMED], what="ruff"),
            swallowed=look.seen(swallowed[:_NAMED], what="ruff"),
        )

    @classmethod
    def looks(cls, block: SourcesBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is started and read."""
        program = " ".join(("ruff", *ARGUMENTS))
        places = (block.root / path for path in block.paths)
        return (PlannedLook("program", program), *files(*places))

    @staticmethod
    def source(block: SourcesBlock) -> str:
        """Name the folder."""
        return str(block.root)


def _python_files(block: SourcesBlock) -> Iterator[Path]:
    for name in block.paths:
        place = block.root / name
        if not place.exists():
            reason = f"{place} is not there"
            raise LookError(reason, Cause.LOCAL, "check paths", final=True)
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            relative = path.relative_to(block.root).as_posix()
            if not any(fnmatch(relative, pattern) for pattern in block.exclude):
                yield path


def _places(
    block: SourcesBlock, found: tuple[Path, ...], look: Look
) -> Iterator[tuple[str, str]]:
    """Give place and rule of what is found and not excused."""
    for finding in _findings(found, look):
        path = Path(str(finding.get("filename")))
        row = table(finding.get("location")).get("row")
        line = row if isinstance(row, int) else 0
        end = table(finding.get("end_location")).get("row")
        last = end if isinstance(end, int) else line
        name = path.relative_to(block.root.resolve()).as_posix()
        code = str(finding.get("code"))
        if code not in {*_BUILT, *_SWALLOWED}:  # a file that is no Python
            raise LookError(f"{name}:{line} cannot be parsed", Cause.LOCAL, final=True)
        if not _is_excused(path, line, last, code):
            yield f"{name}:{line}", code


def _findings(found: tuple[Path, ...], look: Look) -> Iterator[Json]:
    paths = (str(path.resolve()) for path in found)
    done = ended([_ruff(), *ARGUMENTS, "--", *paths], look, kept(), _INTAKE)
    try:
        said: object = json.loads(done.stdout)
    except (ValueError, RecursionError):
        said = None
    if done.status != 0 or not isinstance(said, list):
        reason = f"ruff ended with {done.status}, and did not say what it found"
        raise LookError(reason, Cause.LOCAL, final=True)
    yield from map(table, cast("list[object]", said))


def _ruff() -> str:
    """Find the program that came with our own environment, else on PATH."""
    for folder in (str(Path(sys.executable).parent), *os.get_exec_path()):
        path = Path(folder, "ruff")
        if path.is_file() and os.access(path, os.X_OK):
            return str(path)
    remedy = "pip install 'pytest-readiness[sources]'"
    raise LookError("ruff is not installed", Cause.LOCAL, remedy, final=True)


def _is_excused(path: Path, first: int, last: int, code: str) -> bool:
    """Whether one of the lines has an excuse that names the rule and a reason."""
    lines = path.read_text("utf-8", errors="replace").splitlines()
    for line in lines[max(first - 1, 0) : last]:
        found = _EXCUSED.search(line)
        if found is None:
            continue
        named = found["ids"] if found["codes"] is None else found["codes"]
        known = {code, code.replace("S", "B", 1)} & set(_CODE.findall(named))
        if known and _REASON.search(found["rest"]):
            return True
    return False
