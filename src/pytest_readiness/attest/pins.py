"""Is it the right trust file? Steps 4 and 5: roots, versions, dates, system, checklist.

The file cannot vouch for itself. Who may approve it and which version it must at least
have is said from outside the repository (full use), or by nobody (small use), and then
every report says so.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.moments import day
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import TrustApproval
    from pytest_readiness.attest.trust import Trust

__all__ = ["ANNOUNCED", "TrustPins", "approvers", "check_rotation", "check_trust"]

ANNOUNCED = dt.timedelta(days=30)
"""How long before its end a trust file is said to end."""
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_USUAL_THRESHOLD = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPins:
    """What is known of the trust from outside the repository.

    Raises:
        ConfigError: the pins contradict each other, so that they would not hold what
            whoever set them believes.
    """

    roots: frozenset[str] = frozenset()
    """Fingerprints of the root keys; the keys themselves are in the trust file."""
    threshold: int | None = None
    """How many roots must approve; by default two, where there are two."""
    min_trust_version: int = 0
    min_snapshot_version: int = 0

    def __post_init__(self) -> None:
        for root in self.roots:
            if _FINGERPRINT.fullmatch(root) is None:
                what = f"{root!a} is no fingerprint (SHA256:...)"
                raise ConfigError("trust root", what, "`ssh-keygen -l` prints it")
        if self.threshold is not None and not 1 <= self.threshold <= len(self.roots):
            what = f"{self.threshold} of {len(self.roots)} roots cannot approve"
            raise ConfigError("trust root threshold", what, "give as many roots")

    @property
    def pinned(self) -> bool:
        """Whether the trust file is held against something: full use."""
        return bool(self.roots)

    @property
    def needed(self) -> int:
        """How many roots must approve the trust file."""
        return self.threshold or min(_USUAL_THRESHOLD, len(self.roots))


def approvers(
    trust: Trust, approvals: Iterable[Line[TrustApproval]], now: dt.datetime
) -> dict[str, str]:
    """Give who has approved this very file: fingerprints with their persons.

    Approvals of another version or other bytes, of the future, or by a key that is
    compromised or was or is not valid are left out.
    """
    return {
        line.key.key.fingerprint: line.person.id
        for line in approvals
        if line.subject == trust.digest
        and line.predicate.version == trust.version
        and line.issued_at - now <= trust.skew
        and not line.key.compromised
        and line.key.valid_at(line.issued_at)
        and line.key.valid_at(now)
    }


def check_trust(
    trust: Trust,
    approvals: Iterable[Line[TrustApproval]],
    pins: TrustPins,
    context: Context,
    now: dt.datetime,
) -> None:
    """Hold a trust file against the pins, the clock and what is judged.

    In small use nobody approves it, and one that has expired is not refused: items are
    pending then (ruling 5).

    Raises:
        Refused: the first of TRUST_THRESHOLD, WRONG_SYSTEM, TRUST_ROLLBACK,
            TRUST_EXPIRED, CLOCK_BEHIND, CHECKLIST_MISMATCH that applies.
    """
    if pins.pinned:
        _check_threshold(trust, approvers(trust, approvals, now), pins)
    _check_system(trust, context)
    if trust.version < pins.min_trust_version:
        reason = (
            f"version {trust.version}, but at least {pins.min_trust_version} is due"
        )
        raise Refused(Code.TRUST_ROLLBACK, reason)
    if pins.pinned and now >= trust.expires:
        raise Refused(Code.TRUST_EXPIRED, f"ended {day(trust.expires)}")
    if trust.issued - now > trust.skew:
        reason = f"the trust file is dated {day(trust.issued)}, it is {day(now)} here"
        raise Refused(Code.CLOCK_BEHIND, reason)
    _check_lock(trust, context)


def _check_threshold(trust: Trust, found: dict[str, str], pins: TrustPins) -> None:
    """Ask the pinned roots, and those whom the file itself names (as TUF does).

    Persons are counted: two keys of one root are one approval.
    """
    pinned = {person for key, person in found.items() if key in pins.roots}
    own = set(found.values()) & set(trust.root.people)
    _demand(pinned, pins.needed, "pinned roots")
    _demand(own, trust.root.threshold, "roots that the file names")


def _check_system(trust: Trust, context: Context) -> None:
    named, judged = trust.system, context.system
    if named is None:
        named, judged = trust.organisation, context.organisation
    if named != judged:
        raise Refused(Code.WRONG_SYSTEM, f"for {named!a}, but {judged!a} is judged")


def _check_lock(trust: Trust, context: Context) -> None:
    pin, lock = trust.checklist, context.lock
    if pin is None:
        return
    if lock is None:
        raise Refused(Code.CHECKLIST_MISMATCH, "the suite has no lock")
    if lock.sha256 != pin.sha256 or lock.items != pin.items:
        reason = (
            f"suite.lock has {lock.items} items and sha256 {lock.sha256}, not"
            f" {pin.items} and {pin.sha256}"
        )
        raise Refused(Code.CHECKLIST_MISMATCH, reason)


def check_rotation(
    old: Trust,
    new: Trust,
    by_old: Iterable[Line[TrustApproval]],
    by_new: Iterable[Line[TrustApproval]],
    now: dt.datetime,
) -> None:
    """Hold a new version against the one before it: old *and* new roots approve.

    Args:
        old: The version in force.
        new: The one that shall follow it.
        by_old: Approvals of the new one, read with the old one's keys.
        by_new: The same, read with the new one's keys.
        now: When.

    Raises:
        Refused: TRUST_ROLLBACK, WRONG_SYSTEM or TRUST_THRESHOLD.
    """
    if new.version <= old.version:
        reason = f"version {new.version} does not follow version {old.version}"
        raise Refused(Code.TRUST_ROLLBACK, reason)
    if (new.system, new.organisation) != (old.system, old.organisation):
        raise Refused(Code.WRONG_SYSTEM, "the new version is for another system")
    for root, lines, which in (
        (old.root, by_old, "the version in force"),
        (new.root, by_new, "the new version"),
    ):
        following = [line for line in lines if _follows(line.predicate, old)]
        persons = set(approvers(new, following, now).values()) & set(root.people)
        _demand(persons, root.threshold, f"roots of {which}")


def _follows(approval: TrustApproval, old: Trust) -> bool:
    """Whether an approval is for the step from this very version."""
    return approval.previous is None or approval.previous.digest == old.digest


def _demand(persons: Collection[str], needed: int, who: str) -> None:
    if len(persons) < needed:
        names = ", ".join(sorted(persons)) or "nobody"
        reason = f"{needed} of the {who} must approve it; approved by {names}"
        raise Refused(Code.TRUST_THRESHOLD, reason)
