"""``readiness trust check``: who may sign what, until when, and who says so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.context import Context, LockSeen
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.pins import (
    ANNOUNCED,
    approvers,
    check_rotation,
    check_trust,
)
from pytest_readiness.attest.terms import Demand, Terms
from pytest_readiness.attest.trust_tables import REGISTRAR, REVOKER
from pytest_readiness.catalogue import lock
from pytest_readiness.catalogue.item import ANOTHER_ROLE, ROLES
from pytest_readiness.cli import console
from pytest_readiness.cli.trust.place import Place
from pytest_readiness.plugin.entry import LOCK_NAME, OPTIONS
from pytest_readiness.plugin.inspection import read_suite
from pytest_readiness.plugin.signing import pins_of
from pytest_readiness.plugin.suite import default_suite
from pytest_readiness.plugin.vouching import previous

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_readiness.attest.pins import TrustPins
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.lock import Lock

__all__ = ["configure", "run"]

_BROKEN = 13
_STEMS = frozenset({"trust-root", "trust-root-threshold", "min-trust-version"})


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    group = parser.add_argument_group("what you know from outside the repository")
    for option in OPTIONS:
        if option.stem in _STEMS:
            group.add_argument(
                f"--{option.stem}", metavar=option.metavar, help=option.help
            )


@dataclass
class _Findings:
    """What came of the check."""

    trust: Trust
    pins: TrustPins
    approved_by: list[str]
    roles: dict[str, list[str]] = field(default_factory=dict)
    """Each role that somebody has, or that the suite asks for, with its people."""
    asked: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    """Why nothing can be believed."""
    problems: list[str] = field(default_factory=list)
    """What should be mended."""

    @property
    def code(self) -> int:
        """The exit code."""
        return _BROKEN if self.broken else int(bool(self.problems))


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where all is well, 1 where something is to mend, 13 where all is void."""
    place = Place.of(arguments)
    now = dt.datetime.now(dt.UTC)
    trust, settings = place.trust(), place.settings
    pins = pins_of(settings, previous(settings))
    approvals = place.approvals(trust)
    found = _Findings(
        trust, pins, sorted(set(approvers(trust, approvals, now).values()))
    )
    suite = default_suite(place.configuration.path, place.configuration.path.parent)
    locked = lock.read(suite / LOCK_NAME)
    try:
        check_trust(trust, approvals, pins, _context(place, locked), now)
    except Refused as refused:
        found.broken.append(f"{refused.code}: {refused.reason}; {refused.code.remedy}")
    found.problems += _rotation(place, trust, now)
    found.problems += _dates(trust, now)
    found.problems += _patterns(trust, locked)
    items, _ = read_suite(suite)
    _fill(found, items, now)
    if arguments.json:
        console.print_json(_document(found))
    else:
        console.say(_text(place, found))
    return found.code


def _context(place: Place, locked: Lock) -> Context:
    return Context(
        system=place.configuration.system,
        organisation=place.configuration.organisation or "",
        environment="",
        lock=LockSeen(locked.digest, len(locked.items)),
    )


def _rotation(place: Place, trust: Trust, now: dt.datetime) -> Iterator[str]:
    """Hold the file against the version before it, where approvals are in use."""
    try:
        old = place.before(place.read())
        if old is None or (max(old.root.threshold, trust.root.threshold) == 1):
            return
        check_rotation(old, trust, place.approvals(old), place.approvals(trust), now)
    except Refused as refused:
        yield f"the step from the version before: {refused.reason}; {refused.remedy}"


def _dates(trust: Trust, now: dt.datetime) -> Iterator[str]:
    if now >= trust.expires:
        yield f"it has expired {day(trust.expires)}; {Code.TRUST_EXPIRED.remedy}"
    elif trust.expires - now <= ANNOUNCED:
        yield f"it expires {day(trust.expires)}; {Code.TRUST_EXPIRED.remedy}"
    for person in trust.people:
        usable = [key for key in person.keys if not key.compromised]
        if not usable:
            yield (
                f"{person.id} has no key: `readiness trust add {person.id}"
                " --public-key KEY`"
            )
            continue
        end = max(key.not_after for key in usable)
        if end - now <= ANNOUNCED:
            word = "ended" if end <= now else "ends"
            yield (
                f"the last key of {person.id} {word} {day(end)}: `readiness trust"
                f" rotate --person {person.id} --public-key KEY`"
            )


