"""The folder of past reports: kept by question, the newest first, the oldest dropped.

A question is a system, an environment and a gate. A file is the canonical report, named
by when its run ended and by its digest, so that two jobs never write the same one and a
torn copy (a cache that was cut short) is noticed. Nothing read here decides an item.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.errors import StoreError
from pytest_readiness.store.document import PastRun
from pytest_readiness.store.files import read_report, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_readiness.store.document import Report

__all__ = ["TREND", "Past", "Question"]

TREND = 30
"""Runs that a report's trend shows."""

_REPORTS = "reports"
_NAME = re.compile(r"\d{8}T\d{9}Z-([0-9a-f]{12})\.json")
_SAFE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: runs of the same question can be held against each other."""

    system: str
    environment: str
    gate: str

    @classmethod
    def of(cls, report: Report) -> Question:
        """Give the question that a report answers."""
        return cls(report.system, report.environment, report.gate.name)


@dataclass(frozen=True, slots=True)
class Past:
    """A store of reports."""

    folder: Path
    most: int
    """Reports of one question that are kept."""

    def keep(self, report: Report) -> Path:
        """Add a report and drop the oldest of its question.

        Raises:
            StoreError: it cannot be written.
        """
        data = report.canonical()
        ended = report.run.ended
        name = f"{ended:%Y%m%dT%H%M%S}{ended.microsecond // 1000:03d}Z-{_digest(data)}"
        path = write(self._place(Question.of(report)), f"{name}.json", data)
        self._prune(path.parent)
        return path

    def runs(self, question: Question) -> Iterator[Report]:
        """Give the reports of a question, the newest first.

        A file that is damaged, or of a version that this one does not read, is passed
        over: what is past must not stop what is judged now.
        """
        for path in self._files(self._place(question)):
            try:
                report = read_report(path)
            except StoreError:
                continue
            named = _NAME.fullmatch(path.name)
            whole = named is not None and named[1] == _digest(report.canonical())
            if whole and Question.of(report) == question:
                yield report

    def last(self, question: Question) -> Report | None:
        """Give the newest report of a question."""
        return next(self.runs(question), None)

    def trend(self, question: Question) -> tuple[PastRun, ...]:
        """Give what earlier runs came to, the oldest first."""
        found: list[PastRun] = []
        for report in self.runs(question):
            found.append(
                PastRun(
                    at=report.run.ended,
                    release=report.release.version,
                    verdict=report.verdict,
                    counts=report.counts.after,
                )
            )
            if len(found) == TREND:
                break
        return tuple(reversed(found))

    def _place(self, question: Question) -> Path:
        names = (question.environment, question.gate)
        return self.folder.joinpath(_REPORTS, *map(_safe, names))

    def _files(self, place: Path) -> list[Path]:
        """Give the reports by name, which begins with when the run ended."""
        if not place.is_dir():
            return []
        found = (path for path in place.iterdir() if _NAME.fullmatch(path.name))
        return sorted(found, reverse=True)

    def _prune(self, place: Path) -> None:
        try:
            for path in self._files(place)[self.most :]:
                path.unlink(missing_ok=True)
        except OSError as error:
            what = f"old reports cannot be removed: {error.strerror or error}"
            raise StoreError(str(place), what) from None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _safe(name: str) -> str:
    """Name a folder; a name that is changed keeps apart from what it looks like."""
    safe = _SAFE.sub("_", name).lstrip(".")[:60]
    return safe if safe == name else f"{safe}~{_digest(name.encode())}"
