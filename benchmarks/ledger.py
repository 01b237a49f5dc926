"""Verifying a ledger: how far above the bare signature checks, and in what memory?

Three ledgers are signed with throw-away keys. *Checklist*: 196 items with two signers
each and a snapshot, read and judged item by item. *Long*: 10,000 lines, one thread.
*Old*: 100,000 lines of 255 releases. Each time stands against the bare checks of the
same signatures, in the same process and in turns; memory is what a fresh process needs
for the ledger above what it needs for a single line.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w
from measuring import bound, ratio

from pytest_readiness.attest import envelope, ledger
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.index import Index
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.ledger import Tally
from pytest_readiness.attest.predicates import (
    ItemAttestation,
    ItemRef,
    Snapshot,
    Verdict,
)
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.signatures import LedgerFiles, read_signatures
from pytest_readiness.attest.snapshot import listing
from pytest_readiness.attest.statement import Statement, Subject, new_nonce
from pytest_readiness.attest.terms import Terms
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NOW = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ITEMS = 196
MAX_CHECKLIST = 2.5
"""Reading and judging the checklist over its bare signature checks."""
MAX_LONG = 1 / 0.6
"""The same for a long ledger on one thread: 60 % of the bare rate."""
MAX_GROWTH = 40.0
"""MB."""
PEOPLE = {"ann": "dba", "ben": "ops-lead", "ci": "registrar"}
KEYS = {person: PrivateKey.generate() for person in PEOPLE}
READ = "import benchmark_ledger"


def context(release: int = 0) -> Context:
    """Give the context of one release."""
    source = f"sha256:{release:064x}"
    return Context(
        system="shop",
        environment="production",
        version=str(release),
        source=source,
        authors=frozenset(),
    )


def terms(number: int) -> Terms:
    """Give one of the checklist's items."""
    name = f"section-{number // 10}.item-{number}"
    roles = ("dba", "ops-lead")
    return Terms(
        id=name,
        digest=digest(name.encode()),
        scope=Scope.RELEASE,
        roles=roles,
        max_age=14 * DAY,
    )


def sign(predicate: ItemAttestation | Snapshot, subject: str) -> bytes:
    """Make a line."""
    payload = Statement(Subject(name="target.json", digest=subject), predicate)
    return envelope.sign(payload.payload(), KEYS[predicate.attester]) + b"\n"


def lines(releases: int) -> Iterator[bytes]:
    """Sign all items for so many releases, by two persons each."""
    for release in range(releases):
        subject = context(release).subject([Scope.RELEASE])
        for number in range(ITEMS):
            item = terms(number)
            for person in ("ann", "ben"):
                yield sign(
                    ItemAttestation(
                        attester=person,
                        item=ItemRef(id=item.id, digest=item.digest),
                        verdict=Verdict.SATISFIED,
                        issued_at=NOW - DAY,
                        valid_until=NOW + 10 * DAY,
                        nonce=new_nonce(),
                        justification="Looked at it with the team, all as it should.",
                    ),
                    subject,
                )


def prepare(root: Path, content: Iterable[bytes]) -> LedgerFiles:
    """Write trust file, ledger and snapshot."""
    files = LedgerFiles.below(root)
    files.trust.parent.mkdir(parents=True)
    files.trust.write_text(tomli_w.dumps(trust()))
    payloads = []
    with files.attestations.open("wb") as stream:
        for line in content:
            stream.write(line)
            payloads.append(envelope.Envelope.parse(line).payload_sha256)
        listed = listing(payloads)
        files.snapshot.write_bytes(listed)
        newest = Snapshot(
            attester="ci",
            version=1,
            count=len(payloads),
            issued_at=NOW - DAY / 24,
            valid_until=NOW + DAY,
        )
        stream.write(sign(newest, digest(listed)))
    return files


def trust() -> dict[str, object]:
    """Give a trust file of two persons and a machine."""
    return {
        "format": "pytest-readiness/trust/1",
        "system": "shop",
        "version": 1,
        "issued": NOW - 30 * DAY,
        "expires": NOW + 300 * DAY,
        "root": {"threshold": 1, "people": ["ann"]},
        "snapshot": {},
        "signer": [
            {
                "person": person,
                "name": person.capitalize(),
                "kind": "machine" if person == "ci" else "human",
                "roles": [role],
                "key": [
                    {
                        "key": KEYS[person].public.openssh(),
                        "not_before": NOW - 30 * DAY,
                        "not_after": NOW + 300 * DAY,
                    }
                ],
            }
            for person, role in PEOPLE.items()
        ],
    }
