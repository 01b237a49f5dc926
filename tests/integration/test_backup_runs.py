"""The record of a backup's runs: a gap is found to the minute, a failure is none."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.backup.runs import BackupRuns, missed
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import BackupBlock

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2030, 1, 8, 12, 0, tzinfo=dt.UTC)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


def nights(*missing: int, late: dt.timedelta = 0 * HOUR) -> tuple[dt.datetime, ...]:
    """Give the ends of ten nights' runs, at two."""
    two = NOW.replace(hour=2)
    return tuple(two - n * DAY + late for n in range(10) if n not in missing)


def test_each_night_has_its_backup() -> None:
    assert missed(nights(), NOW, DAY, 7) == ()
    assert missed(nights(8, 9), NOW, DAY, 7) == ()
    assert missed(nights(), NOW + 15 * HOUR + 59 * HOUR / 60, DAY, 7) == ()


def test_a_night_without_one_is_named() -> None:
    assert missed(nights(3), NOW, DAY, 7) == (
        "none from 2030-01-04 02:00 to 2030-01-06 02:00 UTC",
    )
    assert missed(nights(0), NOW, DAY, 7)[0].endswith("to 2030-01-08 12:00 UTC")
    late = NOW + 16 * HOUR + HOUR / 60
    assert missed(nights(), late, DAY, 7)[0].startswith("none from 2030-01-08 02:00")


def test_no_record_and_records_of_the_future_only() -> None:
    assert missed((), NOW, DAY, 7) == (
        "none from 2030-01-01 12:00 to 2030-01-08 12:00 UTC",
    )
    assert len(missed((NOW + DAY,), NOW, DAY, 7)) == 1


def test_an_hourly_job() -> None:
    hourly = tuple(NOW - n * HOUR for n in range(30))
    assert missed(hourly, NOW, HOUR, 24) == ()
    assert len(missed(hourly[:3] + hourly[7:], NOW, HOUR, 24)) == 1


def see(path: Path, text: str) -> BackupRuns:
    history = path / "history.jsonl"
    history.write_text(text)
    block = BackupBlock(kind="dump", path=path, history=history)
    return BackupRuns.gather(block, Look("x", 5.0, now=lambda: NOW))


def test_only_what_went_well_counts(tmp_path: Path) -> None:
    lines = [
        {"ended": "2030-01-07T02:00:00Z", "result": "success"},
        {"ended": "2030-01-08T02:00:00", "result": "failure"},
        {"ended": "2030-01-06T03:00:00+01:00", "result": "success", "bytes": 5},
        {"ended": "2030-01-05T02:00:00"},
    ]
    facts = see(tmp_path, "\n\n".join(map(json.dumps, lines)))
    ended = facts.successes.otherwise(())
    assert [moment.day for moment in ended] == [6, 7]
    assert facts.missed(DAY, 3).otherwise(()) == (
        "none from 2030-01-07 02:00 to 2030-01-08 12:00 UTC",
    )


@pytest.mark.parametrize("line", ["done", "[]", "{}", '{"ended": "soon"}', "[" * 9999])
def test_what_is_no_record_says_so(line: str, tmp_path: Path) -> None:
    good = '{"ended": "2030-01-07T02:00:00Z", "result": "success"}\n'
    nothing = see(tmp_path, good + line).successes.value
    assert isinstance(nothing, Unavailable)
    assert "line 2 is no record" in nothing.reason


def test_a_job_without_a_record(tmp_path: Path) -> None:
    block = BackupBlock(kind="dump", path=tmp_path)
    facts = BackupRuns.gather(block, Look("x", 5.0))
    assert facts.reason.cause is Cause.UNCONFIGURED
    assert BackupRuns.looks(block) == ()
    assert BackupRuns.source(block) == str(tmp_path)
    pgbackrest = BackupBlock(kind="pgbackrest", stanza="main")
    assert [look.what for look in BackupRuns.looks(pgbackrest)] == [
        "pgbackrest info --output=json"
    ]
