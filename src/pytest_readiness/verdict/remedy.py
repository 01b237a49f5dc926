"""What to do about an item that is not satisfied: the one place that says it.

The report keeps it, and the messages of pytest's output, the summary and later formats
show it, so that they all name the same command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code as SignedCode, Consequence
from pytest_readiness.catalogue.item import Kind
from pytest_readiness.catalogue.requirement import Judged
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.requirement import Judgement
    from pytest_readiness.verdict.settling import Outcome

__all__ = ["Remedy", "remedy", "worst_first"]

_SIGNED_CODES = {str(code): code for code in SignedCode}
_TRUST_INIT = "readiness trust init"
_BY_WEIGHT = (
    Judged.VIOLATED,
    Judged.LOOSENED,
    Judged.UNJUDGED,
    Judged.UNAVAILABLE,
    Judged.MET,
)
_NOT_BY_SIGNING = frozenset({Code.TOO_EARLY, Code.MEMBERS})


@dataclass(frozen=True, slots=True)
class Remedy:
    """Who does what: ``roles`` run ``command``, or somebody follows ``text``.

    ``text`` is what the look itself found out (a GRANT, a table that is missing), else
    the item's ``Fix:``. Empty where nothing is to be done, or nothing is known.
    """

    text: str = ""
    command: str = ""
    roles: tuple[str, ...] = ()


def remedy(item: Item, outcome: Outcome, judgements: Iterable[Judgement]) -> Remedy:
    """Say what satisfies an item."""
    if not outcome.state.blocks or outcome.state is State.NOT_RUN:
        return Remedy()
    distrust = _distrust(outcome)
    if distrust:
        return Remedy(distrust, "", (item.owner,))
    found = (judgement.remedy for judgement in worst_first(judgements))
    text = next((text for text in found if text), item.fix)
    command = _command(item, outcome)
    roles = item.signature.roles if item.signature and command else (item.owner,)
    return Remedy(text, command, roles)


def _distrust(outcome: Outcome) -> str:
    """Say what to do where nothing that is signed can be believed; else ""."""
    code = _SIGNED_CODES.get(outcome.code)
    if code is None or code.consequence is not Consequence.TRUST:
        return ""
    return code.remedy


def worst_first(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Give the judgements that do not hold, those that are known to fail first."""
    open_ = (j for j in judgements if j.judged is not Judged.MET)
    return sorted(open_, key=lambda judgement: _BY_WEIGHT.index(judgement.judged))


def _command(item: Item, outcome: Outcome) -> str:
    """Give the command that supplies the missing signature, where one would help."""
    waits = outcome.state in {State.PENDING, State.UNCONFIGURED}
    if not waits or item.signature is None or outcome.code in _NOT_BY_SIGNING:
        return ""
    signed = _SIGNED_CODES.get(outcome.code)
    if signed is SignedCode.NO_TRUST_FILE:
        return _TRUST_INIT
    if signed is SignedCode.EXPIRED:
        return f"readiness attest {item.id} --renew"
    stands_in = outcome.state is State.UNCONFIGURED and item.kind is not Kind.ATTEST
    return f"readiness attest {item.id}{' --evidence FILE' if stands_in else ''}"
