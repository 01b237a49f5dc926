"""What still stands between a release and its certificate, and what will soon again.

From the last report, and from what has been signed since: nothing is looked at anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.result import Result
from pytest_readiness.attest.terms import is_approval
from pytest_readiness.catalogue.item import Stage
from pytest_readiness.verdict.codes import Code as VerdictCode
from pytest_readiness.verdict.remedy import remedy
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from pytest_readiness.attest.result import ItemSignatures
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.cli.last_report import LastReport
    from pytest_readiness.cli.situation import Situation
    from pytest_readiness.plugin.signing import Signing
    from pytest_readiness.store.document import ReportItem

__all__ = ["Ending", "Plan", "Step", "Waiting"]

_STANDING = frozenset({Result.SATISFIED, Result.NOT_APPLICABLE, Result.WAIVED})


class Step(IntEnum):
    """Where a go-live is: the next thing to do."""

    RUN = 1
    CLOSE = 2
    APPROVE = 3
    RUN_AGAIN = 4
    CERTIFY = 5

    @property
    def text(self) -> str:
        """The step in words."""
        return _STEPS[self]


_STEPS = {
    Step.RUN: "judge the target",
    Step.CLOSE: "close what is open, sign-off aside",
    Step.APPROVE: "have the release approved",
    Step.RUN_AGAIN: "judge the target again, with the signatures since",
    Step.CERTIFY: "certify",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that is not satisfied, and what satisfies it."""

    id: str
    state: State
    code: str
    reason: str
    roles: tuple[str, ...]
    """Who acts: those whose signature is missing, else the owner."""
    command: str
    text: str
    """What to do where no command helps."""
    sign_off: bool


@dataclass(frozen=True, slots=True)
class Ending:
    """Something that holds and will not for long."""

    what: str
    until: dt.datetime
    people: tuple[str, ...]
    command: str

    @property
    def line(self) -> str:
        """The date and who it rests on."""
        by = f", {', '.join(self.people)}" if self.people else ""
        return f"{day(self.until)}{by}"


