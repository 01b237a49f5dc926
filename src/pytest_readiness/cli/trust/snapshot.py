"""``readiness trust snapshot``: a registrar signs which statements there are."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.attest import ledger, snapshot
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.index import Index
from pytest_readiness.attest.ledger import Tally
from pytest_readiness.attest.predicates import Snapshot, SnapshotRef
from pytest_readiness.attest.statement import Statement, Subject
from pytest_readiness.attest.trust_tables import REGISTRAR
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.cli import console, signer
from pytest_readiness.cli.signer import Draft, Signatory
from pytest_readiness.cli.trust.place import Place
from pytest_readiness.errors import AttestationError, ConfigError

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from pytest_readiness.attest.trust import Trust

__all__ = ["configure", "run"]

_MAX_HOURS = 168
_SHOWN = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--hours", type=int, help="how long it is good for (default: as long as it may)"
    )
    parser.add_argument(
        "--without-missing",
        action="store_true",
        help="leave out what the last snapshot lists and is gone, knowingly",
    )
    signer.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sign, and exit 0; exit 1 where you did not agree."""
    place = Place.of(arguments)
    now = dt.datetime.now(dt.UTC)
    trust = place.trust()
    payloads, shelf = _read(place, trust, now)
    path = place.files.snapshot
    last = max(shelf.newest.values(), key=lambda line: line.payload, default=None)
    if last is not None:
        _refuse_losses(path, last.subject, payloads, arguments)
    signatory = Signatory.of(arguments, trust, now)
    role = REGISTRAR if trust.snapshot is None else trust.snapshot.role
    if role not in signatory.roles(trust, now):
        what = f"{signatory.person.id} is no {role}"
        raise AttestationError("your key", what, f"have a {role} take the snapshot")
    content = snapshot.listing(payloads)
    statement = Statement(
        Subject(name=path.name, digest=digest(content)),
        Snapshot(
            attester=signatory.person.id,
            version=shelf.version + 1,
            count=len(payloads),
            issued_at=now,
            valid_until=now + _life(trust, arguments.hours),
            previous=SnapshotRef.of(last.subject, shelf.version) if last else None,
        ),
    )
    predicate = statement.predicate
    what = (
        f"{predicate.count} statements, until {predicate.valid_until:%Y-%m-%d %H:%MZ}"
    )
    draft = Draft(f"snapshot version {predicate.version}", what, statement.payload())
    if not signer.agree(signatory, [draft], arguments):
        return 1
    signed = signer.sign(signatory.signer, [draft])
    try:
        write_atomically(path, content)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror})") from None
    signer.append(place.files, signed)
    if arguments.json:
        console.print_json(
            {
                "version": predicate.version,
                "count": predicate.count,
                "valid_until": predicate.valid_until.isoformat(),
                "file": str(path),
                "payload": signed[0].payload_sha256,
            }
        )
    else:
        text = (
            f"Snapshot version {predicate.version} lists {predicate.count} statements."
            f" Commit {path} and the ledger."
        )
        console.say(console.wrapped(text))
    return 0


def _read(
    place: Place, trust: Trust, now: dt.datetime
) -> tuple[set[str], snapshot.Shelf]:
    """Give all statements with a good signature, and the snapshots among them.

    Raises:
        AttestationError: a line is not to be believed: it would be sealed for good.
    """
    tally = Tally()
    index = Index(trust, Context(system=trust.system or "", environment="-"), now)
    payloads: set[str] = set()
    for path in filter(None, (place.files.attestations, place.files.folder)):
        for judged in ledger.read(path, trust, tally):
            index.take(judged)
            payloads |= {judged.payload} if judged.payload else set()
    if tally.failures:
        failure = tally.failures[0]
        what = f"{failure.code}: {failure.reason}"
        raise AttestationError(failure.where, what, failure.code.remedy)
    return payloads, index.snapshots


def _refuse_losses(
    path: Path, subject: str, payloads: set[str], arguments: argparse.Namespace
) -> None:
    """Refuse to seal a loss: what the last snapshot lists must still be there."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise ConfigError(str(path), f"cannot be read ({error.strerror})") from None
    if digest(content) != subject:
        if arguments.without_missing:
            return
        what = "is not the list that the last snapshot signs, so losses would not show"
        remedy = "restore it, or add --without-missing"
        raise AttestationError(str(path), what, remedy)
    gone = sorted(set(content.decode().split()) - payloads)
    if gone and not arguments.without_missing:
        shown = ", ".join(one[:12] for one in gone[:_SHOWN])
        what = f"lists {len(gone)} statements that are gone: {shown}"
        remedy = "restore them, or leave them out with --without-missing"
        raise AttestationError(str(path), what, remedy)


def _life(trust: Trust, hours: int | None) -> dt.timedelta:
    most = _MAX_HOURS if trust.snapshot is None else trust.snapshot.max_hours
    if hours is not None and not 1 <= hours <= most:
        what = f"{hours} is not from 1 to {most}"
        raise ConfigError("--hours", what, "a snapshot lasts no longer")
    return dt.timedelta(hours=hours or most)