def _patterns(trust: Trust, locked: Lock) -> Iterator[str]:
    for pattern in trust.unmatched(item.id for item in locked.items):
        yield f"the pattern {pattern} matches no item of the suite; correct it"


def _asked(trust: Trust, items: list[Item], *, pinned: bool) -> set[str]:
    """Give the roles without which something can never be signed."""
    needs = list(trust.waiver.need)
    if trust.certificate is not None:
        needs += trust.certificate.need
    asked = {need.role for need in needs}
    if pinned:
        asked |= {"business-owner", REVOKER}
    if trust.snapshot is not None:
        asked.add(trust.snapshot.role)
    for item in items:
        if item.signature is not None:
            asked |= set(Demand.on(Terms.of(item), trust).roles)
    return asked - {ANOTHER_ROLE}  # anybody with a role of the checklist has it


def _fill(found: _Findings, items: list[Item], now: dt.datetime) -> None:
    trust = found.trust
    found.asked = _asked(trust, items, pinned=found.pins.pinned)
    filled: dict[str, list[str]] = {}
    for person in trust.people:
        if any(not key.compromised and key.valid_at(now) for key in person.keys):
            for role, other in trust.roles_of(person.id, now).items():
                deputy = f" (for {other})" if other else ""
                filled.setdefault(role, []).append(f"{person.id}{deputy}")
    order = (*ROLES, REVOKER, REGISTRAR)
    for role in sorted(filled.keys() | found.asked, key=lambda r: (r not in order, r)):
        found.roles[role] = filled.get(role, [])
    for role in sorted(found.asked - filled.keys()):
        found.problems.append(
            f"nobody with a valid key is {role}, which the suite asks for:"
            f" `readiness trust add PERSON --role {role}`"
        )


def _text(place: Place, found: _Findings) -> list[str]:
    trust = found.trust
    root = trust.root
    pinned = (
        f"pinned: {found.pins.needed} of {len(found.pins.roots)} roots given from"
        " outside must approve"
        if found.pins.pinned
        else "not pinned: whoever writes to this repository decides who may sign"
    )
    about = f"for {trust.system or trust.organisation}, version {trust.version}"
    dates = f"issued {day(trust.issued)}, expires {day(trust.expires)}"
    approved = f"approved by {', '.join(found.approved_by) or 'nobody'}"
    paragraphs = [
        f"{place.files.trust}: {about}, {dates}",
        f"Roots: {root.threshold} of {', '.join(root.people)}; {approved}.",
        f"It is {pinned}.",
    ]
    lines = [line for text in paragraphs for line in console.wrapped(text)]
    lines += ["", "Roles:"]
    width = max(map(len, found.roles), default=0)
    for role, people in found.roles.items():
        asked = "" if role in found.asked else "  (the suite does not ask for it)"
        lines.append(f"  {role:{width}}  {', '.join(people) or '-'}{asked}")
    marked = [("!!", found.broken), ("!", found.problems)]
    notes = [f"{mark} {text}" for mark, texts in marked for text in texts]
    if notes:
        lines.append("")
    return lines + [line for note in notes for line in console.wrapped(note)]


def _document(found: _Findings) -> dict[str, object]:
    trust = found.trust
    return {
        "version": trust.version,
        "sha256": trust.digest,
        "issued": trust.issued.isoformat(),
        "expires": trust.expires.isoformat(),
        "pinned": found.pins.pinned,
        "threshold": trust.root.threshold,
        "roots": list(trust.root.people),
        "approved_by": found.approved_by,
        "roles": found.roles,
        "asked": sorted(found.asked),
        "broken": found.broken,
        "problems": found.problems,
    }
