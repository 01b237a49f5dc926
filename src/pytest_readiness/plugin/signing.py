"""What is signed about the run: where it is, what it is held against, what it says.

The one place where the target file, the lock and the caller's pins meet the ledger;
pytest's run and the commands that sign use the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.context import Context, LockSeen
from pytest_readiness.attest.pins import TrustPins
from pytest_readiness.attest.result import Result, people
from pytest_readiness.attest.signatures import (
    LedgerFiles,
    Signatures,
    read_signatures,
)
from pytest_readiness.attest.terms import Terms
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.vouching import hold, previous
from pytest_readiness.target.authors import authors
from pytest_readiness.verdict.decision import Exit, Hindrance
from pytest_readiness.verdict.settling import (
    NO_TRUST_FILE,
    UNSIGNED,
    Outcome,
    Signature,
    settle,
)
from pytest_readiness.verdict.waiving import waive

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from pytest_readiness.attest.result import ItemSignatures, WaiverInfo
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.lock import Lock
    from pytest_readiness.plugin.settings import Settings
    from pytest_readiness.plugin.vouching import Previous
    from pytest_readiness.target.configuration import Configuration
    from pytest_readiness.target.model import Target
    from pytest_readiness.target.release import Release
    from pytest_readiness.verdict.judging import Body

__all__ = ["Ground", "Settled", "Signing", "ledger_files", "pins_of"]


def ledger_files(configuration: Configuration, settings: Settings) -> LedgerFiles:
    """Say where everything signed is: the target file says it, the caller knows best.

    The usual file and the usual folder of statements are read together: what is signed
    in one of them must not be overlooked for the other's sake.
    """
    root = configuration.path.parent
    trust = settings.trust or configuration.trust.file
    attestations = settings.attestations or configuration.trust.attestations
    usual = LedgerFiles.below(root, trust=trust)
    given = None if attestations == usual.attestations else attestations
    return LedgerFiles.below(root, trust=trust, attestations=given)


def pins_of(settings: Settings, last: Previous | None) -> TrustPins:
    """Give what the caller knows about the trust file, by the last certificate too."""
    return TrustPins(
        roots=settings.trust_root,
        threshold=settings.trust_root_threshold,
        min_trust_version=max(
            settings.min_trust_version, last.trust_version if last else 0
        ),
        min_snapshot_version=max(
            settings.min_snapshot_version, last.snapshot_version if last else 0
        ),
    )


def _context_of(  # all that a signature can be bound to
    configuration: Configuration,
    target: Target,
    release: Release,
    target_digest: str,
    lock: Lock,
    settings: Settings,
    last: Previous | None,
) -> Context:
    """Say what signatures must be bound to, and whether the caller vouches for it.

    Raises:
        ConfigError: the caller expects another system or release than the files say.
    """
    named = {name for name in (release.source, release.version, release.commit) if name}
    _expect("--readiness-system", settings.system, {configuration.system})
    _expect("--readiness-release", settings.release, named)
    given = (settings.system, settings.release)
    return Context(
        system=configuration.system,
        environment=target.name,
        organisation=configuration.organisation or "",
        version=release.version,
        source=release.source or "",
        authors=settings.authors or _authors(configuration.path.parent, last),
        target_digest=target_digest,
        lock=LockSeen(lock.digest, len(lock.items)),
        from_outside=all(given) and settings.target_from_outside,
    )


def _authors(root: Path, last: Previous | None) -> frozenset[str] | None:
    """Say who wrote the change: since the last certificate, where its commit is here.

    Without it, or where nobody has its commit any more: since the last tag.
    """
    if last is not None and last.commit:
        return authors(root, since=last.commit) or authors(root)
    return authors(root)


def _expect(option: str, expected: str | None, found: Collection[str]) -> None:
    if expected is not None and expected not in found:
        what = f"expects {expected}, but {' or '.join(sorted(found))} is judged"
        raise ConfigError(option, what, "judge what was meant, or correct the option")


@dataclass(frozen=True)
class Ground:
    """Where signatures are, what they must be bound to, what the caller knows."""

    files: LedgerFiles
    context: Context
    pins: TrustPins
    last: Previous | None
    """The last certificate, where the caller gives one."""

    @classmethod
    def of(  # all that a signature can be bound to
        cls,
        configuration: Configuration,
        target: Target,
        release: Release,
        target_digest: str,
        lock: Lock,
        settings: Settings,
    ) -> Ground:
        """Find it, the same for a run and for the commands that sign for it.

        Raises:
            ConfigError: the last certificate cannot be read, or the caller expects
                another system or release than the files say.
            Refused: what is given as the last certificate is none.
        """
        last = previous(settings)
        context = _context_of(
            configuration, target, release, target_digest, lock, settings, last
        )
        files = ledger_files(configuration, settings)
        return cls(files, context, pins_of(settings, last), last)


@dataclass(frozen=True, slots=True)
class Settled:
    """An item's outcome and the signatures that it rests on, where any were read."""

    outcome: Outcome
    signatures: ItemSignatures | None = None


