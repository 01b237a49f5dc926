"""One line of a ledger, judged: believed, left out, or a reason to close the gate.

Step 6 of the verification. The bytes whose signature was verified are the bytes that
are parsed; nothing of the line is read again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeGuard, TypeVar

from pytest_readiness.attest import envelope as dsse, statement, strict_json
from pytest_readiness.attest.codes import Code, Foreign, Malformed, Refused
from pytest_readiness.attest.predicates import Predicate

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.attest.trust_tables import Key, Person

__all__ = ["Doubt", "Judged", "Line", "is_torn", "judge", "says"]

P = TypeVar("P", bound=Predicate)
P_co = TypeVar("P_co", bound=Predicate, covariant=True)

_MERGE_MARKERS = re.compile(rb"(<<<<<<<|\|\|\|\|\|\|\||=======|>>>>>>>)( |\r?$)")


class Doubt(IntEnum):
    """How far a signature may be another's than its owner's, by its key alone."""

    NONE = 0
    OUTSIDE_WINDOW = 1
    """It is dated outside its key's window."""
    COMPROMISED = 2
    """Nothing that the key ever signed counts."""


Preference: TypeAlias = "tuple[int, dt.datetime, str]"


@dataclass(frozen=True, slots=True)
class Line(Generic[P_co]):
    """A statement whose signature is good; what it is worth is judged later."""

    payload: str
    """What the statement is known by: the digest of its payload."""
    subject: str
    """The digest of what it is about."""
    predicate: P_co
    person: Person
    key: Key

    @property
    def issued_at(self) -> dt.datetime:
        """When the signer says to have signed."""
        return self.predicate.issued_at

    @property
    def doubt(self) -> Doubt:
        """Whether its key makes the signature doubtful."""
        return _doubt(self.key, self.issued_at)

    @property
    def preference(self) -> Preference:
        """Which of the signatures on one statement counts: the one with the largest."""
        return _preference(self.key, self.issued_at)


def _doubt(key: Key, issued_at: dt.datetime) -> Doubt:
    if key.compromised:
        return Doubt.COMPROMISED
    return Doubt.NONE if key.valid_at(issued_at) else Doubt.OUTSIDE_WINDOW


def _preference(key: Key, issued_at: dt.datetime) -> Preference:
    """Prefer the least doubtful key, of these the one that is valid longest.

    Somebody may sign one statement with several keys, in one line or in several: the
    order must not matter, and a key that is worth less must take nothing away.
    """
    return -_doubt(key, issued_at), key.not_after, key.key.fingerprint


def says(line: Line[Predicate], kind: type[P]) -> TypeGuard[Line[P]]:
    """Whether a line's statement is of one kind."""
    return isinstance(line.predicate, kind)


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a line: believed, or refused with a code."""

    line: Line[Predicate] | None = None
    refused: Refused | None = None
    payload: str = ""
    """The payload's digest wherever the signature was good, also of foreign ones."""
    trials: int = 0
    """How many verifications it took to find out whose signature it is."""


def judge(data: bytes, trust: Trust) -> Judged:
    """Judge one line, given without its end."""
    payload, trials = "", 0
    try:
        envelope = dsse.Envelope.parse(data)
        trials = dsse.trials(envelope, len(trust.public_keys))
        signed_by = dsse.signers(envelope, trust.public_keys)
        payload = envelope.payload_sha256
        line = _believe(envelope.payload, payload, signed_by, trust)
    except Foreign as refused:
        return Judged(refused=refused, payload=payload, trials=trials)
    except Malformed as refused:
        marker = Malformed("a merge-conflict marker")
        found = marker if _MERGE_MARKERS.match(data) else refused
        return Judged(refused=found, trials=trials)
    except Refused as refused:
        return Judged(refused=refused, trials=trials)
    return Judged(line=line, payload=payload, trials=trials)


def _believe(
    content: bytes, payload: str, signed_by: tuple[str, ...], trust: Trust
) -> Line[Predicate]:
    """Parse the bytes whose signatures are good, and hold the attester against them."""
    parsed = statement.parse(content)
    attester = parsed.predicate.attester
    owners = [trust.by_fingerprint[fingerprint] for fingerprint in signed_by]
    for person, _key in owners:
        if person.id != attester:
            reason = f"signed by {person.id} in the name of {attester or 'nobody'}"
            raise Refused(Code.TAMPERED, reason)
    issued_at = parsed.predicate.issued_at
    person, key = max(owners, key=lambda owner: _preference(owner.key, issued_at))
    return Line(payload, parsed.subject.digest, parsed.predicate, person, key)


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_PIECES = (
    (b'{"payloadType":"%b","payload":"' % dsse.PAYLOAD_TYPE.encode(), _BASE64),
    (b'","signatures":[{"keyid":"', _BASE64 + b":"),
    (b'","sig":"', _BASE64),
)
"""A line as it is written here: what stands there, and what may follow it."""
_END = b'"}]}'


def is_torn(data: bytes) -> bool:
    """Whether the bytes are the beginning of a line as it is written here, cut off.

    That, without an end of line, is what a killed append leaves at the end of a file.
    It is no whole envelope, so there is nothing in it that ever counted (a line of
    which somebody takes the end away is a line deleted, which a snapshot shows).
    Anything else there (a whole line, junk, a line whose end was overwritten) is no
    accident of ours and is judged like every line.
    """
    if len(data) > strict_json.LINE.size:
        return False
    rest = data
    for literal, following in _PIECES:
        if not rest.startswith(literal):
            return literal.startswith(rest)
        rest = rest.removeprefix(literal).lstrip(following)
    return _END.startswith(rest) and rest != _END
