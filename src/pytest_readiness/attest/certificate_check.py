"""Is it the certificate that is asked for here? The deploy side's half.

Section 4 of the format: the verifier says which target it is about to deploy to and
which items the gate has; nothing of that is believed from the certificate.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.attest.certificate import Certificate, Outcome
from pytest_readiness.attest.codes import Code, Malformed, Refused
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.persons import seat
from pytest_readiness.attest.terms import counted, places

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

    from pytest_readiness.attest.issued import Certifier, Issued
    from pytest_readiness.attest.signatures import Signatures
    from pytest_readiness.attest.trust import Trust

__all__ = [
    "DEFAULT_ROLE",
    "Expected",
    "check_issued",
    "check_standing",
    "longest",
    "missing_roles",
    "needed_roles",
]

DEFAULT_ROLE = "executive-sponsor"
"""Who certifies where the checklist has no row for it."""
_MAX_HOURS = 72
"""How long a certificate lasts where the trust file has no ``[certificate]``."""


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


def check_issued(
    issued: Issued, expected: Expected, found: Signatures, *, partial: bool = False
) -> None:
    """Hold a certificate against what the verifier knows.

    Args:
        issued: The certificate.
        expected: The verifier's own words.
        found: The trust file, and the ledger where it is at hand.
        partial: Whether signers may still be missing, since one is about to sign.

    Raises:
        Refused: the first that applies of WRONG_TARGET, TRUST_UNPINNED, REVOKED,
            FUTURE, KEY_NOT_VALID, ROLE_NOT_ALLOWED, BELOW_THRESHOLD, ITEMS_MISSING,
            MALFORMED (its result contradicts its lists), ARTIFACT_CHANGED, EXPIRED.
    """
    trust = found.trust
    if trust is None:
        raise Refused(Code.NO_TRUST_FILE, Code.NO_TRUST_FILE.meaning)
    check_standing(issued, expected, found)
    _check_signers(issued, expected, found.now, partial=partial)
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


def _check_signers(
    issued: Issued, expected: Expected, now: dt.datetime, *, partial: bool
) -> None:
    missing = missing_roles(issued, expected.roles, now)
    standing = _standing(issued, expected.roles, now)
    # Where nobody is needed nobody has certified either.
    if standing and (partial or not missing):
        return
    doubts = (_doubt(one, issued, now, expected.roles) for one in issued.certifiers)
    refused = next((doubt for doubt in doubts if doubt is not None), None)
    if refused is not None and not standing:
        raise refused
    by = ", ".join(dict.fromkeys(one.person.id for one in standing)) or "nobody"
    reason = f"signed by {by}, but still missing: {', '.join(missing)}"
    raise Refused(Code.BELOW_THRESHOLD, reason)


def missing_roles(
    issued: Issued, roles: tuple[str, ...], now: dt.datetime
) -> tuple[str, ...]:
    """Give the roles of which somebody must still sign: each place needs a person."""
    own: dict[str, frozenset[str]] = {}
    for one in _standing(issued, roles, now):
        own[one.person.id] = own.get(one.person.id, frozenset()) | one.roles
    seating = seat([[name for name, has in own.items() if r in has] for r in roles])
    return tuple(roles[place] for place in seating.empty)


def _standing(
    issued: Issued, roles: tuple[str, ...], now: dt.datetime
) -> list[Certifier]:
    """Give those whose signature counts; one that does not fills no place."""
    return [one for one in issued.certifiers if not _doubt(one, issued, now, roles)]


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