@dataclass
class Signing:
    """The signatures of one run, and the outcomes that follow from them."""

    signatures: Signatures
    lock: Lock
    declared: Collection[str] = ()
    """Items that the target declares not applicable."""
    people: int = 3
    """How many distinct persons must approve, as the target file says."""
    _same_as: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self._same_as = {one.id: one.same_as for one in self.lock.items if one.same_as}

    @classmethod
    def nothing(cls, lock: Lock, now: dt.datetime) -> Signing:
        """Give what stands before anything was read: nothing counts."""
        return cls(Signatures(pins=TrustPins(), now=now), lock)

    @classmethod
    def read(  # where, what, when
        cls,
        ground: Ground,
        lock: Lock,
        now: dt.datetime,
        *,
        configuration: Configuration,
        target: Target,
        settings: Settings,
        suite: Path,
    ) -> Signing:
        """Read trust file, ledger and snapshot; never raises for what is in them.

        Plugin, suite and last certificate are held against what the caller knows.
        """
        found = read_signatures(
            ground.files, context=ground.context, now=now, pins=ground.pins
        )
        hold(found, settings, suite, configuration.system, ground.last)
        people = configuration.approvals.people
        return cls(found, lock, target.not_applicable, people)

    @property
    def people_needed(self) -> int:
        """How many distinct persons must approve, the trust file's word included."""
        return self.signatures.people_needed(self.people)

    def terms(self, item: Item) -> Terms:
        """Give what is asked of the item's signers."""
        return Terms.of(item, same_as=self._same_as.get(item.id, ()))

    def of(
        self, item: Item, open_items: Mapping[str, str] | None = None
    ) -> ItemSignatures | None:
        """Judge the signatures on an item; None where there are none to be read."""
        if self.signatures.verifier is None or self.signatures.broken:
            return None
        return self.signatures.verify(
            self.terms(item), open_items=open_items, declared=item.id in self.declared
        )

    def settle(
        self,
        item: Item,
        body: Body | None,
        *,
        raw: Body | None = None,
        managed: bool = False,
        open_items: Mapping[str, str] | None = None,
    ) -> Settled:
        """Decide an item from its body, its signatures and its waiver."""
        found = self.of(item, open_items)
        signature = self._unread if found is None else Signature.of(found)
        outcome = settle(item, body, signature, raw=raw, managed=managed)
        waiver = None if found is None else found.waiver
        return Settled(waive(outcome, waiver), found)

    def hindrances(
        self, found: Collection[ItemSignatures], waivers: Collection[WaiverInfo]
    ) -> list[Hindrance]:
        """Say what blocks the gate beside its items.

        Args:
            found: the signatures on the approvals of this gate; none where it asks for
                no approval.
            waivers: those in use.
        """
        blocked: list[Hindrance] = []
        excess = self.signatures.excess_waivers(waivers)
        if excess:
            reason = f"{len(waivers)} waivers in use, {excess} more than are allowed"
            blocked.append(Hindrance("MAX_WAIVERS", reason))
        if not found:
            return blocked
        needed = self.people_needed
        approvers = len(people(found))
        if approvers < needed and all(one.result is Result.SATISFIED for one in found):
            reason = f"approved by {approvers} distinct people, {needed} are needed"
            blocked.append(Hindrance(Code.BELOW_THRESHOLD, reason, Exit.PENDING))
        for line in self.signatures.unreviewed_emergencies():
            reason = (
                f"the emergency waiver of {line.person.name},"
                f" {line.issued_at:%Y-%m-%d}, incident {line.predicate.incident}, was"
                f" never reviewed; a `revoker` reviews it with"
                f" `readiness revoke {line.payload[:12]}`"
            )
            blocked.append(Hindrance("UNREVIEWED_EMERGENCY", reason, Exit.PENDING))
        return blocked

    @property
    def warnings(self) -> list[str]:
        """What a reader must know of the trust file and the ledger, where they are."""
        return self.signatures.warnings if self.signatures.trust else []

    @property
    def described(self) -> str:
        """Say in one line what this run knows about trust."""
        found, trust = self.signatures, self.signatures.trust
        if trust is None:
            return "no trust file"
        if found.broken:
            codes = ", ".join(dict.fromkeys(one.code for one in found.failures))
            return f"trust is broken ({codes}), so nothing that people signed counts"
        pinned = "pinned" if found.pins.pinned else "not pinned"
        snapshot = "detected" if found.snapshot_until else "not detected"
        return (
            f"trust file version {trust.version}, {pinned}; {found.tally.believed} of "
            f"{found.tally.lines} signed lines count, deletions are {snapshot}"
        )

    @property
    def _unread(self) -> Signature:
        """What stands in for signatures that cannot be read, or that nobody made."""
        if self.signatures.broken:
            failure = self.signatures.failures[0]
            reason = f"no signature counts in this run: {failure.reason}"
            return Signature(code=failure.code, reason=reason)
        return NO_TRUST_FILE if self.signatures.trust is None else UNSIGNED
