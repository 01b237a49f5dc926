"""A small world in which things are signed: people, keys, a trust file, a ledger.

The same for the tests of the ledger, its properties and its benchmark.
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from pytest_readiness.attest import envelope, ledger
from pytest_readiness.attest.appending import append
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.index import Index
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.ledger import Tally
from pytest_readiness.attest.pins import TrustPins
from pytest_readiness.attest.predicates import (
    ItemAttestation,
    ItemRef,
    PreviousTrust,
    Revocation,
    Revoked,
    Snapshot,
    SnapshotRef,
    TrustApproval,
    Verdict,
    Waiver,
)
from pytest_readiness.attest.signatures import LedgerFiles, Signatures, read_signatures
from pytest_readiness.attest.snapshot import listing
from pytest_readiness.attest.statement import Statement, Subject, new_nonce
from pytest_readiness.attest.terms import Terms
from pytest_readiness.attest.trust_file import read_trust
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.attest.result import ItemSignatures
    from pytest_readiness.attest.trust import Trust

UTC = dt.UTC
NOW = dt.datetime(2026, 10, 15, 12, tzinfo=UTC)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
WORDING = "45a80cf6b62633c9a3d5af408942cb49f32b6af86c50280e41d8d4d797d65382"
OTHER_WORDING = "b3c16a67b31d363a801f1ffb79f0f1f1071250d3bd5435856cb63775dae4b2ad"
TARGET = "9460f4e6de09d983bf7b60eced0b9577d99b5c2a92b2a24088d0f745525a2939"
SOURCE = "sha256:" + "5e" * 32

ITEM = Terms(
    id="database-setup.security",
    digest=WORDING,
    scope=Scope.ENVIRONMENT,
    roles=("dba",),
    max_age=90 * DAY,
)
APPROVAL = Terms(
    id="stakeholder-approval.qa-team-lead",
    digest=WORDING,
    scope=Scope.RELEASE,
    roles=("qa-lead",),
    max_age=14 * DAY,
    core=True,
    approval=True,
)
CONTEXT = Context(
    system="shop",
    environment="production",
    organisation="acme",
    version="2.4.0",
    source=SOURCE,
    authors=frozenset({"dave@example.com"}),
    target_digest=TARGET,
    from_outside=True,
)
PEOPLE: dict[str, tuple[str, ...]] = {
    "alice": ("security-lead", "revoker"),
    "bob": ("dba",),
    "carol": ("business-owner",),
    "dave": ("dev-lead", "dba"),
    "erin": ("ops-lead",),
    "frank": ("qa-lead",),
    "grace": ("executive-sponsor", "project-manager"),
    "heidi": (),
    "ci": ("registrar", "runner"),
}
KEYS: dict[str, PrivateKey] = {}


def key_of(name: str) -> PrivateKey:
    """Give somebody's key; the same in all tests, since it has no meaning."""
    return KEYS.setdefault(name, PrivateKey.generate())


