"""The programs that read for a probe, as they would in a process of their own."""

from __future__ import annotations

import datetime as dt
import json
import resource
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes import calendar_reader, openapi_validator
from pytest_readiness.probes.pages import __main__ as page_reader, restructured
from pytest_readiness.probes.pages.markdown import read as read_markdown
from pytest_readiness.probes.tree import parsed

if TYPE_CHECKING:
    from pathlib import Path

RST = """
Guide
=====

:reviewed: 2030-01-31

Words, `there <other.md>`_, `Nowhere`_, :doc:`third`, :doc:`fourth <dir/fourth>`,
``TODO`` and :made-up:`role`.

.. FIXME

.. image:: picture.png

::

   TODO
"""
START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
    "BEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20300102\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:2\r\nDTSTART:20300103T090000\r\nDTEND:20300103T100000\r\n"
    "END:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:3\r\nDTSTART:20300104T090000Z\r\nSTATUS:CANCELLED\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture(autouse=True)
def limits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Have the programs limit nothing here."""
    asked: list[object] = []
    monkeypatch.setattr(resource, "setrlimit", lambda *limit: asked.append(limit))
    return asked


def test_restructured_text() -> None:
    page = restructured.read(RST)
    assert page.headings == ["Guide"]
    assert page.reviewed == "2030-01-31"
    targets = {link.target for link in page.links}
    assert {"other.md", "#nowhere", "third.rst", "dir/fourth.rst"} <= targets
    assert "picture.png" in targets
    (placeholder,) = page.placeholders
    assert placeholder.endswith(": FIXME")
    assert "guide" in page.anchors


def test_the_page_reader_prints_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], limits: list[object]
) -> None:
    path = tmp_path / "page"
    path.write_text(RST)
    page_reader.main(str(path), "restructuredtext")
    assert json.loads(capsys.readouterr().out)["headings"] == ["Guide"]
    assert limits


def test_headings_may_name_their_anchor() -> None:
    page = read_markdown("# Guide {#own}\n\n(label)=\n## Part\n\n    code\n")
    assert {"own", "guide", "label", "part"} <= set(page.anchors)
    assert page.headings == ["Guide", "Part"]
    assert page.code == ["code\n"]


def test_the_calendar_reader_prints_spans(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rota.ics"
    end = START + dt.timedelta(days=9)
    path.write_bytes(ICS.encode())
    arguments = ("America/New_York", START.isoformat(), end.isoformat())
    calendar_reader.main(str(path), *arguments)
    assert json.loads(capsys.readouterr().out)["spans"] == [
        ["2030-01-02T05:00:00+00:00", "2030-01-03T05:00:00+00:00"],
        ["2030-01-03T14:00:00+00:00", "2030-01-03T15:00:00+00:00"],
    ]
    calendar_reader.main(str(tmp_path / "none.ics"), *arguments)
    assert json.loads(capsys.readouterr().out) == {"wrong": "FileNotFoundError"}


def test_the_validator_prints_what_is_invalid(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {"openapi": "3.1.0", "info": {"title": "T"}, "paths": {}}
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    openapi_validator.main(str(path))
    (problem,) = json.loads(capsys.readouterr().out)
    assert problem == "info: 'version' is a required property"
    assert list(openapi_validator.invalid({"openapi": "9"})) != []
    assert list(openapi_validator.invalid({"paths": 1})) == ["paths: is no table"]
    leads_out = {
        **document,
        "info": {"title": "T", "version": "1"},
        "components": {"schemas": {"A": {"$ref": "file:///etc/hostname"}}},
    }
    (problem,) = openapi_validator.invalid(leads_out)
    assert problem.startswith("cannot be resolved")


def test_tags_and_long_numbers_of_yaml() -> None:
    text = (
        "a: !reference [x, y]\nb: !Ref name\nc: !Map {k: v}\n"
        f"d: {'1:' * 50}1\ne: 12\non: yes\nf: 1.5\ng: 2030-01-01\n"
    )
    assert parsed(text.encode(), "x.yaml") == {
        "a": ["x", "y"],
        "b": "name",
        "c": {"k": "v"},
        "d": "1:" * 50 + "1",
        "e": 12,
        "on": True,
        "f": 1.5,
        "g": "2030-01-01",
    }
