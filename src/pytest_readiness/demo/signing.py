"""The people of the demo: they sign its attestations with keys made at its start.

In full use, as a production system would be: the trust file is approved by two roots
that the run knows beforehand, and a registrar has taken a snapshot of what is signed.
A fault changes the draft before it is signed, or the files afterwards.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import tomli_w

from pytest_readiness.attest import envelope
from pytest_readiness.attest.appending import append
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.pins import TrustPins
from pytest_readiness.attest.predicates import (
    Evidence,
    ItemAttestation,
    ItemRef,
    Predicate,
    Revocation,
    Revoked,
    Saw,
    Snapshot,
    TrustApproval,
    Verdict,
    Waiver,
)
from pytest_readiness.attest.signatures import LedgerFiles
from pytest_readiness.attest.snapshot import listing
from pytest_readiness.attest.statement import Statement, Subject, new_nonce
from pytest_readiness.attest.terms import Terms
from pytest_readiness.catalogue.item import ANOTHER_ROLE, Scope
from pytest_readiness.demo.stamping import Restamp, stamp_artefacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pytest_readiness.attest.context import Context
    from pytest_readiness.catalogue.item import Item

__all__ = ["PEOPLE", "REGISTRAR", "Change", "Draft", "Signed", "record", "sign"]

PEOPLE: Final = {
    "olga": ("Olga Petrov", "Head of Operations", "ops-lead"),
    "deniz": ("Deniz Kaya", "Lead Developer", "dev-lead"),
    "quentin": ("Quentin Roy", "Head of Testing", "qa-lead"),
    "sofia": ("Sofia Marin", "Head of Security", "security-lead"),
    "bao": ("Bao Nguyen", "Database Administrator", "dba"),
    "nils": ("Nils Berg", "Network Administrator", "network-admin"),
    "priya": ("Priya Nair", "Project Manager", "project-manager"),
    "bruno": ("Bruno Costa", "Head of Trading", "business-owner"),
    "carmen": ("Carmen Diaz", "Compliance Officer", "compliance-officer"),
    "elif": ("Elif Aydin", "Chief Operating Officer", "executive-sponsor"),
}
"""Who signs in the demo: name, title and the one role."""

_ROOTS = ("sofia", "elif")
REGISTRAR = "registrar"
"""The machine that takes snapshots and signs runs."""
_HOUR = dt.timedelta(hours=1)
_DAY = dt.timedelta(days=1)
_SUFFICES = dt.timedelta(days=1)
"""How long the demo's signatures live at least: it is over long before."""
_VENDORS = "regulatory-compliance.third-party-compliance"

Change = Callable[["Draft"], None]
"""What a fault does to the draft."""


@dataclass
class Draft:
    """All that is about to be signed; changed by faults, written by :func:`sign`."""

    root: Path
    context: Context
    now: dt.datetime
    keys: dict[str, PrivateKey]
    trust: dict[str, Any]
    statements: dict[str, list[ItemAttestation]] = field(default_factory=dict)
    """By item id."""
    elsewhere: dict[str, Context] = field(default_factory=dict)
    """Items that are signed for something else than what is judged."""
    waivers: list[Waiver] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    """Items whose signers take their word back."""
    authors: frozenset[str] = frozenset()
    afterwards: list[Callable[[LedgerFiles], None]] = field(default_factory=list)
    """What happens to the files when all is signed."""
    terms: dict[str, Terms] = field(default_factory=dict)
    stamps: dict[str, Restamp] = field(default_factory=dict)
    """What happens to the stamps of artefacts, by the file's name."""

    def change(
        self, item: str, change: Callable[[ItemAttestation], ItemAttestation]
    ) -> None:
        """Change what is said of an item."""
        self.statements[item] = list(map(change, self.statements[item]))

    def holder(self, role: str) -> str:
        """Give who has a role."""
        return next(name for name, (*_, own) in PEOPLE.items() if own == role)


