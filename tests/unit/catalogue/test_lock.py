from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.canonical import item_digest
from pytest_readiness.catalogue.item import Item, Kind, Stage
from pytest_readiness.catalogue.lock import (
    Change,
    Lock,
    LockedItem,
    compare,
    loads,
    lock_items,
    read,
    write,
)
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EMPTY = Lock("Options Trading Engine")
GOOD = """\
[checklist]
name = "Options Trading Engine"
format = 1
reviewed = 2026-01-31
max_age = "180d"

[[item]]
id = "environment-setup.cache"
section = "environment-setup"
stage = "pre-production"
owner = "ops-lead"
kind = "probe|attest"
core = false
digest = "DIGEST"
origin = "pytest-readiness"
same_as = ["DIGEST"]
""".replace("DIGEST", "ab" * 32)


@pytest.fixture
def suite(make_item: Callable[..., Item]) -> list[Item]:
    return [
        make_item(id="environment-setup.cache", owner="ops-lead"),
        make_item(id="environment-setup.database", core=True),
        make_item(
            id="sign-off.ready", kind=Kind.ROLLUP_AND_ATTEST, stage=Stage.SIGN_OFF
        ),
    ]


def test_a_lock_is_written_and_read_back(suite: list[Item], tmp_path: Path) -> None:
    path = tmp_path / "suite.lock"
    lock = Lock(
        "Options",
        lock_items(suite, EMPTY).items,
        dt.date(2026, 1, 31),
        dt.timedelta(hours=30),
    )
    write(lock, path)
    assert read(path) == lock
    assert read(path).dumps() == path.read_bytes()
    assert path.read_text().startswith("# The items that this suite accounts for.")
    assert lock.digest == read(path).digest != EMPTY.digest
    assert lock.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_digest_is_that_of_the_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "suite.lock"
    path.write_text(f"# mine\n{GOOD}")
    assert read(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()
    assert read(path) == loads(GOOD.encode(), "suite.lock")


def test_every_key_is_read() -> None:
    lock = loads(GOOD.encode(), "suite.lock")
    assert lock == Lock(
        name="Options Trading Engine",
        items=(
            LockedItem(
                id="environment-setup.cache",
                section="environment-setup",
                stage=Stage.PRE_PRODUCTION,
                owner="ops-lead",
                kind=Kind.PROBE_OR_ATTEST,
                core=False,
                digest="ab" * 32,
                origin="pytest-readiness",
                same_as=("ab" * 32,),
            ),
        ),
        reviewed=dt.date(2026, 1, 31),
        max_age=dt.timedelta(days=180),
    )
    assert loads(lock.dumps(), "again") == lock


def test_a_lock_without_items_is_one() -> None:
    assert loads(b'[checklist]\nname = "x"\nformat = 1\n', "suite.lock") == Lock("x")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[checklist]", "<<<<<<< HEAD", "suite.lock: is not TOML: .*line 1"),
        ("[checklist]", "[checklists]", "checklists: is no key .*mean `checklist`"),
        ("[checklist]\n", "[[checklist]]\n", "suite.lock, checklist: must be a table"),
        ("[[item]]", "[item]", "suite.lock, item: must be a list of tables"),
        ('name = "Options Trading Engine"\n', "", r"\[checklist\] name: is missing"),
        ('"Options Trading Engine"', '""', "name: must be a text that is not empty"),
        ("format = 1", "format = 2", "format: is 2, this version reads 1"),
        ("format = 1", "format = true", "format: is True, this version reads 1"),
        ("2026-01-31", "2026-01-31T00:00:00", "reviewed: must be a date"),
        ("2026-01-31", '"2026-01-31"', "reviewed: must be a date"),
        ('"180d"', '"180 days"', 'max_age: must be a duration such as "180d"'),
        ('"180d"', "180", "max_age: must be a duration"),
        ("owner =", "ownr =", r"item 1 \(environment-setup.cache\) ownr: .*`owner`"),
        ("owner =", "xyzzy =", r"item 1 \(environment-setup.cache\) xyzzy: is no key"),
        ('id = "environment-setup.cache"\n', "", "item 1 id: is missing"),
        ('"environment-setup.cache"', "7", "item 1 id: must be a text"),
        ('"environment-setup.cache"', '"Cache"', "id: does not have its form"),
        (
            'section = "environment-setup"',
            'section = "setup"',
            "begin with its section",
        ),
        ('"pre-production"', '"pre-prod"', "'pre-prod' is unknown; did you mean pre-"),
        ('"pre-production"', '"xyzzy"', "'xyzzy' is unknown; one of pre-production, "),
        (
            '"probe|attest"',
            '"probe,attest"',
            "kind: 'probe,attest' is unknown; did you",
        ),
        ('"ops-lead"', '"Ops Lead"', "owner: does not have its form"),
        ("core = false", 'core = "false"', "core: must be true or false"),
        ('digest = "ab', 'digest = "AB', "digest: does not have its form"),
        ('origin = "pytest-readiness"', "origin = 1", "origin: must be a text"),
        ('same_as = ["ab', 'same_as = ["xx', "same_as: must be a list of sha256"),
        ("same_as = [", "same_as = [1, ", "same_as: must be a list of sha256"),
        ('same_as = ["' + "ab" * 32 + '"]', 'same_as = "x"', "same_as: must be a list"),
    ],
)
def test_a_mistake_names_file_item_and_key(old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError, match=message) as caught:
        loads(GOOD.replace(old, new).encode(), "suite.lock")
    assert str(caught.value).startswith("suite.lock")
    assert caught.value.remedy


