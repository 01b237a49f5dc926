"""Waivers: their two sorts, and the terms that all approvers must have signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.predicates import Waiver

DATA = json.loads((Path(__file__).parent / "data" / "predicates.json").read_text())
HEX = "0123456789abcdef" * 4
DIGEST = {"sha256": HEX}
WAIVER: dict[str, Any] = DATA["waiver"]
EMERGENCY: dict[str, Any] = DATA["emergency"]
ITEM: dict[str, Any] = WAIVER["item"]
UNTIL: str = WAIVER["validUntil"]


def malformed(value: object) -> str:
    with pytest.raises(Malformed) as refused:
        Waiver.read(value)
    return refused.value.where


def test_an_emergencys_waiver_lists_what_is_open() -> None:
    waiver = Waiver.read(EMERGENCY)

    assert waiver.emergency
    assert waiver.covered == {"database-setup.security": HEX, "a.b.c": HEX}
    assert waiver.write() == EMERGENCY
    ordinary = Waiver.read(WAIVER)
    assert not ordinary.emergency
    assert ordinary.covered == {"database-setup.security": HEX}


def test_an_emergency_may_list_every_item_of_the_checklist() -> None:
    items = {f"section-{number}.item-{number}": HEX for number in range(196)}
    waiver = Waiver.read(EMERGENCY | {"items": items})

    assert len(waiver.covered) == 196
    written = json.dumps(waiver.write())
    assert len(written) < 48 * 1024
    assert written.count("{") + written.count("[") < 20


@pytest.mark.parametrize(
    "value",
    [
        EMERGENCY | {"items": {}},
        {name: part for name, part in EMERGENCY.items() if name != "incident"},
        {name: part for name, part in EMERGENCY.items() if name != "items"},
        EMERGENCY | {"item": ITEM},
        WAIVER | {"incident": "INC-17"},
        WAIVER | {"items": EMERGENCY["items"]},
    ],
)
def test_a_waiver_is_of_one_sort(value: dict[str, Any]) -> None:
    assert malformed(value) == ""


@pytest.mark.parametrize("items", [{"A.B": HEX}, {"a.b": HEX[:-1]}, {"a.b": DIGEST}])
def test_an_emergency_lists_items_by_digest(items: dict[str, Any]) -> None:
    assert malformed(EMERGENCY | {"items": items}) == "items"


def test_terms_are_canonical() -> None:
    terms = {
        "again": False,
        "compensatingControls": ["nightly dump", "restored weekly"],
        "coversUnknown": True,
        "item": ITEM,
        "reason": "Restore test needs the new data centre.",
        "requestedBy": "dave",
        "risk": "medium",
        "validUntil": UNTIL,
    }
    expected = json.dumps(terms, sort_keys=True, separators=(",", ":")).encode()

    assert Waiver.read(WAIVER).terms == expected


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"attester": "carol"}, True),
        ({"issuedAt": "2026-10-11T00:00:00Z"}, True),
        ({"nonce": "f" * 32}, True),
        ({"target": {"system": "other"}}, True),
        ({"ticket": "other"}, True),
        ({"validUntil": "2026-10-24T11:00:00+02:00"}, True),
        ({"validUntil": "2026-10-24T09:00:01Z"}, False),
        ({"item": ITEM | {"id": "a.b"}}, False),
        ({"item": ITEM | {"digest": {"sha256": "0" * 64}}}, False),
        ({"reason": "other"}, False),
        ({"risk": "low"}, False),
        ({"compensatingControls": ["nightly dump"]}, False),
        ({"compensatingControls": ["restored weekly", "nightly dump"]}, False),
        ({"requestedBy": "erin"}, False),
        ({"coversUnknown": False}, False),
        ({"again": True}, False),
    ],
    ids=str,
)
def test_approvers_must_have_signed_the_same_terms(
    change: dict[str, Any],
    same: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    # Threat row 32.
    changed = Waiver.read(WAIVER | change)

    assert (changed.terms == Waiver.read(WAIVER).terms) is same


def test_an_emergencys_items_and_incident_are_terms() -> None:
    terms = Waiver.read(EMERGENCY).terms

    assert Waiver.read(EMERGENCY | {"incident": "INC-18"}).terms != terms
    assert Waiver.read(EMERGENCY | {"items": {"a.b": HEX}}).terms != terms
