"""What a fault is: one named way to break the demo, and what that must change."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pytest_readiness.demo.bench import Bench, Tables
    from pytest_readiness.demo.signing import Change

__all__ = ["Breakage", "Fault", "Faults"]

T = TypeVar("T")


@dataclass
class Breakage:
    """The demo in the hands of one fault: whatever is changed here is undone."""

    bench: Bench
    tables: Tables
    """The tables of ``[target.demo]``, to be changed in place."""
    environ: dict[str, str]
    """The secrets that the tables refer to, likewise."""
    drafts: list[Change] = field(default_factory=list["Change"])
    """What happens to what the demo's people are about to sign."""
    stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def enter(self, manager: AbstractContextManager[T]) -> T:
        """Start something that stops when the fault is over."""
        return self.stack.enter_context(manager)

    def write(self, name: str, text: str, mode: int | None = None) -> Path:
        """Write a file below the demo's folder, which goes when the fault is over."""
        path = self.bench.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        self.stack.callback(path.unlink)
        if mode is not None:
            path.chmod(mode)
        return path

    def set(self, table: str, **settings: object) -> None:
        """Change settings of one table."""
        self.tables[table].update(settings)


@dataclass(frozen=True)
class Fault:
    """One named way to break the demo."""

    name: str
    """Its slug, for ``--readiness-demo-fault``."""
    summary: str
    """What is wrong then, for the table in the docs."""
    turns: Mapping[str, State]
    """Items that change, and to what; all others stay as they are.

    Rollups and the sign-offs follow their items and are not named. Empty for a change
    that must not alarm anybody.
    """
    touches: frozenset[str]
    """The resources that must be looked at again to see it."""
    apply: Callable[[Breakage], None]
    turns_signed: State | None = None
    """What every item turns to that people attested: nobody can be believed then."""

    def also(self, item: str, state: State) -> Fault:
        """Give the same fault, where another section's item turns as well."""
        return replace(self, turns={**self.turns, item: state})


@dataclass(frozen=True)
class Faults:
    """Makes the faults of one item, all in the same resources."""

    prefix: str
    """What their names begin with."""
    item: str
    touches: frozenset[str]

    def __call__(
        self,
        name: str,
        summary: str,
        apply: Callable[[Breakage], None],
        state: State | None = State.FAILED,
    ) -> Fault:
        """Make one; without a state it must not alarm anybody."""
        turns = {} if state is None else {self.item: state}
        return Fault(f"{self.prefix}-{name}", summary, turns, self.touches, apply)
