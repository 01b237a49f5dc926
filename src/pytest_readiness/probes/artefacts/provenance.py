"""Whose release an artefact is.

In this order: a commit or source digest inside it, the stamp beside it, a time inside
it that is later than the release's commit. Never the file's own time: after a download
that is now. A stamp that is there must hold, whatever stands inside.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.catalogue.rendering import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Inside", "Origin", "Origins", "Stamp"]

_EAST, _WEST = dt.timedelta(hours=14), dt.timedelta(hours=12)
"""How far a clock's zone may be from UTC, where a time does not say which it is in."""
_SHORTEST = 7
"""Characters of a shortened commit."""


@dataclass(frozen=True)
class Stamp:
    """What a good stamp says of the file beside it."""

    version: str
    source: str | None
    at: dt.datetime
    data: str = ""
    signed_by: str = ""


@dataclass(frozen=True)
class Inside:
    """What an artefact says of itself."""

    revision: str = ""
    """A commit, or the digest of the source."""
    at: dt.datetime | None = None
    """When it was begun; without a zone where it does not say."""


@dataclass(frozen=True)
class Origin:
    """Where one artefact comes from."""

    ours: bool
    """Whether it was made from the release under judgement."""
    how: str
    """By what that is known, for people."""
    at: dt.datetime | None = None
    """When it was made, where that is known."""
    data: str = ""
    """What its stamp says that it was made with."""


def _no_stamp(_: Path) -> Stamp | Unavailable | None:
    return None


@dataclass(frozen=True)
class Origins:
    """The release under judgement, and what can read a stamp."""

    version: str = ""
    source: str | None = None
    """``sha256:`` and hex; None where only a version says what the release is."""
    commit: str | None = None
    committed: dt.datetime | None = None
    """When something of it was committed last."""
    whole_history: bool = True
    """Whether that time is certain: a shallow clone may lack the commit itself."""
    stamp: Callable[[Path], Stamp | Unavailable | None] = field(default=_no_stamp)
    """Reads the stamp beside a file: None where there is none, unavailable where it
    cannot be believed."""

    def of(self, path: Path, inside: Inside) -> Origin | Unavailable:
        """Say whose an artefact is, or why nobody can."""
        at = _aware(inside.at)
        stamp = self.stamp(path)
        if isinstance(stamp, Unavailable):
            return stamp
        if inside.revision and not self._is(inside.revision):
            return Origin(False, f"made from {inside.revision[:19]}", at)  # noqa: FBT003  # a value
        if stamp is not None:
            return self._stamped(stamp)
        if inside.revision:
            return Origin(True, "by the revision inside", at)  # noqa: FBT003  # a value
        return self._timed(path, inside.at)

    def _is(self, revision: str) -> bool:
        if self.source and revision.removeprefix("sha256:") == self._digest:
            return True
        short = len(revision) >= _SHORTEST
        return short and self.commit is not None and self.commit.startswith(revision)

    @property
    def _digest(self) -> str:
        return (self.source or "").removeprefix("sha256:")

    def _stamped(self, stamp: Stamp) -> Origin:
        if self.source:
            ours = (stamp.source or "").removeprefix("sha256:") == self._digest
        else:
            ours = stamp.source is None and stamp.version == self.version
        by = f"signed by {stamp.signed_by}" if stamp.signed_by else "not signed"
        how = f"stamped for {stamp.version}, {by}"
        return Origin(ours, how, stamp.at, stamp.data)

    def _timed(self, path: Path, at: dt.datetime | None) -> Origin | Unavailable:
        if at is None or self.committed is None:
            reason = f"nothing says which release {path.name} was made from"
            return Unavailable(reason, Cause.LOCAL, _remedy(path))
        latest, earliest = (_in_utc(at, -_WEST), _in_utc(at, _EAST))
        if earliest > self.committed:
            how = f"made after the commit, at {render(at)}"
            return Origin(True, how, _aware(at))  # noqa: FBT003  # a value
        if latest <= self.committed and self.whole_history:
            how = f"made before the commit, at {render(at)}"
            return Origin(False, how, _aware(at))  # noqa: FBT003  # a value
        reason = f"the time in {path.name} does not say whether it is of this release"
        return Unavailable(reason, Cause.LOCAL, _remedy(path))


def _remedy(path: Path) -> str:
    return f"run `readiness stamp {path.name}` in the job that makes it"


def _in_utc(at: dt.datetime, offset: dt.timedelta) -> dt.datetime:
    """Give a time in UTC; one without a zone as if its clock were off by so much."""
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC) - offset


def _aware(at: dt.datetime | None) -> dt.datetime | None:
    return at if at is None or at.tzinfo else None
