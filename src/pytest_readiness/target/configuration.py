"""A target file that was read: what it says of the system, and its targets.

A target's references are looked at when it is selected, not before: judging staging
neither reads production's secrets nor runs its commands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.digest import target_digest
from pytest_readiness.target.finding import display
from pytest_readiness.target.values import listed, near

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_readiness.catalogue.item import Stage
    from pytest_readiness.target.model import (
        ApprovalsTable,
        ReleaseTable,
        StoreTable,
        Target,
        TrustTable,
    )
    from pytest_readiness.target.references import References

__all__ = ["Configuration", "Targets"]


class Targets(Mapping[str, "Target"]):
    """The targets by name; each is resolved when it is first asked for."""

    def __init__(
        self, names: tuple[str, ...], resolve: Callable[[str], Target]
    ) -> None:
        self._names = names
        self._resolve = resolve
        self._resolved: dict[str, Target] = {}

    def __getitem__(self, name: str) -> Target:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._resolved:
            self._resolved[name] = self._resolve(name)
        return self._resolved[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a target file says, checked and typed."""

    path: Path
    system: str
    organisation: str | None
    release: ReleaseTable
    suite: Path | None
    gates: Mapping[str, tuple[Stage, ...]]
    trust: TrustTable
    approvals: ApprovalsTable
    store: StoreTable
    default: str | None
    targets: Mapping[str, Target]
    references: References
    """What fills in the file's references; it knows which were looked at."""

    def select(self, name: str | None = None) -> Target:
        """Give the target that is named, else the default, else the only one.

        Raises:
            ConfigError: there is no such target, or several and none is named, or a
                reference gives what its field cannot take.
        """
        names = list(self.targets)
        if name is None:
            name = self.default or (names[0] if len(names) == 1 else None)
        if name is None:
            what = f"has the targets {listed(names)}, and none is named"
            remedy = "name one with `--readiness-target=NAME`, or set `default = ...`"
            raise ConfigError(display(self.path), what, remedy)
        if name not in self.targets:
            meant = near(name, names)
            remedy = f"did you mean `{meant}`?" if meant else f"it has {listed(names)}"
            raise ConfigError(display(self.path), f"has no target `{name}`", remedy)
        return self.targets[name]

    def candidate(self, target: Target) -> Target:
        """Give the target where the release already runs before it goes live."""
        if target.candidate in {None, target.name}:
            return target
        return self.select(target.candidate)

    def digest(self, target: Target) -> str:
        """Give the target digest: sha256 of everything that decides what is judged."""
        return target_digest(target, self.candidate(target), system=self.system)
