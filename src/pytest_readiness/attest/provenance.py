"""Whose release an artefact is: a stamp beside it, written in the job that made it.

``FILE.provenance.json`` names the file's digest and the release. With a runner's key it
is a signed envelope; without one the bare statement, which counts where the trust file
knows no runner: who has a runner must have it sign, also once its key has ended.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.attest import envelope as dsse, line, strict_json
from pytest_readiness.attest.codes import Code, Foreign, Malformed, Refused
from pytest_readiness.attest.line import Line, says
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.predicates import Provenance, ReleaseRef
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.attest.result import Refusal
from pytest_readiness.attest.statement import Statement, Subject, parse_as
from pytest_readiness.attest.trust_tables import RUNNER

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.attest.trust import Trust

__all__ = ["SUFFIX", "Origin", "origin", "sha256_of", "stamp_of", "stamp_path"]

SUFFIX = ".provenance.json"
_CHUNK = 1024 * 1024
_SKEW = dt.timedelta(minutes=5)
"""Where no trust file says how far clocks may be apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an artefact comes from."""

    release: ReleaseRef
    stamped_at: dt.datetime
    runner: str
    """Whose key signed; empty: nobody's, it is the job's own word."""
    data: str
    url: str

    def is_of(self, source: str | None, version: str) -> bool:
        """Whether it belongs to a release: the source decides, where there is one."""
        if source:
            return self.release.source == source.removeprefix("sha256:")
        return self.release.source is None and self.release.version == version


def stamp_path(artefact: Path) -> Path:
    """Give where an artefact's stamp is."""
    return artefact.with_name(f"{artefact.name}{SUFFIX}")


def sha256_of(path: Path) -> str:
    """Hash a file of any size.

    Raises:
        OSError: it cannot be read.
    """
    hasher = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def stamp_of(artefact: Path, predicate: Provenance) -> bytes:
    """Give the payload that says where an artefact comes from.

    Raises:
        OSError: the artefact cannot be read.
    """
    subject = Subject(name=artefact.name, digest=sha256_of(artefact))
    return Statement(subject, predicate).payload()


def origin(artefact: Path, trust: Trust | None, now: dt.datetime) -> Origin | Refusal:
    """Say whose release an artefact is, or why nobody can say so.

    Args:
        artefact: The file; its stamp stands beside it.
        trust: Whose runner must have signed, where it knows one.
        now: When.

    Returns:
        A refusal with the code MISSING (there is no stamp: run ``readiness stamp`` in
        the job that makes the file), ARTIFACT_CHANGED, UNTRUSTED_KEY, TAMPERED,
        MALFORMED, TOO_LARGE, REVOKED, ROLE_NOT_ALLOWED, KEY_NOT_VALID or FUTURE.
    """
    path = stamp_path(artefact)
    try:
        with open_regular(path, strict_json.LINE.size + 2) as stream:
            data = stream.read().rstrip(b"\r\n")
        stamp = _read(data, trust, now)
        if artefact.exists() and not artefact.is_file():
            raise Malformed("is the stamp of no regular file")
        found = sha256_of(artefact)
    except FileNotFoundError:
        what = "has no stamp to say whose release it is"
        reason = f"{artefact.name} {what if artefact.is_file() else 'is not there'}"
        return Refusal(Code.MISSING, reason)
    except OSError as error:
        return Refusal(Code.MISSING, f"{path.name} cannot be read ({error.strerror})")
    except Refused as refused:
        return Refusal(refused.code, f"{path.name}: {refused.reason}")
    predicate = stamp.predicate
    if stamp.subject != found:
        reason = f"{artefact.name} is not the file that was stamped"
        return Refusal(Code.ARTIFACT_CHANGED, reason)
    if predicate.issued_at - now > (_SKEW if trust is None else trust.skew):
        reason = f"{path.name} is dated {day(predicate.issued_at)}"
        return Refusal(Code.FUTURE, reason)
    return Origin(
        release=predicate.release,
        stamped_at=predicate.issued_at,
        runner=stamp.runner,
        data=predicate.data or "",
        url=predicate.url or "",
    )


class _Stamp(NamedTuple):
    """What a stamp says, once its signature is good or none is needed."""

    subject: str
    predicate: Provenance
    runner: str = ""


def _read(data: bytes, trust: Trust | None, now: dt.datetime) -> _Stamp:
    fields = strict_json.parse(data, limits=strict_json.LINE)
    if "payloadType" in fields:
        return _signed(data, trust, now)
    if trust is not None and _has_runner(trust):
        reason = "is not signed, though the trust file has a runner"
        raise Refused(Code.UNTRUSTED_KEY, reason)
    return _plain(data)


def _plain(payload: bytes) -> _Stamp:
    statement = parse_as(payload, Provenance)
    return _Stamp(statement.subject.digest, statement.predicate)


def _signed(data: bytes, trust: Trust | None, now: dt.datetime) -> _Stamp:
    if trust is None:  # nobody says whose key it is: worth what an unsigned one is
        try:
            return _plain(dsse.Envelope.parse(data).payload)
        except Foreign as refused:
            raise Malformed(refused.reason) from None
    judged = line.judge(data, trust)
    if judged.refused is not None and judged.refused.code is not Code.FOREIGN:
        raise judged.refused
    found = judged.line
    if found is None or not says(found, Provenance):
        raise Malformed("is no statement of provenance")
    _check_runner(found, trust, now)
    return _Stamp(found.subject, found.predicate, found.person.id)


def _has_runner(trust: Trust) -> bool:
    return any(RUNNER in person.roles for person in trust.people)


def _check_runner(found: Line[Provenance], trust: Trust, now: dt.datetime) -> None:
    """Demand the role; the key must have been valid then, and not be compromised."""
    who = found.person.id
    if found.payload in trust.revoked_payloads:
        raise Refused(Code.REVOKED, "the trust file revokes it")
    if RUNNER not in trust.roles_of(who, found.issued_at):
        raise Refused(Code.ROLE_NOT_ALLOWED, f"{who} does not have the role {RUNNER}")
    if found.key.compromised or not (
        found.key.valid_at(found.issued_at) and found.key.valid_at(now)
    ):
        raise Refused(Code.KEY_NOT_VALID, f"the key of {who} is or was not valid")
