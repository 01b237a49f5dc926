from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.files import TEMPORARY
from pytest_readiness.errors import StoreError
from pytest_readiness.reports.json import write_json
from pytest_readiness.store import files
from pytest_readiness.store.files import read_report, write
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import NoReturn

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.store.document import Report


@pytest.fixture
def report(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> Report:
    item = make_item()
    return make_report([item], {item.id: Outcome.plain(item.id, State.VERIFIED)})


def test_a_report_is_written_and_read_back(report: Report, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "readiness-report"
    path = write_json(report, folder)
    assert path == folder / "report.json"
    assert path.read_bytes() == report.canonical()
    assert read_report(path) == report
    assert sorted(p.name for p in folder.iterdir()) == [".gitignore", "report.json"]
    assert (folder / ".gitignore").read_text().splitlines()[-1] == "*"


def test_a_folder_with_something_in_it_is_not_hidden_from_git(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    write(tmp_path, "report.json", b"{}")
    assert not (tmp_path / ".gitignore").exists()


def test_a_users_gitignore_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine")
    write(tmp_path, "report.json", b"{}")
    assert (tmp_path / ".gitignore").read_text() == "mine"


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    old = tmp_path / f".report.json.abc{TEMPORARY}"
    young = tmp_path / f".report.json.def{TEMPORARY}"
    other = tmp_path / f".report.html.abc{TEMPORARY}"
    for path in (old, young, other):
        path.write_text("half")
    long_ago = time.time() - 7200
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))
    write(tmp_path, "report.json", b"{}")
    assert not old.exists()
    assert young.exists()
    assert other.exists()


def test_a_full_disk_is_told_and_the_last_report_stays(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_json(report, tmp_path / "out")

    def full(_path: Path, _data: bytes) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_atomically", full)
    with pytest.raises(StoreError, match=r"report\.json: cannot be written: No space"):
        write(path.parent, path.name, b"{}")
    assert read_report(path) == report


def test_a_file_in_the_folders_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StoreError, match=r"cannot be written.*--readiness-out"):
        write(tmp_path / "out", "report.json", b"{}")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON|is no report of format"),
        (b"[]", "is no report of format pytest-readiness/report/1, but None"),
        (b'{"format": "pytest-readiness/report/2"}', "but 'pytest-readiness/report/2'"),
        (
            b'{"format": "pytest-readiness/report/1"}',
            "checklist: Field required;.*more",
        ),
    ],
)
def test_what_is_no_report_is_refused(
    data: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(data)
    with pytest.raises(StoreError, match=message) as caught:
        read_report(path)
    assert str(caught.value).startswith(str(path))


def test_a_report_that_contradicts_itself_is_refused(
    report: Report, tmp_path: Path
) -> None:
    path = tmp_path / "report.json"
    document = json.loads(report.canonical())
    document["seen"] = 7
    path.write_text(json.dumps(document))
    with pytest.raises(StoreError, match=r"document: .*seen and signed do not match"):
        read_report(path)


def test_a_missing_or_huge_report_is_refused(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match="cannot be read: No such file"):
        read_report(tmp_path / "report.json")
    path = write_json(report, tmp_path / "out")
    monkeypatch.setattr(files, "MAX_SIZE", 10)
    with pytest.raises(StoreError, match="is larger than 10 bytes"):
        read_report(path)
