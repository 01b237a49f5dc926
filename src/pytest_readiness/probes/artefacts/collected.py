"""One list of an item's files: read, and each tied to a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.artefacts.files import STAMP, found
from pytest_readiness.probes.artefacts.provenance import Inside, Origin, Origins
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.planned import PlannedLook, files

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ArtefactsBlock

__all__ = ["Collected", "collect", "planned", "unset"]

T = TypeVar("T")


@dataclass(frozen=True)
class Collected(Generic[T]):
    """What was read from some files, and where each of them comes from."""

    contents: tuple[T, ...]
    origins: tuple[tuple[Path, Origin | Unavailable], ...]

    def foreign(self, look: Look) -> Observed[tuple[str, ...]]:
        """Name the files of another release; unavailable where one cannot be told."""
        names, how = [], []
        for path, origin in self.origins:
            if isinstance(origin, Unavailable):
                return look.seen(origin, what=path.name)
            if not origin.ours:
                names.append(f"{path.name} ({origin.how})")
            how.append(origin.how)
        detail = "; ".join(dict.fromkeys(how))
        return look.seen(tuple(names), what=self.names, detail=detail)

    def made(self, look: Look) -> Observed[dt.datetime]:
        """Give when the oldest was made, where all of them say."""
        times = []
        for path, origin in self.origins:
            at = None if isinstance(origin, Unavailable) else origin.at
            if at is None:
                reason = f"{path.name} does not say when it was made"
                remedy = f"run `readiness stamp {path.name}` in the job that makes it"
                unsaid = Unavailable(reason, Cause.LOCAL, remedy)
                return look.seen(unsaid, what=path.name)
            times.append(at)
        return look.seen(min(times), what=self.names)

    def age(self, look: Look) -> Observed[dt.timedelta]:
        """Give how long ago the oldest was made."""
        return self.made(look).map(lambda at: look.now() - at)

    @property
    def names(self) -> str:
        """Name the files, the first few of them."""
        names = [path.name for path, _ in self.origins]
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def collect(
    patterns: Iterable[Path],
    block: ArtefactsBlock,
    look: Look,
    read: Callable[[Path], tuple[T, Inside]],
) -> Collected[T]:
    """Find and read some files.

    Raises:
        LookError: one is missing, cannot be read, or serves another item as well.
    """
    origins = look.origins or Origins()
    contents, known = [], []
    paths = found(patterns, look)
    _refuse_shared(paths, block, look)
    for path in paths:
        if look.over:
            raise look.overdue(f"reading {path.name}")
        content, inside = read(path)
        contents.append(content)
        known.append((path, origins.of(path, inside)))
    return Collected(tuple(contents), tuple(known))


def _refuse_shared(paths: tuple[Path, ...], block: ArtefactsBlock, look: Look) -> None:
    others: set[Path] = set()
    for pattern in block.others:
        try:
            others.update(found([pattern], look))
        except LookError:
            continue  # the other item says so
    for path in paths:
        if path in others:
            reason = f"{path.name} serves another item as well"
            remedy = "give each item files of its own, or set shared = true in one"
            raise LookError(reason, Cause.LOCAL, remedy, final=True)


def unset(key: str) -> LookError:
    """Make the error for a list of files that an item needs and its table lacks."""
    reason = f"the table names no {key}"
    return LookError(reason, Cause.UNCONFIGURED, f"set {key}", final=True)


def planned(*lists: Iterable[Path]) -> tuple[PlannedLook, ...]:
    """Plan to read some files and the stamps beside them."""
    note = f"and where it exists, FILE{STAMP}"
    return tuple(look for paths in lists for look in files(*paths, note=note))
