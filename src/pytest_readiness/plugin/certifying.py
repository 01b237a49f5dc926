"""From a report that is believed to a certificate: may it be certified, until when?

A report's states are held against the ledger once more: what was signed, waived or
declared not applicable in the run must still be so. The certificate ends with the first
of all that it rests on.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.certificate import (
    LOCK,
    PROBES,
    REPORT,
    REPORT_PAGE,
    SNAPSHOT,
    STATEMENTS,
    TARGET,
    TRUST,
    Certificate,
    Configured,
    Judged,
    Way,
    plain,
)
from pytest_readiness.attest.certificate_check import (
    DEFAULT_ROLE,
    Expected,
    longest,
    needed_roles,
)
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.package import installed_package
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.snapshot import listing
from pytest_readiness.attest.statement import TARGET_NAME, Statement, Subject
from pytest_readiness.attest.terms import APPROVAL_SECTION, CERTIFYING_ITEM
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.item import Kind, Scope
from pytest_readiness.plugin.run_statement import suite_tree
from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.result import ItemSignatures, WaiverInfo
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.lock import Lock
    from pytest_readiness.plugin.signing import Signing
    from pytest_readiness.store.document import Report, ReportItem
    from pytest_readiness.verdict.gate import Gate

__all__ = [
    "CERTIFIABLE",
    "Basis",
    "Certified",
    "certify",
    "expected_of",
    "gate_items",
    "roles_needed",
]

CERTIFIABLE = frozenset({Verdict.READY, Verdict.READY_WITH_WAIVERS})
_USUAL_APPROVERS = 3
_RESULTS = {
    State.ATTESTED: frozenset({Result.SATISFIED}),
    State.NOT_APPLICABLE: frozenset({Result.NOT_APPLICABLE}),
}
"""What the ledger must say of an item in a state."""


@dataclass(frozen=True, kw_only=True)
class Basis:
    """All that a certificate rests on beside the report."""

    context: Context
    lock: Lock
    gate: Gate
    items: Mapping[str, Item]
    """The suite's, by id."""
    suite: Path
    signing: Signing
    now: dt.datetime
    commit: str | None = None
    url: str = ""
    """The job that certifies."""


@dataclass(frozen=True, kw_only=True)
class Certified:
    """A certificate to be signed, and what belongs to it."""

    certificate: Certificate
    payload: bytes
    statements: bytes
    """The list of all that was signed, as a snapshot has it."""
    waivers: tuple[WaiverInfo, ...]


def gate_items(lock: Lock, gate: Gate) -> frozenset[str]:
    """Give the ids that a gate asks, by the lock."""
    return frozenset(one.id for one in lock.items if gate.asks(one.stage))


def roles_needed(trust: Trust, lock: Lock) -> tuple[str, ...]:
    """Give who must sign: the owner of the certifying row, and whom trust adds."""
    owners = [one.owner for one in lock.items if one.id == CERTIFYING_ITEM]
    return needed_roles(trust, Counter(owners or [DEFAULT_ROLE]))


def expected_of(
    context: Context, lock: Lock, gate: Gate, trust: Trust, digests: Mapping[str, str]
) -> Expected:
    """Say what a certificate must be, as whoever checks it knows.

    Args:
        context: What is judged.
        lock: The suite's.
        gate: Which must be passed.
        trust: Whose signatures count.
        digests: Of the files at hand beside lock and trust file.
    """
    return Expected(
        subject=context.subject([Scope.RELEASE]),
        gate=gate.name,
        items=gate_items(lock, gate),
        roles=roles_needed(trust, lock),
        digests={**digests, LOCK: lock.digest},
    )


