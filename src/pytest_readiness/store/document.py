"""The report as a document: typed, versioned, canonical; every format renders from it.

:mod:`.building` makes it of a run, :mod:`.files` keeps it, :mod:`.schema` publishes its
JSON Schema.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import NonNegativeInt, StringConstraints, model_validator

from pytest_readiness.catalogue.item import Kind, Scope, Stage
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.catalogue.requirement import Judged
from pytest_readiness.store.parts import (
    Amount,
    Instant,
    ItemId,
    Part,
    Slug,
    Sorted,
    Text,
)
from pytest_readiness.store.signed import HindranceShown, SignedShown, TrustShown
from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "FORMAT",
    "ApproversCounted",
    "Checklist",
    "Counts",
    "GateAsked",
    "LeftOut",
    "Observation",
    "PastRun",
    "ReleaseJudged",
    "Report",
    "ReportItem",
    "RunFacts",
    "Seen",
    "Selection",
    "SignatureNeeded",
    "Vantage",
]

FORMAT: Final = "pytest-readiness/report/1"


class ReleaseJudged(Part):
    """The release under judgement."""

    version: Text
    source: Text | None = None
    """Digest over the sources (``sha256:...``); none where the release is unbound."""
    commit: Text | None = None
    """For people; the source decides."""
    dirty: bool = False
    """There are uncommitted changes within the release."""
    dirty_paths: tuple[Text, ...] = ()
    bound: bool
    """Whether the source is known, so that signatures can be bound to it."""


class GateAsked(Part):
    """The question: which stages must be satisfied."""

    name: Text
    stages: tuple[Stage, ...]


class Counts(Part):
    """How many items are in each state, those out of gate included."""

    raw: Annotated[dict[State, NonNegativeInt], Sorted]
    """Before waivers."""
    after: Annotated[dict[State, NonNegativeInt], Sorted]
    """After waivers."""


class LeftOut(Part):
    """An item of the gate that was not run, and why, where that is known."""

    id: ItemId
    why: Text


class Selection(Part):
    """What the run left out; a run of a selection is never READY."""

    selected: bool = False
    why: tuple[Text, ...] = ()
    """The options that selected."""
    left_out: tuple[LeftOut, ...] = ()


class RunFacts(Part):
    """Who ran what, where and when."""

    started: Instant
    ended: Instant
    host: Text
    user: Text
    command: tuple[Text, ...]
    """Without secrets."""
    plugin: Text
    python: Text
    pytest: Text


class Checklist(Part):
    """The checklist that was accounted for."""

    name: Text
    items: NonNegativeInt
    digest: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """The sha256 of suite.lock."""
    reviewed: Text | None = None
    """Date of its last review."""


class SignatureNeeded(Part):
    """Who must sign an item, and for how long that holds."""

    roles: tuple[Slug, ...]
    """All needed, each by a person of its own."""
    scope: Scope
    max_age_days: Amount
    always: bool
    """False: accepted only where the target has no block."""


class Observation(Part):
    """One line of evidence: a fact, its requirement, and what follows."""

    label: Text
    observed: Text
    required: Text
    judged: Judged
    reason: Text = ""
    cause: Cause | None = None
    """Why the fact is unavailable, where it is."""
    remedy: Text = ""
    source: Text = ""
    detail: Text = ""
    bound_source: Text = ""
    """Where the requirement's bound comes from."""
    at: Instant | None = None
    duration_seconds: Amount = 0.0


class ReportItem(Part):
    """One item of the checklist."""

    id: ItemId
    section: Slug
    section_title: Text
    stage: Stage
    kind: Kind
    owner: Slug
    core: bool
    reach: bool = False
    digest: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """Digest of the item's wording in suite.lock."""
    state: State
    raw_state: State
    """Before waivers."""
    code: Text = ""
    reason: Text = ""
    remedy: Text = ""
    """What satisfies it: what the look found out, else the item's fix."""
    command: Text = ""
    """The command that supplies the missing signature, where one would help."""
    command_roles: tuple[Slug, ...] = ()
    """Who runs the command, or follows the remedy."""
    claim: Text = ""
    """Empty where the item was not collected."""
    why: Text = ""
    fix: Text = ""
    signature: SignatureNeeded | None = None
    signed: SignedShown | None = None
    """Who signed it; none where there is no trust file."""
    carried: Instant | None = None
    """When it was seen, where that was an earlier run; no verdict rests on it."""
    seen_from: tuple[Seen, ...] = ()
    """Of a merged report: its state from each vantage point; the worst one counts."""
    observations: tuple[Observation, ...] = ()


class ApproversCounted(Part):
    """How many distinct people approved, and how many must."""

    people: NonNegativeInt
    needed: NonNegativeInt


class Vantage(Part):
    """One of the runs that a merged report is made of."""

    name: Text
    host: Text
    runner: Text
    """The machine whose key vouches for it."""
    ended: Instant
    report: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """The sha256 of its report.json."""


class Seen(Part):
    """What an item is from one vantage point."""

    vantage: Text
    state: State


class PastRun(Part):
    """An earlier run of the same question, for the trend."""

    at: Instant
    """When it ended."""
    release: Text
    """Its version."""
    verdict: Verdict
    counts: Annotated[dict[State, NonNegativeInt], Sorted]
    """After waivers."""


class Report(Part):
    """One run's answer; ``report.json``."""

    format: Literal["pytest-readiness/report/1"] = FORMAT
    system: Text
    organisation: Text | None = None
    environment: Text
    candidate: Text | None = None
    """Where the release was looked at before go-live; none: in the environment."""
    release: ReleaseJudged
    target_digest: Text
    gate: GateAsked
    verdict: Verdict
    raw_verdict: Verdict
    """Before waivers."""
    exit_code: NonNegativeInt
    """Of the process: pytest's own codes and --readiness-no-gate included."""
    counts: Counts
    seen: NonNegativeInt
    """Items that a probe verified."""
    signed: NonNegativeInt
    """Items that people attested."""
    selection: Selection
    run: RunFacts
    checklist: Checklist
    trust: TrustShown = TrustShown()
    approvers: ApproversCounted | None = None
    """Who signed off; none where the gate asks for no approval."""
    hindrances: tuple[HindranceShown, ...] = ()
    """What blocks the gate beside its items."""
    warnings: tuple[Text, ...] = ()
    trend: tuple[PastRun, ...] = ()
    """Earlier runs, the oldest first; none where none are kept."""
    vantages: tuple[Vantage, ...] = ()
    """Of a merged report: the runs that it is made of."""
    items: tuple[ReportItem, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        """Refuse a document that contradicts itself: edited, or a defect of ours."""
        ids = {item.id for item in self.items}
        if len(ids) != len(self.items):
            msg = "an item is listed twice"
            raise ValueError(msg)
        if self.counts.after != _counted(item.state for item in self.items):
            msg = "counts.after do not match the items' states"
            raise ValueError(msg)
        if self.counts.raw != _counted(item.raw_state for item in self.items):
            msg = "counts.raw do not match the items' raw states"
            raise ValueError(msg)
        pair = self.counts.after[State.VERIFIED], self.counts.after[State.ATTESTED]
        if pair != (self.seen, self.signed):
            msg = "seen and signed do not match the counts"
            raise ValueError(msg)
        return self

    def canonical(self) -> bytes:
        """Give the bytes of ``report.json``: sorted keys, UTF-8, one line."""
        return self.model_dump_json().encode() + b"\n"


def _counted(states: Iterable[State]) -> dict[State, int]:
    found = Counter(states)
    return {state: found[state] for state in State}
