"""The door to this layer: all that is signed for one run, read once and judged.

Run level, steps 1 to 8, in order; the first step that fails closes the gate. Then each
item can be asked for (steps 9 to 22).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.attest import ledger, waiver
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.failure import Failure
from pytest_readiness.attest.index import Index
from pytest_readiness.attest.ledger import Tally
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.pins import ANNOUNCED, TrustPins, check_trust
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.attest.result import ItemSignatures, Result
from pytest_readiness.attest.snapshot import check_snapshot
from pytest_readiness.attest.trust_file import MAX_TRUST_SIZE, read_trust
from pytest_readiness.attest.verification import Verifier

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import Deployment, Waiver
    from pytest_readiness.attest.result import WaiverInfo
    from pytest_readiness.attest.terms import Terms
    from pytest_readiness.attest.trust import Trust

__all__ = ["LedgerFiles", "Signatures", "read_signatures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFiles:
    """Where everything signed is (ruling 8)."""

    root: Path
    """The repository's root: evidence files are named from here."""
    trust: Path
    approvals: Path
    attestations: Path
    """A file of lines, or a folder of one-statement files."""
    snapshot: Path
    folder: Path | None = None
    """A folder of one-statement files that is read as well, where it exists."""

    @classmethod
    def below(
        cls,
        root: Path,
        *,
        trust: Path | None = None,
        attestations: Path | None = None,
    ) -> LedgerFiles:
        """Give the usual places; what belongs to a trust file stands beside it.

        Without ``attestations`` both the usual file and the usual folder are read: what
        is signed in one of them must not be overlooked for the other's sake.
        """
        trust = trust or root / ".readiness" / "trust.toml"
        return cls(
            root=root,
            trust=trust,
            approvals=trust.with_name("trust.intoto.jsonl"),
            attestations=attestations or trust.with_name("attestations.intoto.jsonl"),
            snapshot=trust.with_name("snapshot.txt"),
            folder=None if attestations else trust.with_name("attestations"),
        )


@dataclass(slots=True, kw_only=True)
class Signatures:
    """What is signed for one run."""

    pins: TrustPins
    now: dt.datetime
    trust: Trust | None = None
    """None: there is none (items are pending, NO_TRUST_FILE), or it is invalid."""
    failures: list[Failure] = field(default_factory=list)
    """Why the gate is closed (exit code 13); the first decides."""
    warnings: list[str] = field(default_factory=list)
    """What every report says."""
    tally: Tally = field(default_factory=Tally)
    """How many lines were read, believed, ignored."""
    snapshot_until: dt.datetime | None = None
    index: Index | None = None
    """What the ledger says; None where it was not read."""
    verifier: Verifier | None = None

    @property
    def broken(self) -> bool:
        """Whether nothing can be believed."""
        return bool(self.failures)

    @property
    def until(self) -> dt.datetime | None:
        """When the trust file or the snapshot ends: whatever rests on them, too."""
        ends = [] if self.trust is None else [self.trust.expires]
        if self.snapshot_until is not None:
            ends.append(self.snapshot_until)
        return min(ends, default=None)

    @property
    def deployments(self) -> list[Line[Deployment]]:
        """The deployment statements for this release that stand, oldest first."""
        if self.index is None:
            return []
        index = self.index
        found = (
            line
            for line in index.deployments.values()
            if index.is_sound(line)
            and not index.is_revoked(line.payload, line.person.id, veto=False)
        )
        return sorted(found, key=lambda line: (line.issued_at, line.payload))

    def verify(
        self,
        terms: Terms,
        *,
        open_items: Mapping[str, str] | None = None,
        declared: bool = False,
    ) -> ItemSignatures:
        """Judge an item's signatures; see :meth:`~.verification.Verifier.verify`."""
        if self.verifier is not None and not self.broken:
            return self.verifier.verify(terms, open_items=open_items, declared=declared)
        code = self.failures[0].code if self.broken else Code.NO_TRUST_FILE
        return ItemSignatures(
            item=terms.id,
            result=Result.NONE,
            code=code,
            reason=self.failures[0].reason if self.broken else code.meaning,
            missing_roles=terms.roles,
        )

    def gone(self, payloads: Iterable[str]) -> list[str]:
        """Give those of the statements, known to the last certificate, that are gone.

        Without a snapshot this is all that shows a deletion (ruling 12).
        """
        known = list(payloads)
        return known if self.index is None else self.index.missing(known)

    def excess_waivers(self, used: Iterable[WaiverInfo]) -> int:
        """Count the waivers in use beyond ``max_waivers``: more is NOT READY."""
        return 0 if self.trust is None else waiver.excess(used, self.trust)

    def people_needed(self, asked: int) -> int:
        """Give how many distinct persons must approve.

        Args:
            asked: by the target file; where the trust file says how many, no fewer.
        """
        if self.trust is None or "approvals" not in self.trust.model_fields_set:
            return asked
        return max(asked, self.trust.approvals.people)

    def unreviewed_emergencies(self) -> list[Line[Waiver]]:
        """Give the emergencies whose review is overdue: they block a go-live."""
        if self.index is None:
            return []
        return waiver.unreviewed(self.index, pinned=self.pins.pinned)


