"""Words of the command line: evidence, claims, dates, durations."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.cli import given
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)


def test_evidence_is_named_from_the_repositorys_root(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    (one,) = given.evidence(tmp_path, folder, ["a.txt"], [])

    assert one.name == "docs/a.txt"
    assert one.digest == hashlib.sha256(b"a").hexdigest()
    assert one.uri is None


def test_evidence_from_elsewhere_is_a_copys_digest(tmp_path: Path) -> None:
    (tmp_path / "PT-77.pdf").write_text("found nothing")
    elsewhere = [["https://wiki.example/PT-77", "PT-77.pdf"]]
    (one,) = given.evidence(tmp_path / "repository", tmp_path, [], elsewhere)

    assert (one.name, one.uri) == ("PT-77.pdf", "https://wiki.example/PT-77")


def test_a_link_that_leads_out_is_outside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("s")
    (root / "link").symlink_to(tmp_path / "secret")

    with pytest.raises(ConfigError, match="is not below"):
        given.evidence(root, root, ["link"], [])


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ConfigError, match="is no regular file"):
        given.evidence(tmp_path, tmp_path, ["pipe"], [])


def test_claims_have_the_type_that_they_look_like() -> None:
    texts = ["yes=true", "no=false", "size=-42", "name=a=b", "empty="]

    assert given.claims(texts) == {
        "yes": True,
        "no": False,
        "size": -42,
        "name": "a=b",
        "empty": "",
    }


@pytest.mark.parametrize(
    ("texts", "said"),
    [(["x"], "is not NAME=VALUE"), (["=1"], "is not"), (["a=1", "a=2"], "given twice")],
)
def test_claims_that_are_none(texts: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        given.claims(texts)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2026-10-15", NOW.replace(hour=23, minute=59, second=59)),
        ("2026-10-16", dt.datetime(2026, 10, 16, 23, 59, 59, tzinfo=dt.UTC)),
        ("2026-10-16T08:00:00+02:00", dt.datetime(2026, 10, 16, 6, tzinfo=dt.UTC)),
        ("2026-10-16 08:00", dt.datetime(2026, 10, 16, 8, tzinfo=dt.UTC)),
    ],
)
def test_a_day_ends_at_its_end(text: str, end: dt.datetime) -> None:
    assert given.end_date("--until", text, NOW) == end


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-10-14"])
def test_what_is_no_end(text: str) -> None:
    with pytest.raises(ConfigError, match="--until"):
        given.end_date("--until", text, NOW)


def test_durations() -> None:
    assert given.within("--within", "14d") == dt.timedelta(days=14)
    with pytest.raises(ConfigError, match="as in 14d"):
        given.within("--within", "often")
