"""Reports of every state, and of everything that the world may say."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.result import Result
from pytest_readiness.catalogue.item import Kind, Stage
from pytest_readiness.catalogue.judgement import Judged
from pytest_readiness.store.document import (
    ApproversCounted,
    Report,
    ReportItem,
    Selection,
)
from pytest_readiness.store.signed import (
    HindranceShown,
    SignedShown,
    SignerShown,
    TrustShown,
    WaiverShown,
)
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.catalogue.item import Item

NOON = dt.datetime(2026, 10, 10, 12, 0, tzinfo=dt.UTC)


def _signer(said: str) -> SignerShown:
    return SignerShown(
        person="anna",
        name=f"Anna {said}",
        title=f"DBA {said}",
        role="dba",
        fingerprint="SHA256:abc",
        issued_at=NOON,
        until=NOON + dt.timedelta(days=30),
        payload=hashlib.sha256(b"").hexdigest(),
        justification=said,
    )


def _signed(item: ReportItem, said: str) -> ReportItem:
    """Give the item the signatures that its state needs."""
    if item.state not in {State.ATTESTED, State.WAIVED}:
        return item
    waiver = WaiverShown(
        used=True,
        approvers=(_signer(said),),
        requested_by="anna",
        reason=f"accepted: {said}",
        risk="low",
        compensating_controls=(),
        until=NOON + dt.timedelta(days=7),
        covers_unknown=False,
        renewals=0,
        emergency=False,
    )
    signed = SignedShown(
        result=Result.SATISFIED,
        signers=(_signer(said),),
        expires=NOON + dt.timedelta(days=30),
        waiver=waiver if item.state is State.WAIVED else None,
    )
    return item.model_copy(update={"signed": signed})


@pytest.fixture(scope="session")
def every_state(
    make_item: Callable[..., Item],
    make_judgement: Callable[..., object],
    make_report: Callable[..., Report],
) -> Callable[..., Report]:
    """Make a report with items in every state, all texts of which say ``said``."""

    def every_state(said: str = "11.22", each: int = 2, **changes: Any) -> Report:
        items, outcomes, lines = [], {}, {}
        for number, state in enumerate(list(State) * each):
            outside = state is State.OUT_OF_GATE
            item = make_item(
                id=f"section-{number % 3}{'-out' if outside else ''}.item-{number}",
                section_title=f"Section {said}",
                owner=("dba", "ops-lead")[number % 2],
                stage=Stage.DAILY if outside else Stage.PRE_PRODUCTION,
                kind=Kind.PROBE_OR_ATTEST,
                claim=f"It is so: {said.encode(errors='replace').decode()}",
                fix=f"do this: {said}",
            )
            items.append(item)
            raw = State.FAILED if state is State.WAIVED else state
            outcomes[item.id] = Outcome(item.id, state, raw, "CODE", said)
            lines[item.id] = [
                make_judgement(judged=Judged.VIOLATED, observed=said, source=said)
            ]
        report = make_report(items, outcomes, lines)
        given = {name: getattr(report, name) for name in Report.model_fields}
        return Report(
            **{
                **given,
                "items": tuple(_signed(item, said) for item in report.items),
                "approvers": ApproversCounted(people=2, needed=3),
                "hindrances": (HindranceShown(code="TOO_FEW", reason=said),),
                "trust": TrustShown(failures=(said,), expires=NOON),
                "warnings": (f"warned: {said}",),
                "selection": Selection(selected=True, why=(f"-k {said}",)),
                **changes,
            }
        )

    return every_state
