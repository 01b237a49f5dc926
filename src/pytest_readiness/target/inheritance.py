"""``extends``: one target's settings over another's, table by table."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.target.mistakes import Problem, shown
from pytest_readiness.target.references import is_reference
from pytest_readiness.target.values import is_table, listed, near

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.target.context import Keys

__all__ = ["Merged", "inherit", "unknown_target"]


@dataclass
class Merged:
    """A target with what it inherits, and which table wrote each key."""

    tree: dict[str, object] = field(default_factory=dict[str, object])
    origins: dict[Keys, Keys] = field(default_factory=dict["Keys", "Keys"])

    def lay(self, over: Mapping[str, object], origin: Keys) -> None:
        """Lay one table over what is there; lists and values are replaced whole."""
        self._lay(self.tree, over, origin, ())

    def _lay(
        self,
        under: dict[str, object],
        over: Mapping[str, object],
        origin: Keys,
        path: Keys,
    ) -> None:
        for key, value in over.items():
            here = (*path, key)
            self.origins[here] = origin
            below = under.get(key)
            if is_table(value):
                table = dict(below) if is_table(below) else {}
                under[key] = table
                self._lay(table, value, origin, here)
            else:
                under[key] = value


def inherit(
    name: str, targets: Mapping[str, object], shared: Mapping[str, object]
) -> tuple[Merged, str]:
    """Give a target with all that it extends, or what is wrong with the chain.

    ``shared`` are the tables that hold for every target.
    """
    chain: list[str] = []
    link: object = name
    while isinstance(link, str):
        if link in chain:
            return Merged(), f"extends itself by way of {listed(map(shown, chain))}"
        chain.append(link)
        table = targets[link]
        link = table.get("extends") if is_table(table) else None
        if isinstance(link, str) and link not in targets:
            break
    merged = Merged()
    merged.lay(shared, ())
    for link in reversed(chain):
        table = targets[link]
        if is_table(table):
            own = {k: v for k, v in table.items() if link == name or k not in _OWN}
            merged.lay(own, ("target", link))
    return merged, ""


_OWN = frozenset({"extends", "sha256"})
"""What a target does not hand down: who it extends, and the digest it must have."""


def unknown_target(
    where: str, word: str, names: Mapping[str, object]
) -> Problem | None:
    """Say that a target which is named does not exist."""
    if is_reference(word):
        what = "must be written out, not referred to"
        return Problem(where, what, "write the name of a target")
    if word in names:
        return None
    meant = near(word, names)
    remedy = f"did you mean `{meant}`?" if meant else f"known are {listed(names)}"
    return Problem(where, "names a target that does not exist", remedy)
