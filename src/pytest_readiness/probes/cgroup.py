"""Control groups: what a service may use of the machine it is on.

Both versions, as "Control Group v2" and "Control Groups version 1" of the kernel's own
administrator's guide have them. A limit of any group above holds as well, so the
smallest counts. In a container the groups above it are out of sight; its own is then
the topmost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Text = Callable[[str], str | None]
    """Gives what a file holds; None where there is none."""

__all__ = [
    "GROUP",
    "LIMITS",
    "MEMBERS",
    "MOUNTS",
    "Allowance",
    "allowance",
    "is_group",
    "least",
    "own_groups",
]

GROUP = "proc/self/cgroup"
MOUNTS = "proc/self/mountinfo"
"""What tells which groups this process is in, below the file system's root."""

MEMBERS = "cgroup.procs"
"""A file of every group; a folder without one is outside the hierarchy."""
_FIELDS_BEFORE = 5
_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Allowance:
    """A limit, and the file that sets it; ``amount`` is None where nothing does."""

    amount: float | None = None
    file: str = ""

    def least(self, amount: float | None, file: str) -> Allowance:
        """Give the smaller of this and another limit."""
        if amount is None or (self.amount is not None and self.amount <= amount):
            return self
        return Allowance(amount, file)


def own_groups(root: Path) -> tuple[Path, ...]:
    """Give the folders of this process's groups, one a hierarchy.

    Raises:
        LookError: the kernel does not say.
    """
    paths = dict(_paths(_text(f"{root / GROUP}") or ""))
    found: list[Path] = []
    for line in (_text(f"{root / MOUNTS}") or "").splitlines():
        before, _, after = line.partition(" - ")
        fields, kinds = before.split(" "), after.split(" ")
        if len(fields) < _FIELDS_BEFORE or kinds[0] not in {"cgroup", "cgroup2"}:
            continue
        names = {""} if kinds[0] == "cgroup2" else set(kinds[-1].split(","))
        path = next((paths[name] for name in names if name in paths), None)
        if path is not None:
            mount = root / _unescaped(fields[4]).lstrip("/")
            found.append(_within(mount, _unescaped(fields[3]), path))
    return tuple(dict.fromkeys(found))


def allowance(groups: Iterable[Path], what: str) -> Allowance:
    """Give the smallest limit of some groups and of all above them.

    Args:
        groups: the innermost groups, one a hierarchy.
        what: ``memory`` (bytes) or ``cores``.

    Raises:
        LookError: a limit is there and cannot be read.
    """
    return least((str(one) for group in groups for one in _upwards(group)), what, _text)


def least(folders: Iterable[str], what: str, text: Text) -> Allowance:
    """Give the smallest limit of just these folders, wherever their files are.

    Raises:
        LookError: a limit is there and cannot be read.
    """
    limit = Allowance()
    for folder in folders:
        for name, read in _READERS[what].items():
            limit = limit.least(read(folder, text), f"{folder}/{name}")
    return limit


def is_group(folder: Path) -> bool:
    """Whether a folder is a control group's."""
    names = (MEMBERS, *LIMITS["memory"], *LIMITS["cores"])
    return any((folder / name).exists() for name in names)


def _paths(text: str) -> Iterator[tuple[str, str]]:
    """Give the path within each hierarchy, by controller; ``""`` is version 2."""
    for line in text.splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(","):
            yield controller, path


def _within(mount: Path, root: str, path: str) -> Path:
    """Give a group's folder below its hierarchy's mount.

    A container's mount begins at the container's own group (``root``); what its
    namespace hides is written with ``..``.
    """
    if ".." in path.split("/"):
        return mount
    if root != "/":
        if not (path == root or path.startswith(f"{root}/")):
            return mount
        path = path[len(root) :]
    folder = mount / path.lstrip("/")
    return folder if folder.is_dir() else mount


def _upwards(group: Path) -> Iterator[Path]:
    yield group
    for folder in group.parents:
        if not (folder / MEMBERS).exists():
            return
        yield folder


def _memory_2(folder: str, text: Text) -> float | None:
    return _number(f"{folder}/memory.max", text, unlimited="max")


def _memory_1(folder: str, text: Text) -> float | None:
    # "None" is a number near 2^63 there, more than any machine has.
    return _number(f"{folder}/memory.limit_in_bytes", text, unlimited="-1")


def _quota_2(folder: str, text: Text) -> float | None:
    file = f"{folder}/cpu.max"
    said = text(file)
    if said is None:
        return None
    quota, _, period = said.strip().partition(" ")
    return None if quota == "max" else _share(_read(quota, file), _read(period, file))


def _quota_1(folder: str, text: Text) -> float | None:
    quota = _number(f"{folder}/cpu.cfs_quota_us", text, unlimited="-1")
    period = _number(f"{folder}/cpu.cfs_period_us", text, unlimited="0")
    return None if quota is None or period is None else _share(quota, period)


def _share(quota: float, period: float) -> float | None:
    return quota / period if period else None


def _set_of(name: str) -> Callable[[str, Text], float | None]:
    def read(folder: str, text: Text) -> float | None:
        file = f"{folder}/{name}"
        said = (text(file) or "").strip()
        if not said:
            return None  # an empty list is that of the group above
        total = 0.0
        for part in said.split(","):
            first, dash, last = part.partition("-")
            total += _read(last if dash else first, file) - _read(first, file) + 1
        return total

    return read


_READERS: dict[str, dict[str, Callable[[str, Text], float | None]]] = {
    "memory": {"memory.max": _memory_2, "memory.limit_in_bytes": _memory_1},
    "cores": {
        "cpu.max": _quota_2,
        "cpu.cfs_quota_us": _quota_1,
        "cpuset.cpus.effective": _set_of("cpuset.cpus.effective"),
        "cpuset.effective_cpus": _set_of("cpuset.effective_cpus"),
    },
}
"""The files that limit something, of both versions."""

LIMITS = {
    "memory": tuple(_READERS["memory"]),
    "cores": (*_READERS["cores"], "cpu.cfs_period_us"),
}
"""The files that are read of a group, by what they limit."""


def _number(file: str, text: Text, unlimited: str) -> float | None:
    said = text(file)
    if said is None or said.strip() == unlimited:
        return None
    return _read(said.strip(), file)


def _read(text: str, file: str) -> float:
    if not (text.isascii() and text.isdecimal()):
        raise LookError(f"{file} holds no number", Cause.LOCAL, final=True)
    return float(text)


def _text(file: str) -> str | None:
    try:
        return Path(file).read_text("ascii", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        why = error.strerror or "unreadable"
        raise LookError(f"{file}: {why}", Cause.LOCAL, final=True) from None


def _unescaped(text: str) -> str:
    """Undo mountinfo's octal escapes: blanks and backslashes in paths."""
    return _OCTAL.sub(lambda found: chr(int(found[1], 8)), text)
