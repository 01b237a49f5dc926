"""Reading a certificate: its lines, their signatures, and whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest import envelope as dsse
from pytest_readiness.attest.certificate import Certificate
from pytest_readiness.attest.codes import Code, Malformed, Refused
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.statement import Statement, parse_as
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.attest.trust_tables import Key, Person

__all__ = ["MAX_LINES", "MAX_SIZE", "Certifier", "Issued", "read_issued", "unverified"]

MAX_SIZE = 1024 * 1024
"""Of a certificate's file, in bytes: sixteen lines of the greatest length."""
MAX_LINES = 64
"""In it; each may be tried with many keys."""


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
    if len(found) > MAX_LINES:
        raise Refused(Code.TOO_LARGE, f"has more than {MAX_LINES} lines", where)
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