def read_signatures(
    files: LedgerFiles,
    *,
    context: Context,
    now: dt.datetime,
    pins: TrustPins | None = None,
    threads: int | None = None,
    with_ledger: bool = True,
) -> Signatures:
    """Read trust file, approvals, ledger and snapshot; hold them against each other.

    Never raises for what is in the files: see :attr:`Signatures.failures`.

    Args:
        files: Where they are.
        context: What is judged.
        now: One moment for the whole run.
        pins: What is known from outside the repository; nothing in small use.
        threads: For tests; see :func:`.ledger.read`.
        with_ledger: Whether the ledger is read, and not the trust file alone: who only
            checks a certificate need not have it.
    """
    found = Signatures(pins=pins or TrustPins(), now=now)
    if context.authors is None:
        found.warnings.append(
            "nobody says who wrote the change, so that its authors are not kept from"
            " approving it"
        )
    try:
        if found.pins.pinned:
            context.check_complete()
        found.trust = _read_trust(files.trust, found)
        if found.trust is not None:
            _establish(found, found.trust, files, context)
        if found.trust is not None and with_ledger:
            _read_ledger(found, found.trust, files, context, threads)
    except Refused as refused:
        where = refused.where or str(files.trust)
        found.failures.append(Failure(refused.code, refused.reason, where))
    return found


def _read_trust(path: Path, found: Signatures) -> Trust | None:
    """Steps 2 and 3."""
    try:
        with open_regular(path, MAX_TRUST_SIZE) as stream:
            return read_trust(stream.read(), str(path))
    except FileNotFoundError:
        if not found.pins.pinned:
            found.warnings.append(f"{path}: {Code.NO_TRUST_FILE.meaning}")
            return None
        reason = "there is no trust file that the pinned roots could have approved"
        raise Refused(Code.TRUST_THRESHOLD, reason, str(path)) from None
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
        raise Refused(Code.TRUST_INVALID, reason, str(path)) from None


def _establish(
    found: Signatures, trust: Trust, files: LedgerFiles, context: Context
) -> None:
    """Steps 4 and 5."""
    tally, index = Tally(), Index(trust, context, found.now)
    if found.pins.pinned:
        for judged in ledger.read(files.approvals, trust, tally):
            index.take(judged)
    else:
        found.warnings.append(f"{files.trust}: {Code.TRUST_UNPINNED.meaning}")
    check_trust(trust, index.approvals.values(), found.pins, context, found.now)
    found.failures.extend(tally.failures)
    if found.now >= trust.expires:
        found.warnings.append(
            f"{files.trust}: has expired {day(trust.expires)}, and what was signed is"
            f" pending; {Code.TRUST_EXPIRED.remedy}"
        )
    elif trust.expires - found.now <= ANNOUNCED:
        found.warnings.append(
            f"{files.trust}: expires {day(trust.expires)}; {Code.TRUST_EXPIRED.remedy}"
        )


def _read_ledger(
    found: Signatures,
    trust: Trust,
    files: LedgerFiles,
    context: Context,
    threads: int | None,
) -> None:
    """Steps 6 to 8."""
    index = Index(trust, context, found.now)
    for path in filter(None, (files.attestations, files.folder)):
        for judged in ledger.read(path, trust, found.tally, threads=threads):
            index.take(judged)
    found.failures.extend(found.tally.failures)
    if found.tally.torn:
        found.warnings.append(
            f"{found.tally.torn}: is cut off, as an interrupted `readiness attest`"
            " leaves it; the line does not count, and the next one takes it away"
        )
    least = found.pins.min_snapshot_version
    if trust.snapshot is None and not least:
        found.warnings.append(
            f"{files.trust}: asks for no snapshot, so that nobody notices when a"
            " signed line is deleted"
        )
    elif not found.failures:
        found.snapshot_until = check_snapshot(index, files.snapshot, least)
    found.index = index
    found.verifier = Verifier(
        index,
        files.root,
        pinned=found.pins.pinned,
        expired=found.now >= trust.expires,
    )
