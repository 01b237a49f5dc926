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
import itertools
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import tomli_w
from measuring import bound, ratio

from pytest_readiness.attest import envelope
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.keys import PrivateKey
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
    from collections.abc import Iterable, Iterator

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
A_RELEASE = 2 * ITEMS
LONG, OLD = 10_000, 100_000


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


def bare(files: LedgerFiles) -> float:
    """Give the CPU time of the signature checks of all lines, and of nothing else."""
    known = {key.fingerprint: key.public for key in KEYS.values()}
    todo = []
    for line in files.attestations.read_bytes().splitlines():
        parsed = envelope.Envelope.parse(line)
        (signature,) = parsed.signatures
        todo.append((known[signature.keyid], signature.sig, parsed.signed_bytes))
    begun = time.process_time()
    good = sum(key.verify(sig, message) for key, sig, message in todo)
    took = time.process_time() - begun
    if good != len(todo):
        raise RuntimeError("a signature does not verify")
    return took


def whole(files: LedgerFiles, *, judge: bool) -> tuple[float, float]:
    """Give the CPU time and the wall time of reading, and judging, a ledger."""
    begun, at = time.process_time(), time.perf_counter()
    found = read_signatures(
        files, context=context(), now=NOW, threads=None if judge else 1
    )
    results = [found.verify(terms(number)).result for number in range(ITEMS * judge)]
    took = time.process_time() - begun, time.perf_counter() - at
    if found.broken or set(results) - {Result.SATISFIED}:
        raise RuntimeError(f"the ledger does not hold: {found.failures}")
    return took


def timed(
    name: str, files: LedgerFiles, rounds: int, limit: float, *, judge: bool
) -> bool:
    """Measure in turns; print the figures; tell whether they are within the limit."""
    pairs, walls = [], []
    for _ in range(rounds):
        cpu, wall = whole(files, judge=judge)
        pairs.append((cpu, bare(files)))
        walls.append(wall)
    worst = bound(pairs)
    print(
        f"{name}: {ratio(pairs):.2f} x the bare checks (at most {worst:.2f} with 95 %"
        f" confidence, allowed {limit:.2f}); wall {min(walls):.3f} s at best"
    )
    return worst <= limit


def peak(root: Path) -> float:
    """Give the memory in MB that a fresh process needs to read a ledger."""
    # Not by os.wait4: what a child inherits at its fork counts there, too.
    command = [sys.executable, __file__, "--read", root]
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(shown) / 1024


def read(root: Path) -> int:
    """Read a ledger and nothing else; print this process's peak in KB."""
    found = read_signatures(LedgerFiles.below(root), context=context(), now=NOW)
    status = Path("/proc/self/status").read_text()
    (peak_line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    print(peak_line.split()[1])
    return found.broken


def measured(root: Path, rounds: int) -> bool:
    """Build the three ledgers and measure them."""
    checklist = prepare(root / "checklist", lines(1))
    good = timed(f"{ITEMS} items x 2", checklist, rounds * 4, MAX_CHECKLIST, judge=True)
    long = itertools.islice(lines(LONG // A_RELEASE + 1), LONG)
    good &= timed(
        f"{LONG:,} lines", prepare(root / "long", long), rounds, MAX_LONG, judge=False
    )
    old = itertools.islice(lines(OLD // A_RELEASE + 1), OLD)
    prepare(root / "old", old)
    prepare(root / "new", itertools.islice(lines(1), 1))
    least, most = peak(root / "new"), peak(root / "old")
    print(
        f"{OLD:,} lines: {most - least:.1f} MB above one line's {least:.1f} MB"
        f" (allowed {MAX_GROWTH:.0f})"
    )
    return good and most - least <= MAX_GROWTH


def main() -> int:
    """Measure; exit with 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.read:
        return read(arguments.read)
    with tempfile.TemporaryDirectory() as folder:
        return not measured(Path(folder), arguments.rounds)


if __name__ == "__main__":
    sys.exit(main())
