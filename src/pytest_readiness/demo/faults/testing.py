"""Testing Validation: how a fault changes what the jobs of the release made."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.stamping import ARTEFACTS, Restamp
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.attest.predicates import Provenance
    from pytest_readiness.demo.signing import Draft

__all__ = [
    "FAULTS",
    "LOOKS",
    "breaks",
    "declares",
    "earlier",
    "keeps",
    "restamped",
    "without",
    "writes",
]

FAULTS: tuple[Fault, ...] = ()

LOOKS = frozenset(
    {"baseline", "calls", "coverage", "junit", "load_summary", "recovery", "scans"}
)
_OTHER_SOURCE = "0" * 64


def breaks(
    item: str,
    name: str,
    summary: str,
    *applied: Callable[[Breakage], None],
    state: State = State.FAILED,
) -> Fault:
    """Make the fault that turns one item of testing-validation, or one with its id."""
    turns = {item if "." in item else f"testing-validation.{item}": state}
    return Fault(name, summary, turns, LOOKS, partial(_all, applied))


def keeps(name: str, summary: str, *applied: Callable[[Breakage], None]) -> Fault:
    """Make the change that must not alarm anybody."""
    return Fault(name, summary, {}, LOOKS, partial(_all, applied))


def _all(applied: tuple[Callable[[Breakage], None], ...], breakage: Breakage) -> None:
    for apply in applied:
        apply(breakage)


def writes(name: str, text: str) -> Callable[[Breakage], None]:
    """Write an artefact otherwise."""

    def apply(breakage: Breakage) -> None:
        path = breakage.bench.folder / ARTEFACTS / name
        before = path.read_text("utf-8")
        path.write_text(text, "utf-8")
        breakage.stack.callback(lambda: path.write_text(before, "utf-8"))

    return apply


def without(name: str) -> Callable[[Breakage], None]:
    """Take an artefact away."""

    def apply(breakage: Breakage) -> None:
        path = breakage.bench.folder / ARTEFACTS / name
        before = path.read_bytes()
        path.unlink()
        breakage.stack.callback(lambda: path.write_bytes(before))

    return apply


def restamped(name: str, change: Restamp) -> Callable[[Breakage], None]:
    """Have the runner stamp an artefact otherwise."""

    def on_draft(draft: Draft) -> None:
        draft.stamps[name] = change

    return lambda breakage: breakage.drafts.append(on_draft)


def earlier(made: Provenance) -> Provenance:
    """Stamp for the release before."""
    return replace(
        made, release=replace(made.release, version="1.3.0", source=_OTHER_SOURCE)
    )


def declares(item: str, **settings: object) -> Callable[[Breakage], None]:
    """Change the item's table of artefacts."""

    def apply(breakage: Breakage) -> None:
        breakage.tables["artefacts"][item].update(settings)

    return apply