@dataclass(frozen=True)
class Signed:
    """What the demo has signed, and what is known of it from outside."""

    files: LedgerFiles
    context: Context
    pins: TrustPins
    keys: dict[str, PrivateKey]


def sign(
    root: Path,
    items: Sequence[Item],
    context: Context,
    now: dt.datetime,
    *,
    vendors: Sequence[str] = (),
    waived: Sequence[str] = (),
    changes: Iterable[Change] = (),
) -> Signed:
    """Make keys, a trust file and a ledger below ``root``, anew.

    Args:
        root: the demo's folder.
        items: those of the suite; each that always needs a signature gets one.
        context: what is judged.
        now: one moment for the whole run.
        vendors: each has shown evidence of its compliance.
        waived: items that the demo cannot satisfy, and may go live without.
        changes: what faults do.
    """
    keys = {name: PrivateKey.generate() for name in (*PEOPLE, REGISTRAR)}
    draft = Draft(root, context, now, keys, _trust(keys, context, now))
    draft.terms = {item.id: Terms.of(item) for item in items}
    for item in items:
        if item.signature is not None and item.signature.always:
            draft.statements[item.id] = list(_attestations(draft, item, vendors))
    for item_id in waived:
        draft.waivers += _waivers(draft, item_id)
    for change in changes:
        change(draft)
    return _write(draft)


def _trust(
    keys: dict[str, PrivateKey], context: Context, now: dt.datetime
) -> dict[str, Any]:
    def signer(person: str, name: str, title: str, *roles: str) -> dict[str, Any]:
        return {
            "person": person,
            "name": name,
            "title": title,
            "emails": [f"{person}@trading.example"],
            "kind": "machine" if person == REGISTRAR else "human",
            "roles": list(roles),
            "key": [
                {
                    "key": keys[person].public.openssh(person),
                    "not_before": now - 2 * _DAY,
                    "not_after": now + 30 * _DAY,
                }
            ],
        }

    return {
        "format": "pytest-readiness/trust/1",
        "system": context.system,
        "version": 1,
        "issued": now - _DAY,
        "expires": now + 60 * _DAY,
        "root": {"threshold": len(_ROOTS), "people": list(_ROOTS)},
        "snapshot": {"role": REGISTRAR, "max_hours": 168},
        "signer": [
            *(signer(person, *about) for person, about in PEOPLE.items()),
            signer(REGISTRAR, "Registrar", "", REGISTRAR, "runner"),
        ],
    }


def _attestations(
    draft: Draft, item: Item, vendors: Sequence[str]
) -> Iterable[ItemAttestation]:
    rule = item.signature
    if rule is None:
        return
    terms = draft.terms[item.id]
    issued = draft.now - _HOUR
    saw = Saw(target=draft.context.target_digest, open=()) if terms.approval else None
    names = [item.id, *(vendors if item.id == _VENDORS else ())]
    evidence = tuple(_record(draft, item, name) for name in names)
    for role in rule.roles:
        yield ItemAttestation(
            attester=draft.holder("ops-lead" if role == ANOTHER_ROLE else role),
            item=ItemRef(id=item.id, digest=terms.digest),
            verdict=Verdict.SATISFIED,
            issued_at=issued,
            valid_until=issued + max(rule.max_age, _SUFFICES),
            nonce=new_nonce(),
            justification="Made for the demo, looked at by nobody.",
            evidence=None if terms.approval else evidence,
            claims={"ends": (draft.now + 200 * _DAY).date().isoformat()},
            saw=saw,
        )


def _record(draft: Draft, item: Item, name: str) -> Evidence:
    return record(draft, item.id, name, by=item.owner)