def certify(
    basis: Basis, report: Report, data: bytes, way: Way, *, page: bytes | None = None
) -> Certified:
    """Make the certificate of a report.

    Args:
        basis: What it rests on.
        report: The report, whose verdict is one of :data:`CERTIFIABLE`.
        data: Its very bytes.
        way: Where it comes from.
        page: The bytes of ``report.html``, where there is one.

    Raises:
        Refused: what was signed since, or what the report is about, contradicts it; or
            what it rests on has ended.
    """
    found = basis.signing.signatures
    if found.failures:
        failure = found.failures[0]
        raise Refused(failure.code, failure.reason, failure.where)
    trust = found.trust
    if trust is None:
        raise Refused(Code.NO_TRUST_FILE, Code.NO_TRUST_FILE.meaning)
    _check_subject(basis, report)
    signed = {item.id: _still(basis, item) for item in _asked(basis, report)}
    waivers = _waivers(report, signed)
    _check_beside(basis, signed, waivers)
    end, what = _earliest(basis, report, trust, signed)
    if basis.now >= end:
        raise Refused(Code.EXPIRED, f"{what} has ended already")
    statements = listing(_statements(basis))
    certificate = Certificate.of(
        subject=basis.context.subject([Scope.RELEASE]),
        judged=_judged(basis, report, way, waivers, (end, what)),
        others=tuple(_configuration(basis, trust, data, page, statements)),
        passed=_ids(basis, report, waived=False),
        waived=_ids(basis, report, waived=True),
        url=basis.url,
    )
    subject = Subject(name=TARGET_NAME, digest=certificate.subject)
    payload = Statement(subject, certificate).payload()
    return Certified(
        certificate=certificate,
        payload=payload,
        statements=statements,
        waivers=waivers,
    )


def _asked(basis: Basis, report: Report) -> list[ReportItem]:
    return [item for item in report.items if basis.gate.asks(item.stage)]


def _ids(basis: Basis, report: Report, *, waived: bool) -> tuple[str, ...]:
    return tuple(
        item.id
        for item in _asked(basis, report)
        if (item.state is State.WAIVED) is waived
    )


def _check_subject(basis: Basis, report: Report) -> None:
    """Demand that the report is about what is certified, all of it."""
    context, where = basis.context, REPORT
    if report.verdict not in CERTIFIABLE:
        reason = f"the verdict is {report.verdict}"
        raise Refused(Code.ITEMS_MISSING, reason, where)
    about = (report.system, report.environment, report.release.source or "")
    own = (context.system, context.environment, context.source)
    bound = bool(context.source) or report.release.version == context.version
    if about != own or not bound:
        raise Refused(Code.WRONG_TARGET, "is about another target", where)
    if report.target_digest != context.target_digest:
        raise Refused(Code.TARGET_MISMATCH, "is about another target file", where)
    if report.checklist.digest != basis.lock.digest:
        raise Refused(Code.CHECKLIST_MISMATCH, "is about another suite.lock", where)
    if (report.gate.name, report.gate.stages) != (basis.gate.name, basis.gate.stages):
        reason = f"is about the gate {report.gate.name}"
        raise Refused(Code.ITEMS_MISSING, reason, where)
    if [item.id for item in report.items] != [one.id for one in basis.lock.items]:
        raise Refused(Code.ITEMS_MISSING, "does not have the lock's items", where)
    blocked = [item.id for item in _asked(basis, report) if item.state.blocks]
    if blocked or not _asked(basis, report):
        reason = f"{blocked[0]} is open" if blocked else "the gate asks for nothing"
        raise Refused(Code.ITEMS_MISSING, reason, where)


def _still(basis: Basis, item: ReportItem) -> ItemSignatures:
    """Judge what is signed on an item now; it must still carry the report's state.

    Nothing of the gate is open, so an approval knows of everything that is.
    """
    found = basis.signing.signatures.verify(
        basis.signing.terms(basis.items[item.id]),
        open_items={},
        declared=item.id in basis.signing.declared,
    )
    if found.result is Result.VETOED:
        raise Refused(Code.REJECTED, f"{item.id}: {found.reason}")
    # A rollup is attested where its members are; nobody signs it.
    needed = None if item.kind is Kind.ROLLUP else _RESULTS.get(item.state)
    if needed is not None and found.result not in needed:
        code = found.code or Code.MISSING
        raise Refused(code, f"{item.id}: {found.reason or code.meaning}")
    if item.state is State.WAIVED:
        waiver = found.waiver
        if waiver is None or not waiver.covers(item.raw_state):
            raise Refused(Code.EXPIRED, f"{item.id}: its waiver no longer holds")
    return found


