from __future__ import annotations

import datetime as dt

import pytest

from pytest_readiness.catalogue.marking import (
    MARKERS,
    attested,
    days,
    hours,
    item,
    rollup,
    section,
)


@pytest.fixture(autouse=True)
def _registered(request: pytest.FixtureRequest) -> None:
    """Do what a readiness run does: here markers are strict and the plugin is inert."""
    for name, text in MARKERS.items():
        request.config.addinivalue_line("markers", f"{name}: {text}")


def mark(decorator: object) -> pytest.Mark:
    assert isinstance(decorator, pytest.MarkDecorator)
    return decorator.mark


def test_durations_are_written_in_the_fields_words() -> None:
    assert days(90) == dt.timedelta(days=90)
    assert hours(26) == dt.timedelta(hours=26)


def test_each_decorator_keeps_what_was_written() -> None:
    marks = [
        mark(section("cache", stage="daily")),
        mark(item("database", owner="dba", reach=True)),
        mark(attested(role="dba", scope="release")),
        mark(rollup(over="cache.*")),
    ]
    assert [m.name for m in marks] == list(MARKERS)
    assert [dict(m.kwargs) for m in marks] == [
        {"id": "cache", "stage": "daily"},
        {
            "id": "database",
            "owner": "dba",
            "reach": True,
            "core": False,
            "scope": "environment",
            "candidate": True,
        },
        {"roles": ("dba",), "scope": "release", "max_age": None, "when": "always"},
        {"over": ("cache.*",), "excluding": ()},
    ]


def test_several_roles_and_patterns_are_kept_in_order() -> None:
    both = mark(attested(role=("dba", "qa-lead"), scope="system", max_age=days(1)))
    assert both.kwargs["roles"] == ("dba", "qa-lead")
    over = mark(rollup(over=("a.*", "b.*"), excluding=("a.x", "b.x")))
    assert over.kwargs == {"over": ("a.*", "b.*"), "excluding": ("a.x", "b.x")}
    assert mark(rollup(over="*", excluding="a.x")).kwargs["excluding"] == ("a.x",)
