"""Makers of the catalogue's and the verdict's values, shared by the unit tests."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.item import Item, Kind, Stage
from pytest_readiness.catalogue.lock import Lock, lock_items
from pytest_readiness.catalogue.requirement import Judged, Judgement
from pytest_readiness.store.building import Evidence, Subject, build
from pytest_readiness.store.document import ReleaseJudged, Report, RunFacts
from pytest_readiness.verdict.decision import decide, exit_code
from pytest_readiness.verdict.gate import GATES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_readiness.verdict.settling import Outcome

NOON = dt.datetime(2026, 10, 10, 12, 0, tzinfo=dt.UTC)

_ITEM: dict[str, Any] = {
    "id": "database-setup.security",
    "section": "database-setup",
    "section_title": "Database Setup",
    "stage": Stage.PRE_PRODUCTION,
    "kind": Kind.PROBE,
    "owner": "dba",
    "claim": "Sessions are encrypted.",
    "why": "a listener on the way reads along",
    "fix": "set `ssl = on`",
}
_JUDGEMENT: dict[str, Any] = {
    "label": "server version",
    "observed": "11.22",
    "required": "at least 12",
    "judged": Judged.MET,
    "source": "postgresql://db.example:5432/app",
    "at": NOON,
    "duration": dt.timedelta(milliseconds=12),
}


def _item(**changes: Any) -> Item:
    if "id" in changes:
        changes.setdefault("section", changes["id"].split(".")[0])
        changes.setdefault("section_title", changes["section"].replace("-", " "))
    return Item(**{**_ITEM, **changes})


def _judgement(**changes: Any) -> Judgement:
    return Judgement(**{**_JUDGEMENT, **changes})


def _report(
    items: Sequence[Item],
    outcomes: Mapping[str, Outcome],
    judgements: Mapping[str, Sequence[Judgement]] | None = None,
    **changes: Any,
) -> Report:
    judgements = judgements or {}
    lock = lock_items(items, Lock("Options Trading Engine"))
    names = {"gate", "selected", "judged", "trust_broken", "strict", "no_gate"}
    options = {name: changes.pop(name) for name in names & changes.keys()}
    gate = GATES[options.pop("gate", "go-live")]
    decision = decide(lock.items, outcomes, gate, **options)
    given: dict[str, Any] = {
        "subject": Subject(
            system="Options Trading Engine",
            environment="production",
            release=ReleaseJudged(
                version="2.4.0",
                source="sha256:" + "ab" * 32,
                commit="1a2b3c4d5e6f7a8b9c0d",
                bound=True,
            ),
            target_digest="cd" * 32,
        ),
        "run": RunFacts(
            started=NOON,
            ended=NOON + dt.timedelta(seconds=3),
            host="ci-1",
            user="ci",
            command=("pytest", "--readiness"),
            plugin="1.0",
            python="3.11.7",
            pytest="9.2.0",
        ),
        "lock": lock,
        "decision": decision,
        "exit_code": exit_code(decision, 0),
        "evidence": {i.id: Evidence(i, judgements.get(i.id, ())) for i in items},
    }
    return build(**{**given, **changes})


@pytest.fixture(scope="session")
def make_item() -> Callable[..., Item]:
    """Give a maker of items; what is not named is a probe of the database."""
    return _item


@pytest.fixture(scope="session")
def make_judgement() -> Callable[..., Judgement]:
    """Give a maker of judgements; what is not named is met."""
    return _judgement


@pytest.fixture(scope="session")
def make_report() -> Callable[..., Report]:
    """Give a maker of reports from items, outcomes and judgements."""
    return _report
