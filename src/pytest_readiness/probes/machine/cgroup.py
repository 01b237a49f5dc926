"""Control groups: what a service may use of the machine it is on.

Both versions, as "Control Group v2" and "Control Groups version 1" of the kernel's own
administrator's guide have them. A limit of any group above holds as well, so the
smallest counts. In a container the groups above it are out of sight; its own is then
the topmost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath as Path
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "GROUP",
    "MOUNTS",
    "Allowance",
    "Read",
    "allowance",
    "is_group",
    "own_groups",
]

Read = Callable[[str], str | None]
"""Gives the text of a file on the host, None where there is none.

It raises ``LookError`` where there is one that may not be read.
"""

GROUP = "/proc/self/cgroup"
MOUNTS = "/proc/self/mountinfo"
"""What tells which groups this process is in."""

_MEMBERS = "cgroup.procs"
"""A file of every group; a folder without one is outside the hierarchy."""
_FIELDS_BEFORE = 5
_Limits = Callable[[Path, Read], float | None]
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Allowance:
    """A limit, and the file that sets it; ``amount`` is None where nothing does."""

    amount: float | None = None
    file: str = ""

    def least(self, amount: float | None, file: Path) -> Allowance:
        """Give the smaller of this and another limit."""
        if amount is None or (self.amount is not None and self.amount <= amount):
            return self
        return Allowance(amount, str(file))


def own_groups(read: Read) -> tuple[str, ...]:
    """Give the folders of this process's groups, one a hierarchy."""
    paths = dict(_paths(read(GROUP) or ""))
    found: list[str] = []
    for line in (read(MOUNTS) or "").splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) < _FIELDS_BEFORE or kinds[0] not in {"cgroup", "cgroup2"}:
            continue
        names = {""} if kinds[0] == "cgroup2" else set(kinds[-1].split(","))
        path = next((paths[name] for name in names if name in paths), None)
        if path is not None:
            mount, begin = _unescaped(fields[4]), _unescaped(fields[3])
            found.append(_within(Path(mount), begin, path, read))
    return tuple(dict.fromkeys(found))


def allowance(groups: Iterable[str], what: str, read: Read) -> Allowance:
    """Give the smallest limit of some groups and of all above them.

    Args:
        groups: the innermost groups, one a hierarchy.
        what: ``memory`` (bytes) or ``cores``.
        read: the host's files.

    Raises:
        LookError: a limit is there and cannot be read.
    """
    limit = Allowance()
    for group in groups:
        for folder in _upwards(Path(group), read):
            for name, limits in _READERS[what].items():
                limit = limit.least(limits(folder, read), folder / name)
    return limit


def is_group(folder: str, read: Read) -> bool:
    """Whether a folder is a control group's."""
    names = (_MEMBERS, *_READERS["memory"], *_READERS["cores"])
    return any(read(f"{folder}/{name}") is not None for name in names)


def _paths(text: str) -> Iterator[tuple[str, str]]:
    """Give the path within each hierarchy, by controller; ``""`` is version 2."""
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            yield controller, path


def _within(mount: Path, root: str, path: str, read: Read) -> str:
    """Give a group's folder below its hierarchy's mount.

    A container's mount begins at the container's own group (``root``); what its
    namespace hides is written with ``..``.
    """
    if ".." in path.split("/"):
        return str(mount)
    if root != "/":
        if not (path == root or path.startswith(f"{root}/")):
            return str(mount)
        path = path[len(root) :]
    folder = mount / path.lstrip("/")
    return str(folder if read(f"{folder}/{_MEMBERS}") is not None else mount)


def _upwards(group: Path, read: Read) -> Iterator[Path]:
    yield group
    for folder in group.parents:
        if read(str(folder / _MEMBERS)) is None:
            return
        yield folder


def _memory_2(folder: Path, read: Read) -> float | None:
    return _number(folder / "memory.max", "max", read)


def _memory_1(folder: Path, read: Read) -> float | None:
    # "None" is a number near 2^63 there, more than any machine has.
    return _number(folder / "memory.limit_in_bytes", "-1", read)


def _quota_2(folder: Path, read: Read) -> float | None:
    file = folder / "cpu.max"
    text = _text(file, read)
    if text is None:
        return None
    quota, _, period = text.partition(" ")
    return None if quota == "max" else _count(quota, file) / _count(period, file)


def _quota_1(folder: Path, read: Read) -> float | None:
    quota = _number(folder / "cpu.cfs_quota_us", "-1", read)
    period = _number(folder / "cpu.cfs_period_us", "0", read)
    return None if quota is None or period is None else quota / period


def _processors(name: str) -> _Limits:
    def limits(folder: Path, read: Read) -> float | None:
        file, total = folder / name, 0.0
        text = _text(file, read)
        if not text:
            return None  # an empty list is that of the group above
        for part in text.split(","):
            first, dash, last = part.partition("-")
            end = _count(last if dash else first, file)
            total += end - _count(first, file) + 1
        return total

    return limits


_READERS: dict[str, dict[str, _Limits]] = {
    "memory": {"memory.max": _memory_2, "memory.limit_in_bytes": _memory_1},
    "cores": {
        "cpu.max": _quota_2,
        "cpu.cfs_quota_us": _quota_1,
        "cpuset.cpus.effective": _processors("cpuset.cpus.effective"),
        "cpuset.effective_cpus": _processors("cpuset.effective_cpus"),
    },
}
"""The files that limit something, of both versions."""


def _number(file: Path, unlimited: str, read: Read) -> float | None:
    text = _text(file, read)
    return None if text is None or text == unlimited else _count(text, file)


def _count(text: str, file: Path) -> float:
    if not (text.isascii() and text.isdecimal()):
        raise LookError(f"{file} holds no number", Cause.LOCAL, final=True)
    return float(text)


def _text(file: Path, read: Read) -> str | None:
    text = read(str(file))
    return None if text is None else text.strip()


def _unescaped(text: str) -> str:
    """Undo mountinfo's octal escapes: blanks and backslashes in paths."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
