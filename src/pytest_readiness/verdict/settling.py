"""From a body and a signature to an item's outcome, by the item's kind.

Second step of the verdict, after :mod:`.judging`. The body comes first: nobody signs
away what a probe refutes. What is not decided here: waivers, which cover outcomes
afterwards, and the gate (:mod:`.accounting`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pytest_readiness.attest.result import Result
from pytest_readiness.catalogue.item import Kind
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.judging import Body
from pytest_readiness.verdict.states import SEVERITY, State

if TYPE_CHECKING:
    from pytest_readiness.attest.result import ItemSignatures
    from pytest_readiness.catalogue.item import Item

__all__ = ["NO_TRUST_FILE", "UNSIGNED", "Outcome", "Signature", "Status", "settle"]

Status = Literal["none", "satisfied", "vetoed", "not-applicable"]
"""What the valid signatures on an item come to."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What people signed about one item, already verified.

    ``code`` and ``reason`` say why there is none, or who signed. ``has_evidence``: the
    signature names at least one evidence digest.
    """

    status: Status = "none"
    code: str = Code.MISSING
    reason: str = ""
    has_evidence: bool = False

    @classmethod
    def of(cls, found: ItemSignatures) -> Signature:
        """Take what the ledger's verification says of the item."""
        status = _STATUS.get(found.result, "none")
        code, reason = found.code or "", found.reason
        if found.result is Result.WAIVED:
            # Waivers are applied afterwards: here it counts why nobody's word does.
            told = found.refusals[0] if found.refusals else None
            code = told.code if told else Code.MISSING
            reason = told.reason if told else UNSIGNED.reason
        return cls(status, code, reason, found.has_evidence)


_STATUS: dict[Result, Status] = {
    Result.SATISFIED: "satisfied",
    Result.VETOED: "vetoed",
    Result.NOT_APPLICABLE: "not-applicable",
}

UNSIGNED = Signature(reason="nobody has signed yet")
NO_TRUST_FILE = Signature(code="NO_TRUST_FILE", reason="there is no trust file")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of one item, and what it was before waivers."""

    id: str
    state: State
    raw_state: State
    code: str = ""
    reason: str = ""

    @classmethod
    def plain(cls, id: str, state: State, code: str = "", reason: str = "") -> Outcome:  # noqa: A002  # field's word
        """Give an outcome that no waiver changed."""
        return cls(id, state, state, code, reason)


def settle(
    item: Item,
    body: Body | None,
    signature: Signature,
    *,
    raw: Body | None = None,
    managed: bool = False,
) -> Outcome:
    """Decide one item.

    Args:
        item: the checkbox; its kind says whether body, signature or both decide.
        body: what its body or rollup came to; None where it has none or never ran.
        signature: what people signed about it.
        raw: for rollups, the body over the states before waivers.
        managed: the target says that the resource is a managed service, so that a
            signature may cover the facts it withholds.
    """
    settled = _settled(item, body, signature, managed=managed)
    before = settled if raw is None else _settled(item, raw, signature, managed=managed)
    return Outcome(item.id, settled.state, before.state, settled.code, settled.reason)


def _settled(
    item: Item, body: Body | None, signed: Signature, *, managed: bool
) -> Body:
    if item.kind is Kind.ATTEST:
        # A purely attested item needs no body: one that judged nothing is none.
        if body is None or body.code == Code.NOTHING_JUDGED:
            body = Body(State.VERIFIED)
    elif body is None:
        return Body(State.NOT_RUN, Code.NOT_RECORDED, "its body never came to an end")
    if signed.status == "vetoed":
        veto = Body(State.FAILED, signed.code or Code.REJECTED, signed.reason)
        return body if body.state is State.NOT_RUN else veto
    if signed.status == "not-applicable":
        return _inapplicable(item, body, signed)
    if signed.status == "satisfied":
        return _signed(item, body, signed, managed=managed)
    return _unsigned(item, body, signed)


def _inapplicable(item: Item, body: Body, signed: Signature) -> Body:
    if item.core:
        why = "a core item cannot be declared not applicable"
        return _unsigned(item, body, Signature("none", Code.MISSING, why))
    declared = Body(State.NOT_APPLICABLE, "", signed.reason)
    if item.kind.is_rollup:
        return body if body.state.blocks else declared
    if item.kind is Kind.ATTEST and body.state is not State.FAILED:
        return declared
    match body.state:
        case State.UNCONFIGURED if body.beside is None:
            return declared
        case State.VERIFIED | State.FAILED | State.UNCONFIGURED:
            seen = body.reason or "the probe sees it and it holds"
            why = f"declared not applicable, but there is something to see: {seen}"
            return Body(State.FAILED, Code.CONFLICT, why)
        case _:
            return body


def _signed(item: Item, body: Body, signed: Signature, *, managed: bool) -> Body:
    attested = Body(State.ATTESTED, "", signed.reason)
    match item.kind:
        case Kind.PROBE | Kind.ROLLUP:
            return body
        case Kind.ROLLUP_AND_ATTEST:
            return body if body.state.blocks else attested
        case _ if body.state is State.FAILED:
            return _conflict(body)
        case Kind.ATTEST:
            return attested if body.state is State.VERIFIED else body
        case _:
            closed = _closed(body, signed, attested, managed=managed)
            both = item.kind is Kind.PROBE_AND_ATTEST
            return attested if both and closed.state is State.VERIFIED else closed


def _conflict(body: Body) -> Body:
    # LOOSENED keeps its code: what helps there is a waiver, not another signature.
    if body.code == Code.LOOSENED:
        return body
    reason = f"signed as satisfied, but {body.reason}"
    return replace(body, code=Code.CONFLICT, reason=reason)


def _may_sign(kind: Kind) -> bool:
    return kind is Kind.PROBE_OR_ATTEST or kind.needs_signature


def _closed(body: Body, signed: Signature, attested: Body, *, managed: bool) -> Body:
    """Let a signature with evidence stand in for what the target gives no look at."""
    withheld = managed and body.code == Code.WITHHELD
    if body.state is not State.UNCONFIGURED and not withheld:
        return body
    if not signed.has_evidence:
        why = f"{body.reason}; the signature names no evidence digest"
        return replace(body, code=Code.NEEDS_EVIDENCE, reason=why)
    if body.beside is None:
        return attested
    rest = _closed(body.beside, signed, attested, managed=managed)
    return max(rest, attested, key=lambda part: SEVERITY.index(part.state))


def _unsigned(item: Item, body: Body, signed: Signature) -> Body:
    if item.kind is Kind.ATTEST:
        # Nobody signed, so there is no evidence that its body could have looked at.
        waits = body.state not in {State.FAILED, State.UNKNOWN}
    else:
        waits = item.kind.needs_signature and body.state.satisfies
    if waits:
        return Body(State.PENDING, signed.code, signed.reason)
    if body.state is State.UNCONFIGURED and _may_sign(item.kind):
        # What helps here is a signature, so its code says what is missing.
        code = body.code if body.code == Code.NEEDS_DRILL else signed.code
        return replace(body, code=code)
    return body