def _waivers(
    report: Report, signed: Mapping[str, ItemSignatures]
) -> tuple[WaiverInfo, ...]:
    waived = (item.id for item in report.items if item.state is State.WAIVED)
    found = (signed[item_id].waiver for item_id in waived if item_id in signed)
    return tuple(waiver for waiver in found if waiver is not None)


def _check_beside(
    basis: Basis, signed: Mapping[str, ItemSignatures], waivers: tuple[WaiverInfo, ...]
) -> None:
    """Demand once more what blocks a gate beside its items."""
    sections = {item_id: basis.items[item_id].section for item_id in signed}
    approvals = [
        one for id_, one in signed.items() if sections[id_] == APPROVAL_SECTION
    ]
    for hindrance in basis.signing.hindrances(approvals, waivers):
        known = hindrance.code == str(Code.BELOW_THRESHOLD)
        code = Code.BELOW_THRESHOLD if known else Code.NOT_WAIVABLE
        raise Refused(code, hindrance.reason)


def _earliest(
    basis: Basis,
    report: Report,
    trust: Trust,
    signed: Mapping[str, ItemSignatures],
) -> tuple[dt.datetime, str]:
    """Give when the first of all that it rests on ends, and what that is."""
    ends = [
        (report.run.started + longest(trust), "what a run may be certified for"),
        (trust.expires, "the trust file"),
    ]
    until = basis.signing.signatures.snapshot_until
    if until is not None:
        ends.append((until, "the snapshot"))
    for item in _asked(basis, report):
        found = signed[item.id]
        if item.state is State.WAIVED and found.waiver is not None:
            ends.append((found.waiver.until, f"the waiver of {item.id}"))
        elif item.state in _RESULTS and found.expires is not None:
            ends.append((found.expires, f"the signature on {item.id}"))
        elif item.state is State.VERIFIED and item.signature is not None:
            age = dt.timedelta(days=item.signature.max_age_days)
            ends.append((report.run.started + age, f"what was seen of {item.id}"))
    return min(ends)


def _judged(
    basis: Basis,
    report: Report,
    way: Way,
    waivers: tuple[WaiverInfo, ...],
    end: tuple[dt.datetime, str],
) -> Judged:
    context, people = basis.context, basis.signing.people_needed
    incident = next((one.incident for one in waivers if one.emergency), None)
    return Judged(
        system=context.system,
        environment=context.environment,
        release=context.version,
        source=context.source or None,
        commit=basis.commit,
        gate=basis.gate.name,
        way=way,
        issued_at=basis.now,
        valid_until=end[0],
        ends_with=end[1],
        items=len(_asked(basis, report)),
        seen=report.seen,
        signed=report.signed,
        unpinned=None if basis.signing.signatures.pins.pinned else True,
        approvers=people if people < _USUAL_APPROVERS else None,
        emergency=incident,
    )


def _statements(basis: Basis) -> list[str]:
    index = basis.signing.signatures.index
    return [] if index is None else index.payloads


def _configuration(
    basis: Basis, trust: Trust, data: bytes, page: bytes | None, statements: bytes
) -> Iterator[Configured]:
    """Name everything that has a digest."""
    package = installed_package()
    yield plain(
        TARGET, basis.context.target_digest, environment=basis.context.environment
    )
    yield plain(LOCK, basis.lock.digest, items=len(basis.lock.items))
    yield plain(TRUST, trust.digest, version=trust.version)
    found = basis.signing.signatures
    if found.index is not None and found.snapshot_until is not None:
        # They were found to be about one list.
        newest = next(iter(found.index.snapshots.newest.values())).subject
        yield plain(SNAPSHOT, newest, version=found.index.snapshots.version)
    count = statements.count(b"\n")
    yield plain(STATEMENTS, digest(statements), count=count)
    yield Configured(name=PROBES, digest=suite_tree(basis.suite))
    yield plain(package.name, package.digest)
    yield plain(REPORT, digest(data))
    if page is not None:
        yield plain(REPORT_PAGE, digest(page))