def record(
    draft: Draft,
    item_id: str,
    name: str,
    *,
    by: str = "ops-lead",
    ended: dt.date | None = None,
    result: str = "passed",
) -> Evidence:
    """Write a record of what was done, as evidence; today where nothing is said."""
    path = draft.root / ".readiness" / "evidence" / f"{name}.md"
    day = ended or (draft.now - _HOUR).date()
    text = (
        f"---\ndate: {day}\nby: {by}\n"
        f"scope: {draft.context.environment}\n"
        f"start: {day}\nend: {day}\nresult: {result}\n---\n\n"
        f"# {name}\n\nA record of the demo, for {item_id}.\n"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Evidence(name=path.relative_to(draft.root).as_posix(), digest=digest)


def _waivers(draft: Draft, item_id: str) -> Iterable[Waiver]:
    terms, issued = draft.terms[item_id], draft.now - _HOUR
    asked = draft.holder("project-manager")
    for person in dict.fromkeys(map(draft.holder, (*terms.roles, "business-owner"))):
        yield Waiver(
            attester=person,
            requested_by=asked,
            reason="The demo runs on the machine that there is.",
            risk="low",
            compensating_controls=("it holds no customer's data",),
            issued_at=issued,
            valid_until=issued + 14 * _DAY,
            nonce=new_nonce(),
            item=ItemRef(id=item_id, digest=terms.digest),
        )


def _write(draft: Draft) -> Signed:
    files = LedgerFiles.below(draft.root)
    for path in (files.trust, files.approvals, files.attestations, files.snapshot):
        path.unlink(missing_ok=True)
    files.trust.parent.mkdir(parents=True, exist_ok=True)
    trust = tomli_w.dumps(draft.trust).encode()
    files.trust.write_bytes(trust)
    lines = [_line(draft, *statement) for statement in _statements(draft)]
    payloads = [envelope.Envelope.parse(line).payload_sha256 for line in lines]
    content = listing(payloads)
    files.snapshot.write_bytes(content)
    taken = Snapshot(
        attester=REGISTRAR,
        version=1,
        count=len(set(payloads)),
        issued_at=draft.now,
        valid_until=draft.now + _DAY,
    )
    snapshot = _line(
        draft, taken, hashlib.sha256(content).hexdigest(), files.snapshot.name
    )
    append(files.attestations, [*lines, snapshot])
    stamp_artefacts(
        draft.root,
        draft.context,
        draft.now,
        runner=REGISTRAR,
        key=draft.keys[REGISTRAR],
        changes=draft.stamps,
    )
    digest = hashlib.sha256(trust).hexdigest()
    approved = [
        TrustApproval(attester=root, version=1, issued_at=draft.now - _HOUR)
        for root in _ROOTS
    ]
    append(
        files.approvals, [_line(draft, one, digest, "trust.toml") for one in approved]
    )
    for happen in draft.afterwards:
        happen(files)
    return Signed(
        files,
        replace(draft.context, authors=draft.authors, from_outside=True),
        TrustPins(
            roots=frozenset(draft.keys[root].fingerprint for root in _ROOTS),
            threshold=len(_ROOTS),
        ),
        draft.keys,
    )


def _statements(draft: Draft) -> Iterable[tuple[Predicate, str, str]]:
    """Give what is said, the digest of what it is about, and that thing's name."""
    for item_id, statements in draft.statements.items():
        context = draft.elsewhere.get(item_id, draft.context)
        subject = context.subject([draft.terms[item_id].scope])
        for statement in statements:
            yield statement, subject, "readiness-target.json"
            if item_id in draft.revoked:
                payload = _payload(statement, subject, "readiness-target.json")
                digest = hashlib.sha256(payload).hexdigest()
                revocation = Revocation(
                    attester=statement.attester,
                    revokes=(Revoked(digest=digest, name=item_id),),
                    reason="It was not so.",
                    issued_at=draft.now - _HOUR / 2,
                )
                yield revocation, digest, "payload"
    environment = draft.context.subject([Scope.ENVIRONMENT])
    for waiver in draft.waivers:
        yield waiver, environment, "readiness-target.json"


def _payload(predicate: Predicate, subject: str, name: str) -> bytes:
    return Statement(Subject(name=name, digest=subject), predicate).payload()


def _line(draft: Draft, predicate: Predicate, subject: str, name: str) -> bytes:
    key = draft.keys[str(predicate.attester)]
    return envelope.sign(_payload(predicate, subject, name), key)
