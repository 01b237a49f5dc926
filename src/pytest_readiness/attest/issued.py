"""Reading and checking a certificate: by whom, for what, over what, until when.

The deploy side's half (section 4 of the format): the verifier says which target it is
about to deploy to and which items the gate has; nothing of that is believed from the
certificate.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.attest import envelope as dsse
from pytest_readiness.attest.certificate import Certificate, Outcome
from pytest_readiness.attest.codes import Code, Malformed, Refused
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.persons import seat
from pytest_readiness.attest.statement import Statement, parse_as
from pytest_readiness.attest.terms import counted, places
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from pytest_readiness.attest.signatures import Signatures
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.attest.trust_tables import Key, Person

__all__ = [
    "DEFAULT_ROLE",
    "MAX_SIZE",
    "Certifier",
    "Expected",
    "Issued",
    "check_issued",
    "check_standing",
    "longest",
    "needed_roles",
    "read_issued",
    "unverified",
]

DEFAULT_ROLE = "executive-sponsor"
"""Who certifies where the checklist has no row for it."""
MAX_SIZE = 1024 * 1024
"""Of a certificate's file, in bytes: sixteen lines of the greatest length."""
_MAX_HOURS = 72
"""How long a certificate lasts where the trust file has no ``[certificate]``."""


@dataclass(frozen=True, slots=True)
class Certifier:
    """Somebody who has signed a certificate."""

    person: Person
    key: Key
    roles: frozenset[str]
    """At the time of the certificate."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate whose signatures are good; what they are worth is asked later."""

    payload: bytes
    statement: Statement[Certificate]
    certifiers: tuple[Certifier, ...]

    @property
    def certificate(self) -> Certificate:
        """What it says."""
        return self.statement.predicate

    @property
    def digest(self) -> str:
        """What it is known by."""
        return digest(self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the verifier knows itself."""

    subject: str
    """Digest of the release in its environment."""
    gate: str
    items: frozenset[str]
    """The ids that the gate asks, by the suite's lock."""
    roles: tuple[str, ...]
    """Who must have signed, one place each."""
    digests: Mapping[str, str] = field(default_factory=dict[str, str])
    """The digests of the files that are at hand, by their name in the certificate."""


def longest(trust: Trust) -> dt.timedelta:
    """Give how long a certificate may last."""
    policy = trust.certificate
    return dt.timedelta(hours=_MAX_HOURS if policy is None else policy.max_hours)


def needed_roles(trust: Trust, own: Counter[str]) -> tuple[str, ...]:
    """Give whose signatures a certificate needs, one place each.

    Args:
        trust: Its ``[certificate]`` only adds.
        own: The roles of the checklist's certifying row.
    """
    extra = trust.certificate.need if trust.certificate else ()
    return places(own, counted(extra))


def unverified(data: bytes, where: str = "certificate") -> Issued:
    """Read a certificate whose signatures nobody has checked yet.

    For what can only tighten (lowest versions), and for showing it; never for a gate.

    Raises:
        Refused: MALFORMED, TOO_LARGE.
    """
    envelopes = _envelopes(data, where)
    return Issued(envelopes[0].payload, _parse(envelopes[0].payload, where), ())


def read_issued(data: bytes, trust: Trust, where: str = "certificate") -> Issued:
    """Read a certificate and verify its signatures, each line's.

    Lines by keys that the trust file does not know are left out.

    Raises:
        Refused: MALFORMED, TOO_LARGE; TAMPERED, a known key's signature does not fit;
            UNTRUSTED_KEY, no known key has signed.
    """
    keys: dict[str, None] = {}
    unknown: Refused | None = None
    envelopes = _envelopes(data, where)
    for envelope in envelopes:
        try:
            keys |= dict.fromkeys(dsse.signers(envelope, trust.public_keys))
        except Refused as refused:
            if refused.code is not Code.UNTRUSTED_KEY:
                raise Refused(refused.code, refused.reason, where) from None
            unknown = refused
    if not keys:
        reason = unknown.reason if unknown else "nobody has signed it"
        raise Refused(Code.UNTRUSTED_KEY, reason, where)
    payload = envelopes[0].payload
    statement = _parse(payload, where)
    at = statement.predicate.issued_at
    owners = [trust.by_fingerprint[key] for key in keys]
    certifiers = [
        Certifier(person, key, frozenset(trust.roles_of(person.id, at)))
        for person, key in owners
    ]
    return Issued(payload, statement, tuple(certifiers))


def _envelopes(data: bytes, where: str) -> list[dsse.Envelope]:
    if len(data) > MAX_SIZE:
        raise Refused(Code.TOO_LARGE, f"is larger than {MAX_SIZE} bytes", where)
    found: list[dsse.Envelope] = []
    for number, line in enumerate(data.splitlines(), start=1):
        if not line:
            continue
        try:
            found.append(dsse.Envelope.parse(line))
        except Refused as refused:
            place = f"{where}, line {number}"
            raise Malformed(refused.reason, place) from None
    if not found:
        raise Malformed("holds no line", where)
    if any(envelope.payload != found[0].payload for envelope in found):
        raise Malformed("its lines are over different payloads", where)
    return found


def _parse(payload: bytes, where: str) -> Statement[Certificate]:
    try:
        statement = parse_as(payload, Certificate)
        _check_words(statement)
    except Malformed as error:
        inside = f"{error.where} {error.reason}" if error.where else error.reason
        raise Malformed(inside, where) from None
    return statement


def _check_words(statement: Statement[Certificate]) -> None:
    """Hold what people read against the digest that decides."""
    certificate, judged = statement.predicate, statement.predicate.judged
    if statement.subject.digest != certificate.subject:
        raise Malformed("is not the subject", "configuration.0.digest")
    said = Context(
        system=judged.system,
        environment=judged.environment,
        version=judged.release,
        source=judged.source or "",
    )
    try:
        subject = said.subject([Scope.RELEASE])
    except Refused as refused:
        raise Malformed(refused.reason, "configuration.0.annotations") from None
    if subject != certificate.subject:
        reason = "tell of another target than the digest"
        raise Malformed(reason, "configuration.0.annotations")


def check_issued(issued: Issued, expected: Expected, found: Signatures) -> None:
    """Hold a certificate against what the verifier knows.

    Args:
        issued: The certificate.
        expected: The verifier's own words.
        found: The trust file, and the ledger where it is at hand.

    Raises:
        Refused: the first that applies of WRONG_TARGET, TRUST_UNPINNED, REVOKED,
            FUTURE, KEY_NOT_VALID, ROLE_NOT_ALLOWED, BELOW_THRESHOLD, ITEMS_MISSING,
            MALFORMED (its result contradicts its lists), ARTIFACT_CHANGED, EXPIRED.
    """
    trust = found.trust
    if trust is None:
        raise Refused(Code.NO_TRUST_FILE, Code.NO_TRUST_FILE.meaning)
    check_standing(issued, expected, found)
    _check_signers(issued, expected, found.now)
    _check_items(issued.certificate, expected)
    _check_files(issued.certificate, {**expected.digests, "trust.toml": trust.digest})
    end = min(
        issued.certificate.judged.valid_until,
        issued.certificate.issued_at + longest(trust),
        trust.expires,
    )
    if found.now >= end:
        raise Refused(Code.EXPIRED, f"the certificate ended {day(end)}")


def check_standing(issued: Issued, expected: Expected, found: Signatures) -> None:
    """Hold everything but signers, items, files and age against the verifier's words.

    Raises:
        Refused: the first of WRONG_TARGET, TRUST_UNPINNED, REVOKED, FUTURE.
    """
    judged = issued.certificate.judged
    if issued.certificate.subject != expected.subject:
        reason = (
            f"certifies {judged.system} {judged.release} in {judged.environment},"
            " which is not what is asked for here"
        )
        raise Refused(Code.WRONG_TARGET, reason)
    if judged.unpinned and found.pins.pinned:
        reason = "was certified without pinned roots, which are pinned here"
        raise Refused(Code.TRUST_UNPINNED, reason)
    trust, index = found.trust, found.index
    if trust is not None and issued.digest in trust.revoked_payloads:
        raise Refused(Code.REVOKED, "the trust file revokes the certificate")
    signers = [one.person.id for one in issued.certifiers]
    if index is not None and any(
        index.is_revoked(issued.digest, signer, veto=False) for signer in signers
    ):
        raise Refused(Code.REVOKED, "the certificate has been revoked")
    skew = dt.timedelta(0) if trust is None else trust.skew
    if issued.certificate.issued_at - found.now > skew:
        reason = f"the certificate is dated {day(issued.certificate.issued_at)}"
        raise Refused(Code.FUTURE, reason)


def _check_signers(issued: Issued, expected: Expected, now: dt.datetime) -> None:
    """Fill the places with persons; one whose signature does not count fills none."""
    doubts = [_doubt(one, issued, now, expected.roles) for one in issued.certifiers]
    standing = [
        certifier
        for certifier, doubt in zip(issued.certifiers, doubts, strict=True)
        if doubt is None
    ]
    roles: dict[str, frozenset[str]] = {}
    for one in standing:
        roles[one.person.id] = roles.get(one.person.id, frozenset()) | one.roles
    eligible = [
        [person for person, own in roles.items() if role in own]
        for role in expected.roles
    ]
    seating = seat(eligible)
    if seating.complete:
        return
    refused = next((doubt for doubt in doubts if doubt is not None), None)
    if refused is not None and not standing:
        raise refused
    missing = ", ".join(expected.roles[place] for place in seating.empty)
    by = ", ".join(sorted(roles)) or "nobody"
    reason = f"signed by {by}, but still missing: {missing}"
    raise Refused(Code.BELOW_THRESHOLD, reason)


def _doubt(
    one: Certifier, issued: Issued, now: dt.datetime, roles: tuple[str, ...]
) -> Refused | None:
    """Say why somebody's signature does not count, if so."""
    who = f"the signature of {one.person.id}"
    if one.key.compromised:
        return Refused(Code.KEY_NOT_VALID, f"{who} is by a compromised key")
    if not one.person.human:
        return Refused(Code.ROLE_NOT_ALLOWED, f"{who} is a machine's")
    for moment in (issued.certificate.issued_at, now):
        if not one.key.valid_at(moment):
            window = f"{day(one.key.not_before)} to {day(one.key.not_after)}"
            reason = f"{who} is by a key that is valid from {window} only"
            return Refused(Code.KEY_NOT_VALID, reason)
    if one.roles.isdisjoint(roles):
        needed = ", ".join(dict.fromkeys(roles))
        return Refused(Code.ROLE_NOT_ALLOWED, f"{who} is not by one of {needed}")
    return None


def _check_items(certificate: Certificate, expected: Expected) -> None:
    """Demand each item of the gate, once, and a result that says the same."""
    gate = certificate.judged.gate
    if gate != expected.gate:
        reason = f"is about the gate {gate}, not {expected.gate}"
        raise Refused(Code.ITEMS_MISSING, reason)
    lists = (
        *certificate.passed_tests,
        *certificate.warned_tests,
        *certificate.failed_tests,
    )
    listed = frozenset(lists)
    if len(listed) != len(lists):
        raise Refused(Code.ITEMS_MISSING, "lists an item twice")
    for ids, what in (
        (expected.items - listed, "does not list"),
        (listed - expected.items, "lists what the gate does not ask:"),
    ):
        if ids:
            more = f" and {len(ids) - 1} more" if len(ids) > 1 else ""
            raise Refused(Code.ITEMS_MISSING, f"{what} {min(ids)}{more}")
    result = Outcome.WARNED if certificate.warned_tests else Outcome.PASSED
    if certificate.failed_tests or certificate.result is not result:
        reason = f"its result {certificate.result} does not certify its lists"
        raise Malformed(reason)


def _check_files(certificate: Certificate, digests: Mapping[str, str]) -> None:
    """Compare the files at hand; one that the certificate does not know is none."""
    for name, found in digests.items():
        named = certificate.digests.get(name)
        if named != found:
            was = f"sha256 {named}" if named else "no such file"
            reason = f"has sha256 {found}, the certificate names {was}"
            raise Refused(Code.ARTIFACT_CHANGED, reason, name)
