"""A success is remembered for an hour; nobody without the key can make one up."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes.recall import HOLDS, Recall

if TYPE_CHECKING:
    from pathlib import Path

NOON = dt.datetime(2026, 10, 10, 12, 0, tzinfo=dt.UTC)
WHAT = "GET /v1 of https://api.example in production"
KEY = "c4nary-key"


@pytest.fixture
def recall(tmp_path: Path) -> Recall:
    recall = Recall(tmp_path / "store")
    recall.keep(WHAT, KEY, NOON)
    return recall


def entry(recall: Recall) -> Path:
    assert recall.folder is not None
    (path,) = (recall.folder / "successes").iterdir()
    return path


@pytest.mark.parametrize(
    ("after", "known"),
    [
        (dt.timedelta(0), True),
        (HOLDS - dt.timedelta(seconds=1), True),
        (HOLDS, False),
        (dt.timedelta(seconds=-1), False),
    ],
)
def test_it_holds_for_an_hour(
    recall: Recall, after: dt.timedelta, *, known: bool
) -> None:
    assert recall.since(WHAT, KEY, NOON + after) == (NOON if known else None)


def test_it_is_of_one_read_with_one_key(recall: Recall) -> None:
    assert recall.since(WHAT, "another", NOON) is None
    assert recall.since(f"{WHAT}2", KEY, NOON) is None


def test_an_entry_moved_to_another_read_does_not_count(recall: Recall) -> None:
    path = entry(recall)
    recall.keep("other", KEY, NOON)
    assert recall.folder is not None
    (other,) = {*(recall.folder / "successes").iterdir()} - {path}
    other.write_bytes(path.read_bytes())

    assert recall.since("other", KEY, NOON) is None


def test_the_key_is_not_in_it(recall: Recall) -> None:
    assert KEY not in entry(recall).read_text()


@pytest.mark.parametrize(
    "change",
    [
        {"at": (NOON + dt.timedelta(minutes=30)).isoformat()},
        {"at": "2026-10-10T12:00:00"},
        {"at": "soon"},
        {"at": None},
        {"salt": ""},
        {"salt": "zz"},
        {"code": ""},
        {"code": "ü"},
        {"code": None},
    ],
)
def test_what_was_changed_does_not_count(
    recall: Recall, change: dict[str, object]
) -> None:
    path = entry(recall)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    assert recall.since(WHAT, KEY, NOON + dt.timedelta(minutes=40)) is None


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 4096, b"9" * 5000])
def test_what_is_no_entry_does_not_count(recall: Recall, data: bytes) -> None:
    entry(recall).write_bytes(data)

    assert recall.since(WHAT, KEY, NOON) is None


def test_without_a_store_nothing_is_remembered(tmp_path: Path) -> None:
    nothing = Recall()
    nothing.keep(WHAT, KEY, NOON)
    full = Recall(tmp_path / "file")
    (tmp_path / "file").write_text("")
    full.keep(WHAT, KEY, NOON)

    assert nothing.since(WHAT, KEY, NOON) is None
    assert full.since(WHAT, KEY, NOON) is None
