"""Rotas: YAML and iCalendar, zones and changes of the clock, gaps to the minute."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.rota import Rota
from pytest_readiness.probes.rota.shifts import first_gap, levels_of
from pytest_readiness.target.blocks import RotaBlock, RotaLevel
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    See = Callable[..., Rota]

ZONE = "America/New_York"
NOW = dt.datetime(2026, 10, 28, 16, 0, tzinfo=dt.UTC)  # 12:00 in New York
DAY = dt.timedelta(days=1)
FEED = "private/8f14e45fceea167a/feed"


def see(block: RotaBlock, timeout: float = 20.0, now: dt.datetime = NOW) -> Rota:
    began = time.monotonic()
    look = Look(Rota.source(block), timeout, now=lambda: now)
    facts = Rota.gather(block, look)
    assert time.monotonic() - began < timeout + 1
    return facts


def rotation(**more: Any) -> dict[str, Any]:
    turn = {"people": ["a", "b"], "start": "2026-01-05 09:00", "days": 7}
    return {"name": "first", "rotation": {**turn, **more}}


def shift(start: str, end: str, person: str = "a") -> dict[str, str]:
    return {"person": person, "start": start, "end": end}


def plan(path: Path, *levels: object, **more: object) -> RotaBlock:
    file = path / "rota.yaml"
    file.write_text(yaml.safe_dump({"levels": list(levels), **more}))
    return RotaBlock(path=file, time_zone=ZONE)


# --------------------------------------------------------------------------------- YAML


def test_a_rotation_has_no_gap_through_a_change_of_the_clock(tmp_path: Path) -> None:
    # On 1 November 2026 New York's clocks go back.
    facts = see(plan(tmp_path, rotation(), rotation(days=1)))
    assert (facts.found.value, facts.levels.value) == (True, 2)
    assert facts.covered.value == dt.timedelta(days=62)
    assert facts.covered.detail == "no gap in two months"


def test_a_handover_is_by_the_clock_on_the_wall() -> None:
    start, end = NOW, NOW + 14 * DAY
    (level,) = levels_of({"levels": [rotation()]}, ZONE, start, end)
    hours = [(ends - begins) / dt.timedelta(hours=1) for begins, ends in level.spans]
    assert 169.0 in hours  # the week with the longer day
    assert {begins.hour for begins, _ in level.spans} == {13, 14}


def test_shifts_that_meet_at_the_hour_that_there_is_twice(tmp_path: Path) -> None:
    block = plan(
        tmp_path,
        {
            "shifts": [
                shift("2026-10-28 00:00", "2026-11-01 01:30"),
                shift("2026-11-01 01:30", "2027-02-01 00:00"),
            ]
        },
    )
    assert see(block).covered.value == dt.timedelta(days=62)


def test_a_gap_of_a_minute_is_found_and_named_in_the_rotas_zone(tmp_path: Path) -> None:
    first = {
        "name": "first",
        "shifts": [
            shift("2026-10-28 09:00", "2026-11-04 09:00"),
            shift("2026-11-04 09:01", "2027-02-01 09:00"),
        ],
    }
    facts = see(plan(tmp_path, first, rotation()))
    # From noon before the change of the clock to nine after it.
    assert facts.covered.value == 6 * DAY + dt.timedelta(hours=22)
    assert facts.covered.detail == (
        "first: nobody from 2026-11-04 09:00 to 2026-11-04 09:01 America/New_York"
    )


def test_a_gap_of_the_second_level_counts_and_of_the_third_does_not(
    tmp_path: Path,
) -> None:
    short = {"name": "short", "shifts": [shift("2026-10-01", "2026-11-02")]}
    facts = see(plan(tmp_path, rotation(), short))
    assert facts.covered.otherwise(9 * DAY) < 5 * DAY
    facts = see(plan(tmp_path, rotation(), rotation(), short))
    assert (facts.levels.value, facts.covered.value) == (3, 62 * DAY)


def test_nobody_now(tmp_path: Path) -> None:
    late = {"name": "late", "shifts": [shift("2026-10-28T13:00-04:00", "2027-02-01")]}
    facts = see(plan(tmp_path, late))
    assert facts.covered.value == dt.timedelta(0)
    facts = see(plan(tmp_path))
    assert facts.covered.detail == "nobody is on call"
    assert facts.levels.value == 0


def test_a_rotation_that_ends(tmp_path: Path) -> None:
    facts = see(plan(tmp_path, rotation(end="2026-11-10 12:00")))
    assert "nobody from 2026-11-10 12:00" in facts.covered.detail
    assert see(plan(tmp_path, rotation(end="2026-02-10"))).covered.value == 0 * DAY


def test_a_rota_has_a_zone_of_its_own(tmp_path: Path) -> None:
    late = {"name": "x", "shifts": [shift("2026-10-28 16:30", "2027-02-01")]}
    assert see(plan(tmp_path, late, time_zone="UTC")).covered.value == 0 * DAY
    assert see(plan(tmp_path, late, time_zone="Asia/Tokyo")).covered.value == 62 * DAY


@pytest.mark.parametrize(
    ("level", "word"),
    [
        ({"name": "x"}, "neither shifts nor a rotation"),
        ({"shifts": "a"}, "`shifts` is no list"),
        ({"shifts": [shift("soon", "2026-11-02")]}, "`start: soon` is no time"),
        ({"shifts": [shift("2026-11-02", "2026-11-01")]}, "ends before it begins"),
        ({"shifts": [shift("2026-11-01", "2026-11-02", " ")]}, "names no person"),
        (rotation(people=[]), "no people"),
        (rotation(people="a"), "`people` is no list"),
        (rotation(days=0), "number of days"),
        (rotation(days="7"), "number of days"),
        (rotation(days=10**9), "number of days"),
    ],
)
def test_what_is_wrong_with_a_rota_is_said(
    level: object, word: str, tmp_path: Path
) -> None:
    assert word in see(plan(tmp_path, level)).reason.reason


def test_a_zone_that_there_is_not(tmp_path: Path) -> None:
    for zone in ("Mars/Base", "../etc/passwd", 7):
        assert "is no time zone" in see(plan(tmp_path, time_zone=zone)).reason.reason


def test_ten_years_of_shifts_are_read_in_time(tmp_path: Path) -> None:
    start = dt.datetime(2020, 1, 1)  # noqa: DTZ001  # a time of the rota's zone
    shifts = [
        shift(str(start + n * DAY), str(start + (n + 1) * DAY)) for n in range(3652)
    ]
    facts = see(plan(tmp_path, {"name": "x", "shifts": shifts}))
    assert facts.covered.value == 62 * DAY


def test_no_rota_is_an_observation(tmp_path: Path) -> None:
    facts = see(RotaBlock(path=tmp_path / "none.yaml"))
    assert facts.found.value is False
    level = RotaLevel(name="x", path=tmp_path / "none.ics")
    assert see(RotaBlock(levels=(level,))).found.value is False


def test_the_first_gap_of_spans_that_overlap() -> None:
    def span(start: float, end: float) -> tuple[dt.datetime, dt.datetime]:
        return NOW + start * DAY, NOW + end * DAY

    spans = [span(3, 5), span(-1, 2), span(1, 3), span(5.5, 9)]
    assert first_gap(spans, NOW, NOW + 9 * DAY) == span(5, 5.5)
    assert first_gap(spans, NOW, NOW + 5 * DAY) is None
    assert first_gap([], NOW, NOW + DAY) == span(0, 1)
    assert first_gap(spans, NOW, NOW + 12 * DAY) == span(5, 5.5)
    assert first_gap([span(-1, 2)], NOW, NOW + 3 * DAY) == span(2, 3)


# ---------------------------------------------------------------------------- iCalendar


def calendar(*events: str) -> bytes:
    head = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n"
    body = "".join(
        f"BEGIN:VEVENT\nUID:{number}\nDTSTAMP:20200101T000000Z\n{event}\nEND:VEVENT\n"
        for number, event in enumerate(events)
    )
    return f"{head}{body}END:VCALENDAR\n".replace("\n", "\r\n").encode()


WEEKLY = (
    f"DTSTART;TZID={ZONE}:20160104T090000\nDTEND;TZID={ZONE}:20160111T090000\n"
    "RRULE:FREQ=WEEKLY"
)


def level(path: Path, *events: str, data: bytes | None = None) -> RotaBlock:
    file = path / "rota.ics"
    file.write_bytes(calendar(*events) if data is None else data)
    return RotaBlock(levels=(RotaLevel(name="first", path=file),), time_zone=ZONE)


def test_a_calendar_that_repeats_for_ten_years(tmp_path: Path) -> None:
    facts = see(level(tmp_path, WEEKLY))
    assert (facts.levels.value, facts.covered.value) == (1, 62 * DAY)


def test_an_exception_of_a_repetition_is_a_gap(tmp_path: Path) -> None:
    gone = f"{WEEKLY}\nEXDATE;TZID={ZONE}:20261102T090000"
    facts = see(level(tmp_path, gone))
    assert "nobody from 2026-11-02 09:00 to 2026-11-09 09:00" in facts.covered.detail


def test_a_cancelled_event_is_nobody(tmp_path: Path) -> None:
    facts = see(level(tmp_path, f"{WEEKLY}\nSTATUS:CANCELLED"))
    assert facts.covered.value == 0 * DAY


def test_whole_days_and_times_without_a_zone_are_of_the_rotas_zone(
    tmp_path: Path,
) -> None:
    whole = "DTSTART;VALUE=DATE:20261028\nDTEND;VALUE=DATE:20261101"
    floating = "DTSTART:20261101T000000\nDTEND:20270301T000000"
    assert see(level(tmp_path, whole, floating)).covered.value == 62 * DAY
    facts = see(level(tmp_path, whole))
    assert "nobody from 2026-11-01 00:00" in facts.covered.detail


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no calendar",
        b"\xff\xfe\0",
        b"BEGIN:VCALENDAR\r\n",
        b"BEGIN:X\r\n" * 50_000,
    ],
)
def test_what_is_no_calendar_has_nobody_or_says_so(data: bytes, tmp_path: Path) -> None:
    facts = see(level(tmp_path, data=data))
    assert facts.covered.otherwise(0 * DAY) == 0 * DAY


def test_an_event_every_second_for_ever_is_ended(tmp_path: Path) -> None:
    often = "DTSTART:20160104T090000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"
    facts = see(level(tmp_path, often), timeout=2.0)
    assert "no answer within" in facts.reason.reason


def answer(client: socket.socket) -> None:
    with client, client.makefile("rb") as stream:
        path = stream.readline().split()[1].decode()
        found = path == f"/{FEED}"
        body = calendar(WEEKLY) if found else b""
        status = "200 OK" if found else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode() + body)


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    with Listener(answer) as listener:
        yield f"http://127.0.0.1:{listener.port}"


def test_a_feed_is_read_and_its_path_stays_secret(host: str) -> None:
    def block(feed: str) -> RotaBlock:
        one = RotaLevel(name="first", url=host, feed=Secret(feed, "env:FEED"))
        return RotaBlock(levels=(one,))

    facts = see(block(FEED))
    assert facts.covered.value == 62 * DAY
    missing = see(block(f"{FEED}/old"))
    assert missing.reason.reason == "the feed of first answered 404"
    looks = Rota.looks(block(FEED))
    assert FEED not in f"{facts!r} {missing!r} {looks!r}"
    assert "GET {feed}" in [look.what for look in looks]


def test_each_look_says_beforehand_what_it_reads(tmp_path: Path) -> None:
    (look,) = Rota.looks(RotaBlock(path=tmp_path / "rota.yaml"))
    assert look.kind == "file"
    kinds = [look.kind for look in Rota.looks(level(tmp_path, WEEKLY))]
    assert kinds == ["file", "program"]