class World:
    """A repository whose trust file can be edited and whose ledger can be written."""

    ITEM, APPROVAL, CONTEXT, TARGET = ITEM, APPROVAL, CONTEXT, TARGET
    OTHER_WORDING = OTHER_WORDING
    NOW, DAY, HOUR = NOW, DAY, HOUR
    key_of = staticmethod(key_of)

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = LedgerFiles.below(root)
        self.context = CONTEXT
        self.now = NOW
        self.table: dict[str, Any] = {
            "format": "pytest-readiness/trust/1",
            "system": "shop",
            "version": 7,
            "issued": NOW - 14 * DAY,
            "expires": NOW + 77 * DAY,
            "root": {"threshold": 2, "people": ["alice", "bob", "grace"]},
            "signer": [self.signer(name, *roles) for name, roles in PEOPLE.items()],
        }
        self.payloads: list[str] = []

    # ---------------------------------------------------------------- the trust file

    @staticmethod
    def signer(name: str, *roles: str, **more: Any) -> dict[str, Any]:
        return {
            "person": name,
            "name": f"{name.capitalize()} Example",
            "title": f"Title of {name}",
            "emails": [f"{name}@example.com"],
            "kind": "machine" if name == "ci" else "human",
            "roles": list(roles),
            "key": [World.key(name)],
            **more,
        }

    @staticmethod
    def key(name: str, **more: Any) -> dict[str, Any]:
        return {
            "key": key_of(name).public.openssh(name),
            "not_before": NOW - 200 * DAY,
            "not_after": NOW + 150 * DAY,
            **more,
        }

    def person(self, name: str) -> dict[str, Any]:
        """Give somebody's table, to be changed."""
        found = (one for one in self.table["signer"] if one["person"] == name)
        return next(found)

    def trust_bytes(self) -> bytes:
        return tomli_w.dumps(self.table).encode()

    def write_trust(self) -> bytes:
        data = self.trust_bytes()
        self.files.trust.parent.mkdir(parents=True, exist_ok=True)
        self.files.trust.write_bytes(data)
        return data

    @property
    def trust(self) -> Trust:
        return read_trust(self.trust_bytes())

    # -------------------------------------------------------------------- statements

    def sign(
        self, predicate: Any, subject: str, by: str = "", name: str = "target.json"
    ) -> bytes:
        """Make a line; ``by`` is whose key signs, by default the attester's."""
        payload = Statement(Subject(name=name, digest=subject), predicate).payload()
        return envelope.sign(payload, key_of(by or predicate.attester))

    def add(self, line: bytes, path: Path | None = None) -> str:
        """Append a line; give its payload's digest."""
        append(path or self.files.attestations, [line])
        payload = envelope.Envelope.parse(line).payload_sha256
        if path is None:
            self.payloads.append(payload)
        return payload

    def attestation(self, person: str, item: Terms = ITEM, **more: Any) -> bytes:
        """Make an attestation by somebody, of now, unless said otherwise."""
        by = more.pop("by", "")
        context = more.pop("context", self.context)
        subject = more.pop("subject", None) or context.subject([item.scope])
        issued = more.pop("issued_at", NOW - HOUR)
        predicate = ItemAttestation(
            **{
                "attester": person,
                "item": ItemRef(
                    id=item.id, digest=more.pop("wording", None) or item.digest
                ),
                "verdict": Verdict.SATISFIED,
                "issued_at": issued,
                "valid_until": issued + 60 * DAY,
                "nonce": new_nonce(),
                **more,
            }
        )
        return self.sign(predicate, subject, by)

    def attest(self, person: str, item: Terms = ITEM, **more: Any) -> str:
        return self.add(self.attestation(person, item, **more))

    def veto(self, person: str, item: Terms = ITEM, **more: Any) -> str:
        return self.attest(person, item, verdict=Verdict.NOT_SATISFIED, **more)

    def drop(self, person: str, item: Terms = ITEM, **more: Any) -> str:
        return self.attest(person, item, verdict=Verdict.NOT_APPLICABLE, **more)

    def waiver(self, person: str, item: Terms = ITEM, **more: Any) -> bytes:
        issued = more.pop("issued_at", NOW - HOUR)
        by = more.pop("by", "")
        subject = more.pop("subject", None) or self.context.subject([Scope.ENVIRONMENT])
        predicate = Waiver(
            **{
                "attester": person,
                "requested_by": "erin",
                "reason": "The restore test needs the new site.",
                "risk": "medium",
                "compensating_controls": ("nightly dump",),
                "issued_at": issued,
                "valid_until": NOW + 10 * DAY,
                "nonce": new_nonce(),
                "item": more.pop("ref", ItemRef(id=item.id, digest=item.digest)),
                **more,
            }
        )
        return self.sign(predicate, subject, by)

    def waive(self, person: str, item: Terms = ITEM, **more: Any) -> str:
        return self.add(self.waiver(person, item, **more))

    def emergency(self, person: str, *items: Terms, **more: Any) -> str:
        issued = more.pop("issued_at", NOW - HOUR)
        return self.waive(
            person,
            **{
                "ref": None,
                "items": {item.id: item.digest for item in items or (ITEM,)},
                "incident": "INC-7",
                "requested_by": person,
                "issued_at": issued,
                "valid_until": issued + DAY,
                **more,
            },
        )

    def revoke(self, person: str, *payloads: str, **more: Any) -> str:
        by = more.pop("by", "")
        predicate = Revocation(
            **{
                "attester": person,
                "revokes": tuple(Revoked(digest=one) for one in payloads),
                "reason": "It was not so.",
                "issued_at": NOW - HOUR / 2,
                **more,
            }
        )
        return self.add(self.sign(predicate, payloads[0], by, "payload"))

    def snapshot(
        self, person: str = "ci", content: bytes | None = None, **more: Any
    ) -> str:
        """Take a snapshot of what was added so far."""
        if content is None:
            content = listing(self.payloads)
        by = more.pop("by", "")
        issued = more.pop("issued_at", NOW - HOUR / 4)
        predicate = Snapshot(
            **{
                "attester": person,
                "version": 5,
                "count": content.count(b"\n"),
                "issued_at": issued,
                "valid_until": issued + 7 * DAY,
                **more,
            }
        )
        self.files.snapshot.parent.mkdir(parents=True, exist_ok=True)
        self.files.snapshot.write_bytes(content)
        subject = hashlib.sha256(content).hexdigest()
        return self.add(self.sign(predicate, subject, by, "snapshot.txt"))

    def seen_snapshot(self, version: int = 5) -> SnapshotRef:
        """Give the anchor of somebody who has seen today's snapshot."""
        content = self.files.snapshot.read_bytes()
        return SnapshotRef.of(hashlib.sha256(content).hexdigest(), version)

    def approval(self, person: str, data: bytes | None = None, **more: Any) -> bytes:
        by = more.pop("by", "")
        digest = hashlib.sha256(data or self.trust_bytes()).hexdigest()
        previous = more.pop("previous", None)
        predicate = TrustApproval(
            **{
                "attester": person,
                "version": self.table["version"],
                "issued_at": NOW - HOUR,
                "previous": previous and PreviousTrust(digest=previous),
                **more,
            }
        )
        return self.sign(predicate, digest, by, "trust.toml")

    def approve(self, *people: str, **more: Any) -> None:
        for person in people:
            self.add(self.approval(person, **more), self.files.approvals)

    # ----------------------------------------------------------------------- reading

    def pins(self, *people: str, **more: Any) -> TrustPins:
        names = people or ("alice", "bob", "grace")
        roots = frozenset(key_of(name).fingerprint for name in names)
        return TrustPins(**{"roots": roots, "threshold": 2, **more})

    def read(self, **more: Any) -> Signatures:
        """Read everything, in small use unless ``pins`` are given."""
        self.write_trust()
        return read_signatures(
            self.files, **{"context": self.context, "now": self.now, **more}
        )

    def read_full(self, **more: Any) -> Signatures:
        """Read everything in full use: approved by two pinned roots."""
        self.approve("alice", "bob")
        return self.read(**{"pins": self.pins(), **more})

    def verify(self, item: Terms = ITEM, **more: Any) -> ItemSignatures:
        """Judge an item in small use."""
        return self.read().verify(item, **more)

    def verify_full(self, item: Terms = ITEM, **more: Any) -> ItemSignatures:
        return self.read_full().verify(item, **more)

    def index(self) -> tuple[Index, Tally]:
        """Read the ledger alone."""
        tally, trust = Tally(), self.trust
        index = Index(trust, self.context, self.now)
        for judged in ledger.read(self.files.attestations, trust, tally):
            index.take(judged)
        return index, tally

    # ------------------------------------------------------------------------- lines

    @staticmethod
    def rewrite(line: bytes, **fields: Any) -> bytes:
        """Change an envelope's fields; ``keyid`` and ``sig`` are its signature's."""
        value = json.loads(line)
        for name, new in fields.items():
            within = value["signatures"][0] if name in {"keyid", "sig"} else value
            within[name] = new
        return json.dumps(value, separators=(",", ":")).encode()

    @staticmethod
    def repack(line: bytes, old: str, new: str) -> bytes:
        """Change the payload's text and keep the signature."""
        payload = base64.b64decode(json.loads(line)["payload"]).decode()
        assert old in payload
        changed = base64.b64encode(payload.replace(old, new).encode()).decode()
        return World.rewrite(line, payload=changed)

    def resign(self, line: bytes, old: str, new: str, by: str) -> bytes:
        """Change the payload's text and sign it, whatever it says then."""
        payload = base64.b64decode(json.loads(line)["payload"]).decode()
        assert old in payload
        changed = payload.replace(old, new).encode()
        return envelope.sign(changed, key_of(by))

    @staticmethod
    def signed_again(line: bytes, *names: str) -> bytes:
        """Have the same payload signed by other keys, in one envelope."""
        payload = base64.b64decode(json.loads(line)["payload"])
        lines = [json.loads(envelope.sign(payload, key_of(name))) for name in names]
        return World.rewrite(line, signatures=[one["signatures"][0] for one in lines])

    @property
    def lines(self) -> list[bytes]:
        return self.files.attestations.read_bytes().splitlines(keepends=True)

    @lines.setter
    def lines(self, lines: list[bytes]) -> None:
        self.files.attestations.write_bytes(b"".join(lines))

    def copy(self, root: Path) -> World:
        """Give another repository with the same people."""
        other = World(root)
        other.table = copy.deepcopy(self.table)
        return other

    def elsewhere(self, **more: Any) -> Context:
        """Give the context of another run."""
        return replace(self.context, **more)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world of its own for each test."""
    return World(tmp_path)
