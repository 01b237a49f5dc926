"""Lies about who signed what: each is found out, by its code."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_readiness.attest.predicates import Verdict
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.attest.signatures import LedgerFiles
    from pytest_readiness.demo.signing import Draft

__all__ = ["FAULTS"]

ACCEPTANCE = "testing-validation.user-acceptance-tests"
REVIEW = "pre-deployment.configuration-review"
RISK = "risk-management.operational-risk"
_DAY = dt.timedelta(days=1)


def _changes(change: Callable[[Draft], None]) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        breakage.drafts.append(change)

    return apply


def _forge(files: LedgerFiles) -> None:
    """Say of one item more than its signer did, and keep the signature."""
    lines = files.attestations.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines):
        envelope = json.loads(line)
        payload = base64.b64decode(envelope["payload"])
        if RISK.encode() in payload:
            lie = payload.replace(b"looked at by nobody", b"looked at by all of us")
            envelope["payload"] = base64.b64encode(lie).decode()
            lines[number] = json.dumps(envelope).encode() + b"\n"
    files.attestations.write_bytes(b"".join(lines))


def _edit_trust(files: LedgerFiles) -> None:
    """Give the project manager one more role; nobody approves it."""
    text = files.trust.read_text("utf-8")
    role = '"project-manager",\n'
    files.trust.write_text(text.replace(role, f'{role}    "compliance-officer",\n'))


def _delete(files: LedgerFiles) -> None:
    """Take a signed line away, as somebody would with a veto."""
    lines = files.attestations.read_bytes().splitlines(keepends=True)
    files.attestations.write_bytes(b"".join(lines[1:]))


def _expire(draft: Draft) -> None:
    long_ago = draft.now - 200 * _DAY
    end = draft.now + _DAY
    draft.change(RISK, lambda one: replace(one, issued_at=long_ago, valid_until=end))
    for signer in draft.trust["signer"]:
        signer["key"][0]["not_before"] = long_ago - _DAY


def _elsewhere(draft: Draft) -> None:
    draft.elsewhere[ACCEPTANCE] = replace(draft.context, environment="staging")


def _reword(draft: Draft) -> None:
    draft.change(
        RISK, lambda one: replace(one, item=replace(one.item, digest="0" * 64))
    )


def _approve_own_change(draft: Draft) -> None:
    draft.authors = frozenset({"sofia@trading.example"})
    draft.trust["rule"] = [{"items": [REVIEW], "not_by": ["authors"]}]


def _revoke(draft: Draft) -> None:
    draft.revoked.add(RISK)


def _veto(draft: Draft) -> None:
    no = Verdict.NOT_SATISFIED
    draft.change(ACCEPTANCE, lambda one: replace(one, verdict=no))


def _afterwards(happen: Callable[[LedgerFiles], None]) -> Callable[[Draft], None]:
    return lambda draft: draft.afterwards.append(happen)


def _fault(
    name: str,
    summary: str,
    change: Callable[[Draft], None],
    *,
    item: str = "",
    state: State = State.PENDING,
) -> Fault:
    return Fault(
        name=name,
        summary=summary,
        turns={item: state} if item else {},
        turns_signed=None if item else state,
        touches=frozenset(),
        apply=_changes(change),
    )


FAULTS = (
    _fault(
        "signature-forged",
        "a signed line says more than its signer did (TAMPERED)",
        _afterwards(_forge),
    ),
    _fault(
        "signature-deleted",
        "a signed line is gone from the ledger (SNAPSHOT_MISMATCH)",
        _afterwards(_delete),
    ),
    _fault(
        "trust-edited",
        "somebody got one more role, and no root approved it (TRUST_THRESHOLD)",
        _afterwards(_edit_trust),
    ),
    _fault(
        "signature-expired",
        "an item was signed 200 days ago (EXPIRED)",
        _expire,
        item=RISK,
    ),
    _fault(
        "signature-elsewhere",
        "an item was signed for staging (WRONG_TARGET)",
        _elsewhere,
        item=ACCEPTANCE,
    ),
    _fault(
        "item-reworded",
        "an item's wording changed after it was signed (ITEM_CHANGED)",
        _reword,
        item=RISK,
    ),
    _fault(
        "self-approved",
        "an author of the change reviewed it (SELF_APPROVAL)",
        _approve_own_change,
        item=REVIEW,
    ),
    _fault(
        "signature-revoked",
        "a signer took her word back (REVOKED)",
        _revoke,
        item=RISK,
    ),
    _fault(
        "vetoed",
        "a signer says that an item is not satisfied (REJECTED)",
        _veto,
        item=ACCEPTANCE,
        state=State.FAILED,
    ),
)
