"""``readiness trust approve``: a root signs this version of the trust file."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.attest import appending
from pytest_readiness.attest.pins import approvers
from pytest_readiness.attest.predicates import PreviousTrust, TrustApproval
from pytest_readiness.attest.statement import Statement, Subject
from pytest_readiness.attest.trust_file import read_trust
from pytest_readiness.cli import console, signer, unlocking
from pytest_readiness.cli.signer import Draft, Signatory
from pytest_readiness.cli.trust.place import Place
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.trust import Trust

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    signer.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sign, and exit 0; exit 1 where you did not agree."""
    place = Place.of(arguments)
    now = dt.datetime.now(dt.UTC)
    data = place.read()
    trust = read_trust(data, str(place.files.trust))
    old = place.before(data)
    signatory = _root(arguments, trust, old, now)
    statement = Statement(
        Subject(name=place.files.trust.name, digest=trust.digest),
        TrustApproval(
            attester=signatory.person.id,
            version=trust.version,
            issued_at=now,
            previous=None if old is None else PreviousTrust(digest=old.digest),
        ),
    )
    lines = (f"sha256 {trust.digest}", *_people(trust))
    what = f"version {trust.version}, until {trust.expires:%Y-%m-%d}"
    draft = Draft("trust-approval", what, statement.payload(), lines)
    about = trust.system or trust.organisation or ""
    if not signer.agree(signatory, [draft], arguments, about=about):
        return 1
    (signed,) = signer.sign(signatory.signer, [draft])
    appending.append(place.files.approvals, [signed.line])
    _tell(place, trust, now, signed.payload_sha256, as_json=arguments.json)
    return 0


def _root(
    arguments: argparse.Namespace, new: Trust, old: Trust | None, now: dt.datetime
) -> Signatory:
    """Take a root of this version, or of the one before: both must approve a change."""
    known = {**(old.public_keys if old else {}), **new.public_keys}
    key = unlocking.unlock(arguments, known=known)
    for trust in filter(None, (new, old)):
        owner = trust.by_fingerprint.get(key.fingerprint)
        if owner is not None and owner.person.id in trust.root.people:
            return Signatory.with_key(key, trust, now)
    roots = ", ".join(new.root.people)
    what = f"{key.fingerprint} is no root's"
    raise AttestationError("your key", what, f"the roots are {roots}")


def _people(trust: Trust) -> list[str]:
    found: list[str] = []
    for person in trust.people:
        root = ", root" if person.id in trust.root.people else ""
        keys = ", ".join(key.key.fingerprint for key in person.keys) or "no key"
        roles = ", ".join(person.roles) or "no role"
        found.append(f"{person.id}{root}: {roles}; {keys}")
    return found


def _tell(
    place: Place, trust: Trust, now: dt.datetime, payload: str, *, as_json: bool
) -> None:
    found = sorted(set(approvers(trust, place.approvals(trust), now).values()))
    if as_json:
        console.print_json(
            {
                "file": str(place.files.approvals),
                "payload": payload,
                "version": trust.version,
                "approved_by": found,
                "threshold": trust.root.threshold,
            }
        )
        return
    text = (
        f"Version {trust.version} is approved by {', '.join(found) or 'nobody yet'};"
        f" {trust.root.threshold} of its roots are needed. Commit"
        f" {place.files.approvals}."
    )
    console.say(console.wrapped(text))