def test_an_item_twice_is_refused() -> None:
    twice = GOOD + GOOD[GOOD.index("[[item]]") :]
    with pytest.raises(
        ConfigError, match=r"item 2 \(environment-setup.cache\): is item 1"
    ):
        loads(twice.encode(), "suite.lock")


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ConfigError, match="is not TOML"):
        loads(b"\xff", "suite.lock")


def test_a_missing_or_unwritable_lock_names_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"suite\.lock: cannot be read: No such file"):
        read(tmp_path / "suite.lock")
    with pytest.raises(ConfigError, match=r"suite\.lock: cannot be written: No such"):
        write(EMPTY, tmp_path / "nowhere" / "suite.lock")


def test_a_review_is_overdue_after_its_age() -> None:
    lock = Lock("x", (), dt.date(2026, 1, 1), dt.timedelta(days=30))
    assert lock.overdue(dt.date(2026, 1, 31)) == ""
    assert "was due on 2026-01-31" in lock.overdue(dt.date(2026, 2, 1))
    assert Lock("x", (), dt.date(2026, 1, 1)).overdue(dt.date.max) == ""
    assert Lock("x", (), None, dt.timedelta(1)).overdue(dt.date.max) == ""
    far = Lock("x", (), dt.date.max, dt.timedelta(days=30))
    assert far.overdue(dt.date(2026, 1, 1)) == ""


def test_suite_and_lock_agree_after_writing(suite: list[Item]) -> None:
    assert compare(lock_items(suite, EMPTY), suite) == ()


def test_each_difference_is_named(
    suite: list[Item], make_item: Callable[..., Item]
) -> None:
    lock = lock_items(suite, EMPTY)
    now = [
        make_item(id="environment-setup.new"),
        make_item(id="environment-setup.database", core=True, owner="ops-lead"),
        make_item(id="environment-setup.cache", owner="ops-lead", claim="Another one."),
    ]
    found = compare(lock, now)
    assert [(d.change, d.id) for d in found] == [
        (Change.ADDED, "environment-setup.new"),
        (Change.CHANGED, "environment-setup.database"),
        (Change.CHANGED, "environment-setup.cache"),
        (Change.GONE, "sign-off.ready"),
        (Change.MOVED, "environment-setup.database"),
    ]
    assert str(found[1]) == "environment-setup.database: owner was dba, is ops-lead"
    assert "signatures on it are stale" in str(found[2])


def test_locking_keeps_what_the_lock_knew(
    suite: list[Item], make_item: Callable[..., Item]
) -> None:
    before = lock_items(suite[:1], EMPTY, origin="upstream 1.0")
    after = lock_items(suite, before, origin="own")
    assert [item.origin for item in after.items] == ["upstream 1.0", "own", "own"]
    assert after.name == before.name

    reworded = make_item(id=suite[0].id, owner="ops-lead", claim="In other words.")
    editorial = lock_items([reworded], after, editorial={reworded.id})
    (locked,) = editorial.items
    assert locked.same_as == (item_digest(suite[0]),)
    assert locked.digest == item_digest(reworded)
    assert lock_items([reworded], editorial).items == editorial.items

    # A real change ends it; a return to the first wording needs no stand-in.
    other = make_item(id=suite[0].id, owner="ops-lead", claim="Something else.")
    assert lock_items([other], editorial).items[0].same_as == ()
    back = lock_items([suite[0]], editorial, editorial={reworded.id}).items[0]
    assert back.same_as == (item_digest(reworded),)


def test_kind_core_and_stage_are_written(suite: list[Item]) -> None:
    table: dict[str, Any] = {i.id: i for i in lock_items(suite, EMPTY).items}
    ready = table["sign-off.ready"]
    assert (ready.kind, ready.stage) == (Kind.ROLLUP_AND_ATTEST, Stage.SIGN_OFF)
    assert table["environment-setup.database"].core
