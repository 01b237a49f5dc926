"""One run: what is judged, what was recorded, what follows.

The plugin's hooks (:mod:`.session`) are thin; this is the state that they share. An
item's state is recorded here in the call phase and never read back from pytest.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.result import people
from pytest_readiness.attest.terms import APPROVAL_SECTION, is_approval
from pytest_readiness.catalogue.item import Item, Scope, Stage
from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.plugin.attestation import Attestation
from pytest_readiness.plugin.gathering import Gathering, Need
from pytest_readiness.plugin.run_statement import check_runner
from pytest_readiness.plugin.signing import Ground, Signing
from pytest_readiness.probes import REGISTRY, probe
from pytest_readiness.probes.look import Facts, utc_now
from pytest_readiness.store.document import ApproversCounted
from pytest_readiness.verdict.accounting import complete
from pytest_readiness.verdict.codes import Code
from pytest_readiness.verdict.judging import judge
from pytest_readiness.verdict.rollup import in_order, roll_up
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_readiness.attest.context import Context
    from pytest_readiness.attest.result import ItemSignatures
    from pytest_readiness.catalogue.lock import Lock
    from pytest_readiness.catalogue.requirement import Judgement
    from pytest_readiness.demo.signing import Signed
    from pytest_readiness.plugin.collection import ReadinessItem
    from pytest_readiness.plugin.settings import Settings
    from pytest_readiness.store.document import ReportItem
    from pytest_readiness.target.configuration import Configuration
    from pytest_readiness.target.model import Target
    from pytest_readiness.target.release import Release
    from pytest_readiness.target.secret import Redactor
    from pytest_readiness.verdict.decision import Hindrance
    from pytest_readiness.verdict.gate import Gate

__all__ = ["Record", "Run"]

FOREIGN = (pytest.skip.Exception, pytest.xfail.Exception)
"""What only a state may decide, so that nothing else in a run raises it."""

_UNFINISHED = "its body did not come to its end in this run"


@dataclass(frozen=True)
class Record:
    """What one item came to."""

    item: Item
    outcome: Outcome
    judgements: tuple[Judgement, ...] = ()
    signatures: ItemSignatures | None = None


@dataclass
class Run:
    """The state of one ``pytest --readiness``."""

    settings: Settings
    configuration: Configuration
    target: Target
    release: Release
    target_digest: str
    gate: Gate
    suite: Path
    lock: Lock
    redact: Redactor
    gathering: Gathering
    signing: Signing
    distrust: list[str] = field(default_factory=list)
    """Why this run cannot be trusted, whatever it sees."""
    started: dt.datetime = field(default_factory=utc_now)
    notes: list[str] = field(default_factory=list)
    """What a reader of header and report must know about this run."""
    selection: list[str] = field(default_factory=list)
    """The options that select among the items."""
    nodes: list[ReadinessItem] = field(default_factory=list)
    """What was collected, before anything was left out."""
    records: dict[str, Record] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    """Items whose logged outcome contradicts the record, and what was logged."""
    item_ids: dict[str, str] = field(default_factory=dict)
    """Item ids by pytest's node ids."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Why items of this gate were not run, where it is known."""
    carried: Mapping[str, ReportItem] = field(default_factory=dict[str, "ReportItem"])
    """What was taken over from the last run, which makes this one a selection."""
    rollups: list[ReadinessItem] = field(default_factory=list)
    _wrong_release: set[str] = field(default_factory=set[str])
    """Items whose look met another release."""
    sign_first: Callable[[Sequence[Item], Context, dt.datetime], Signed] | None = None
    """Of the demo: has its people sign before anything signed is read."""
    signed: Signed | None = None
    """Of the demo: what its people have signed."""
    tests_page: bytes | None = None
    """What pytest-html made of this run, where it was not told where to."""
    judged: bool = False
    """Whether the loop over the items was entered (not for ``--collect-only``)."""

    @property
    def release_text(self) -> str:
        """Name the release for people: version, source digest, what is uncommitted."""
        release = self.release
        source = f"source {release.source[:19]}" if release.source else "unbound"
        dirty = f", {len(release.dirty_paths)} uncommitted" if release.dirty else ""
        return f"release {release.version} ({source}{dirty})"

    def read_signatures(self) -> None:
        """Read and verify everything signed, once the suite is known to be sound."""
        settings, configuration, now = self.settings, self.configuration, utc_now()
        ground = Ground.of(
            configuration,
            self.target,
            self.release,
            self.target_digest,
            self.lock,
            settings,
        )
        if self.sign_first is not None:
            items = [node.item for node in self.nodes]
            self.signed = signed = self.sign_first(items, ground.context, now)
            ground = Ground(signed.files, signed.context, signed.pins, ground.last)
        self.signing = Signing.read(
            ground,
            self.lock,
            now,
            configuration=configuration,
            target=self.target,
            settings=settings,
            suite=self.suite,
        )
        found = self.signing.signatures
        if settings.run_key is not None and not found.broken:
            check_runner(settings.run_key, found.trust, now)
        self.distrust += map(str, found.failures)
        self.notes += self.signing.warnings

    def environment_of(self, item: Item) -> str:
        """Give where an item looks: the candidate before go-live, else the target."""
        before = item.stage in {Stage.PRE_PRODUCTION, Stage.PRE_DEPLOYMENT}
        of_release = item.scope is Scope.RELEASE and item.candidate
        if before and of_release and self.target.candidate:
            return self.target.candidate
        return self.target.name

    def needs(self, nodes: Iterable[ReadinessItem], known: Iterable[str]) -> list[Need]:
        """Give the resources that fixtures name, the service's release too."""
        found: list[Need] = []
        probes = set(known)
        for node in nodes:
            names = [name for name in node.fixturenames if name in probes]
            if any(self._asks_release(name, node.item) for name in names):
                names.append("service")
            found += [self._need(name, node.item) for name in names]
        return found

    def _need(self, name: str, item: Item) -> Need:
        """Give where a fixture's facts are looked for."""
        kind = probe(name)
        if kind.view_of:
            return Need(kind.view_of, self.target.name)
        one = item.id.rpartition(".")[2] if kind.several else ""
        return Need(name, self.environment_of(item), one)

    def facts(self, name: str, item: Item) -> Facts:
        """Give a probe's facts to an item, unless another release is running there."""
        environment = self.environment_of(item)
        facts = self.gathering.facts(self._need(name, item))
        if not self._asks_release(name, item):
            return facts
        service = self.gathering.facts(Need("service", environment))
        running = getattr(service, "release").value  # noqa: B009  # of every Service
        if running in self._release_names():
            return facts
        if isinstance(running, Unavailable):
            what = f"which release {environment} runs is not known: {running.reason}"
            reason = replace(running, reason=what)
        else:
            self._wrong_release.add(item.id)
            version = self.release.version
            reason = Unavailable(
                f"{environment} runs {running}, not {version}",
                remedy=f"deploy {version} to {environment}, or judge {running}",
            )
        return type(facts).unavailable(reason, environment)

    def attestation(self, item: Item) -> Attestation:
        """Give what is signed on an item, as facts for its body."""
        return Attestation(
            found=self.signing.of(item),
            root=self.configuration.path.parent,
            today=self.target.calendar.day(self.started),
        )

    def judge(self, node: ReadinessItem, body: Callable[[], None]) -> None:
        """Run an item's body and record its state; only an interruption gets out."""
        assertion = error = ""
        try:
            body()
        except FOREIGN as raised:
            self.record_foreign(node.item, f"its body raised {type(raised).__name__}")
            return
        except (AssertionError, pytest.fail.Exception) as failed:
            text = str(failed).strip().split("\n", 1)[0]
            assertion = self.redact(text) or "a plain assertion failed"
        except (KeyboardInterrupt, pytest.exit.Exception):
            raise
        except BaseException as broken:  # noqa: BLE001  # a suite's bug is no verdict
            error = self.redact(f"its body raised {type(broken).__name__}: {broken}")
        self._settle(node, node.check.judgements, assertion, error)

    def record_error(self, node: ReadinessItem, reason: str) -> None:
        """Record an item that broke before its body ran, so that nothing is judged."""
        self._settle(node, (), "", self.redact(reason))

    def record_foreign(self, item: Item, what: str) -> None:
        """Record an item whose outcome somebody else decided."""
        self.records[item.id] = Record(item, _foreign(item.id, what))

    def roll_up(self, nodes: Iterable[ReadinessItem]) -> None:
        """Record rollups from what the others came to by now."""
        self.records |= self._rolled_up([node.item for node in nodes])

    def _rolled_up(self, rollups: list[Item]) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for item in in_order(rollups, [locked.id for locked in self.lock.items]):
            by_now = {id_: record.outcome for id_, record in found.items()}
            outcomes = self._accounted(by_now)
            settled = self.signing.settle(
                item,
                roll_up(item, outcomes),
                raw=roll_up(item, outcomes, raw=True),
                open_items=self.open_items() if is_approval(item) else None,
            )
            found[item.id] = Record(item, settled.outcome, (), settled.signatures)
        return found

    def _accounted(self, more: Mapping[str, Outcome]) -> dict[str, Outcome]:
        return complete(self.lock.items, {**self.outcomes(), **more}, self.gate)

    def open_items(self) -> dict[str, str]:
        """Give what is open outside sign-off, by state: approvers must know of it."""
        rollups = [
            node.item for node in self.rollups if node.item.stage is not Stage.SIGN_OFF
        ]
        rolled_up = self._rolled_up(rollups)
        outcomes = self._accounted({id_: one.outcome for id_, one in rolled_up.items()})
        return {
            locked.id: str(outcomes[locked.id].state)
            for locked in self.lock.items
            if locked.stage is not Stage.SIGN_OFF and outcomes[locked.id].state.blocks
        }

    def hindrances(self) -> list[Hindrance]:
        """Say what blocks the gate beside its items."""
        used = (
            record.signatures.waiver
            for record in self.records.values()
            if record.outcome.state is State.WAIVED and record.signatures
        )
        return self.signing.hindrances(
            self._approvals(), [waiver for waiver in used if waiver]
        )

    @property
    def approvers(self) -> ApproversCounted | None:
        """How many people signed off; None where the gate does not ask."""
        found = self._approvals()
        if not found:
            return None
        return ApproversCounted(
            people=len(people(found)), needed=self.signing.people_needed
        )

    def _approvals(self) -> list[ItemSignatures]:
        return [
            record.signatures
            for record in self.records.values()
            if record.signatures and record.item.section == APPROVAL_SECTION
        ]

    def outcomes(self) -> dict[str, Outcome]:
        """Give what was recorded, by item id."""
        recorded = {item_id: record.outcome for item_id, record in self.records.items()}
        foreign = {id_: _foreign(id_, what) for id_, what in self.foreign.items()}
        kept = (Outcome.plain(id_, one.state) for id_, one in self.carried.items())
        return {**{one.id: one for one in kept}, **recorded, **foreign}

    def not_run(self) -> dict[str, str]:
        """Say why items that the gate asks were not run, by id."""
        collected = {node.item.id for node in self.nodes}
        return {
            locked.id: self.left_out.get(locked.id)
            or (_UNFINISHED if locked.id in collected else "it was not collected")
            for locked in self.lock.items
            if self.gate.asks(locked.stage)
            and locked.id not in self.records
            and locked.id not in self.foreign
            and locked.id not in self.carried
        }

    @property
    def selected(self) -> bool:
        """Whether only a part was asked for; a run cut short is no selection."""
        left_out = any(why != _UNFINISHED for why in self.not_run().values())
        return left_out or bool(self.carried)

    def _release_names(self) -> set[str]:
        names = (self.release.version, self.release.source, self.release.commit)
        return {name for name in names if name}

    def _asks_release(self, name: str, item: Item) -> bool:
        return item.scope is Scope.RELEASE and probe(name).runs_release

    def _settle(
        self,
        node: ReadinessItem,
        judgements: tuple[Judgement, ...],
        assertion: str,
        error: str,
    ) -> None:
        item = node.item
        body = judge(judgements, reach=item.reach, assertion=assertion, error=error)
        settled = self.signing.settle(
            item,
            body,
            managed=self._is_managed(node),
            open_items=self.open_items() if is_approval(item) else None,
        )
        outcome = settled.outcome
        if outcome.state is State.UNKNOWN and item.id in self._wrong_release:
            outcome = replace(outcome, code=Code.WRONG_RELEASE)
        self.records[item.id] = Record(item, outcome, judgements, settled.signatures)

    def _is_managed(self, node: ReadinessItem) -> bool:
        """Whether a resource that the item looks at is somebody else's to run."""
        names = [name for name in node.fixturenames if name in REGISTRY]
        if not names:
            return False
        target = self.configuration.targets[self.environment_of(node.item)]
        blocks = [getattr(target, probe(name).block, None) for name in names]
        return any(getattr(block, "managed", None) for block in blocks)


def _foreign(item_id: str, what: str) -> Outcome:
    reason = f"{what}; only the suite decides an item"
    return Outcome.plain(item_id, State.NOT_RUN, Code.FOREIGN_OUTCOME, reason)
