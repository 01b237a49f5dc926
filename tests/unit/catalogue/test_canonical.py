from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_readiness.catalogue.canonical import canonical, digest, fold, item_digest
from pytest_readiness.catalogue.item import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.catalogue.item import Item


def test_canonical_bytes_are_those_of_jq() -> None:
    assert canonical({"b": ["é", 1], "a": {"d": True, "c": None}}) == (
        '{"a":{"c":null,"d":true},"b":["é",1]}'.encode()
    )


def test_folding_undoes_wrapping_and_composition() -> None:
    assert fold(" One\n    two\tthree ") == "One two three"
    assert fold(unicodedata.normalize("NFD", "geprüft")) == "geprüft"


def test_an_items_digest_is_that_of_its_meaning(make_item: Callable[..., Item]) -> None:
    item = make_item()
    meaning = {
        "claim": item.claim,
        "id": item.id,
        "section": item.section,
        "stage": str(item.stage),
    }
    text = json.dumps(meaning, sort_keys=True, separators=(",", ":"))
    assert item_digest(item) == hashlib.sha256(text.encode()).hexdigest()
    assert digest(b"") == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("key", "value", "same"),
    [
        ("claim", "Sessions are not encrypted.", False),
        ("claim", "Sessions\n    are encrypted.", True),
        ("id", "database-setup.other", False),
        ("section", "other", False),
        ("stage", Stage.DAILY, False),
        ("why", "because", True),
        ("fix", "do it", True),
        ("owner", "ops-lead", True),
        ("core", True, True),
    ],
)
def test_only_the_meaning_changes_the_digest(
    make_item: Callable[..., Item], key: str, value: object, *, same: bool
) -> None:
    item, changed = make_item(), cast("dict[str, Any]", {key: value})
    assert (item_digest(replace(item, **changed)) == item_digest(item)) is same