@dataclass
class Plan:
    """The state of a go-live at a moment."""

    situation: Situation
    signing: Signing
    report: LastReport | None
    """None: there is none. It may be of something else: see its ``misfit``."""
    now: dt.datetime
    waiting: list[Waiting] = field(default_factory=list)
    since: list[str] = field(default_factory=list)
    """Items that have been signed since the report."""

    def __post_init__(self) -> None:
        for item in self.situation.items.values():
            found = self.signing.of(item, self._open)
            waits = self._of(item, found, self._reported.get(item.id))
            if waits is not None:
                self.waiting.append(waits)

    @property
    def fits(self) -> bool:
        """Whether there is a report of what would be judged now."""
        return self.report is not None and not self.report.misfit

    @property
    def step(self) -> Step:
        """The next thing to do."""
        if not self.fits:
            return Step.RUN
        if any(not one.sign_off for one in self.waiting):
            return Step.CLOSE
        if self.waiting:
            # An approval is of a report: first one that shows what was signed since.
            closed = [one for one in self.since if not self._is_sign_off(one)]
            return Step.RUN_AGAIN if closed else Step.APPROVE
        return Step.RUN_AGAIN if self.since else Step.CERTIFY

    @property
    def next_command(self) -> str:
        """The command of the step, where there is one for all."""
        target = f" --target {self.situation.target.name}"
        if self.step in {Step.RUN, Step.RUN_AGAIN}:
            return f"readiness run{target}"
        return f"readiness certify{target}" if self.step is Step.CERTIFY else ""

    def ending(self, within: dt.timedelta) -> list[Ending]:
        """Give what runs out, the first first."""
        last = self.now + within
        found = [one for one in self._endings() if self.now < one.until <= last]
        return sorted(found, key=lambda one: (one.until, one.what))

    def _endings(self) -> Iterator[Ending]:
        for item in self.situation.items.values():
            found = self.signing.of(item, self._open)
            if found is None:
                continue
            if found.result in {Result.SATISFIED, Result.NOT_APPLICABLE}:
                command = f"readiness attest {item.id} --renew"
                for one in found.signers:
                    yield Ending(item.id, one.until, (one.person,), command)
            elif found.result is Result.WAIVED and found.waiver is not None:
                people = tuple(one.person for one in found.waiver.approvers)
                command = f"readiness waive {item.id}"
                what = f"waiver of {item.id}"
                yield Ending(what, found.waiver.until, people, command)
        signatures = self.signing.signatures
        if signatures.trust is not None:
            command = "readiness trust rotate"
            yield Ending("the trust file", signatures.trust.expires, (), command)
        if signatures.snapshot_until is not None:
            command = "readiness trust snapshot"
            yield Ending("the snapshot", signatures.snapshot_until, (), command)

    def _of(
        self, item: Item, found: ItemSignatures | None, reported: ReportItem | None
    ) -> Waiting | None:
        stands = found is not None and found.result in _STANDING
        if reported is not None and reported.state.blocks:
            return self._open_in_report(item, found, reported)
        told_standing = reported is None or reported.state in {
            State.ATTESTED,
            State.NOT_APPLICABLE,
            State.WAIVED,
        }
        needed = item.kind.needs_signature or reported is not None
        if stands or not told_standing or not needed:
            return None
        if reported is not None and reported.state is State.WAIVED:
            ended = f"its waiver has ended, and {reported.reason or reported.code}"
            command = f"readiness waive {item.id}"
            return self._as_reported(item, reported, reason=ended, command=command)
        # It was signed when the report was made, or no report tells otherwise.
        return self._unsigned(item, found)

    def _open_in_report(
        self, item: Item, found: ItemSignatures | None, reported: ReportItem
    ) -> Waiting | None:
        if reported.code == VerdictCode.MEMBERS:
            return None  # it follows from the others
        result = None if found is None else found.result
        signs = bool(reported.command)
        waiver = None if found is None else found.waiver
        covered = waiver is not None and waiver.covers(reported.state)
        if covered or (signs and result in _STANDING):
            self.since.append(item.id)
            return None
        if signs and found is not None:
            return self._unsigned(item, found, state=reported.state)
        command = reported.command
        return self._as_reported(item, reported, reported.reason, command)

    def _as_reported(
        self, item: Item, reported: ReportItem, reason: str, command: str
    ) -> Waiting:
        return Waiting(
            id=item.id,
            state=reported.raw_state,
            code=reported.code,
            reason=reason,
            roles=reported.command_roles or (item.owner,),
            command=command,
            text=reported.remedy,
            sign_off=self._is_sign_off(item.id),
        )

    def _unsigned(
        self,
        item: Item,
        found: ItemSignatures | None,
        state: State = State.PENDING,
    ) -> Waiting:
        if found is None:
            failures = self.signing.signatures.failures
            code = failures[0].code if failures else Code.NO_TRUST_FILE
            reason = failures[0].reason if failures else code.meaning
            missing: tuple[str, ...] = ()
        else:
            vetoed = found.result is Result.VETOED
            state = State.FAILED if vetoed else state
            code, reason = found.code or Code.MISSING, found.reason
            missing = found.missing_roles
        outcome = Outcome.plain(item.id, state, code, reason)
        todo = remedy(item, outcome, ())
        return Waiting(
            id=item.id,
            state=state,
            code=code,
            reason=reason,
            roles=missing or todo.roles or (item.owner,),
            command=todo.command,
            text=todo.text,
            sign_off=self._is_sign_off(item.id),
        )

    def _is_sign_off(self, item_id: str) -> bool:
        item = self.situation.items[item_id]
        return item.stage is Stage.SIGN_OFF or is_approval(item)

    @property
    def _reported(self) -> dict[str, ReportItem]:
        return self.report.items if self.fits and self.report else {}

    @property
    def _open(self) -> dict[str, str] | None:
        if not self.fits or self.report is None:
            return None
        return {one.id: str(one.state) for one in self.report.open}
