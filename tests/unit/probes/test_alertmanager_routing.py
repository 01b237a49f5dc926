from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml

from pytest_readiness.probes.alertmanager.intervals import intervals, moments
from pytest_readiness.probes.alertmanager.matchers import (
    Matcher,
    UnreadableError,
    parsed,
)
from pytest_readiness.probes.alertmanager.routing import Configuration

CRITICAL = {"severity": "critical"}


def read(route: dict[str, Any], **more: Any) -> Configuration:
    names = ("nobody", "team", "pager")
    document = {
        "route": {"receiver": "nobody", **route},
        "receivers": [
            {"name": name, "email_configs": [{"to": "x@y.example"}]} for name in names
        ],
        **more,
    }
    return Configuration.read(yaml.safe_dump(document))


def receivers(route: dict[str, Any], labels: dict[str, str]) -> list[str]:
    return [one.receiver for one in read(route).route.taken(labels)]


# ---------------------------------------------------------------------------- matchers


@pytest.mark.parametrize(
    ("text", "labels", "holds"),
    [
        ('severity="critical"', CRITICAL, True),
        ("severity=critical", CRITICAL, True),
        (" severity = critical ", CRITICAL, True),
        ('severity!="critical"', CRITICAL, False),
        ('severity=~"crit.*|page"', CRITICAL, True),
        ('severity=~"crit"', CRITICAL, False),
        ('severity!~"warn|info"', CRITICAL, True),
        ('{severity="critical",team=""}', CRITICAL, True),
        ('{severity="critical",team=~".+",}', CRITICAL, False),
        ('summary="a, \\"b\\" {c}\\n"', {"summary": 'a, "b" {c}\n'}, True),
        ('"team name"="shop"', {"team name": "shop"}, True),
        ("team=", CRITICAL, True),
        ("{}", CRITICAL, True),
    ],
)
def test_a_matcher(text: str, labels: dict[str, str], *, holds: bool) -> None:
    assert all(one.holds(labels) for one in parsed(text)) is holds


@pytest.mark.parametrize("text", ["severity", "=x", 'a="b" c="d"', "a=~(", 'a="b'])
def test_what_is_no_matcher(text: str) -> None:
    with pytest.raises(UnreadableError):
        list(parsed(text))


# ------------------------------------------------------------------------------ routes


def test_the_first_child_that_matches_takes_it() -> None:
    route = {
        "routes": [
            {"receiver": "team", "match": {"team": "shop"}},
            {"receiver": "pager", "match_re": {"severity": "critical|page"}},
        ]
    }
    assert receivers(route, CRITICAL) == ["pager"]
    assert receivers(route, CRITICAL | {"team": "shop"}) == ["team"]
    assert receivers(route, {"severity": "info"}) == ["nobody"]


def test_continue_goes_on_to_the_next() -> None:
    child = {"matchers": ['severity="critical"']}
    route = {
        "routes": [
            {"receiver": "team", **child, "continue": True},
            {"receiver": "pager", **child},
            {"receiver": "nobody", **child},
        ]
    }
    assert receivers(route, CRITICAL) == ["team", "pager"]


def test_what_a_route_has_not_comes_from_its_parent() -> None:
    inner = {"matchers": ['team="shop"'], "group_interval": "1m30s"}
    outer = {
        "matchers": ['severity="critical"'],
        "receiver": "pager",
        "group_wait": "10s",
        "mute_time_intervals": ["night"],
        "routes": [inner],
    }
    night = {"name": "night", "time_intervals": [{"weekdays": ["sunday"]}]}
    loaded = read({"routes": [outer]}, time_intervals=[night])
    (found,) = loaded.route.taken(CRITICAL | {"team": "shop"})
    assert found.place == "route.routes[0].routes[0]"
    assert found.receiver == "pager"
    assert found.group_wait == dt.timedelta(seconds=10)
    assert found.group_interval == dt.timedelta(seconds=90)
    # Alertmanager's intervals are each route's own.
    assert found.muted == ()
    assert str(found) == 'route.routes[0].routes[0] (team="shop") to pager'
    assert loaded.route.group_wait == dt.timedelta(seconds=30)


def test_what_yaml_calls_a_truth_is_a_text() -> None:
    assert receivers(
        {"routes": [{"receiver": "pager", "match": {"page": True}}]}, {"page": "true"}
    ) == ["pager"]


def test_a_receiver_without_channels_is_a_null_one() -> None:
    document = {
        "route": {"receiver": "null"},
        "receivers": [
            {"name": "null"},
            {"name": "both", "email_configs": [{}], "slack_configs": [{}, {}]},
            {"name": "emptied", "webhook_configs": []},
        ],
    }
    found = Configuration.read(yaml.safe_dump(document)).receivers
    channels = {name: one.channels for name, one in found.items()}
    assert channels == {
        "null": (),
        "both": ("email", "slack", "slack"),
        "emptied": (),
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no YAML"),
        ("- a", "no route"),
        ("route: {receiver: gone}", "route has no receiver"),
        ("route: {receiver: a, group_wait: soon}", "waiting time"),
        ("route: {receiver: a, routes: {}}", "is none"),
        ("route: {receiver: a, routes: [1]}", "no route, or too deep"),
        ("route: {receiver: a, match: [1]}", "match of a route is no table"),
        ("route: {receiver: a}\nreceivers: [1]", "a receiver is no table"),
        ("route: {receiver: a}\nreceivers: 1", "is none"),
        (
            "route: {receiver: a, mute_time_intervals: [x]}\nreceivers: [{name: a}]",
            "a time interval that there is not",
        ),
        ("route: {receiver: a}\ntime_intervals: [{}]", "has no name"),
        ("route: {receiver: a}\ntime_intervals: 1", "is none"),
    ],
)
def test_what_cannot_be_read_says_so(text: str, words: str) -> None:
    with pytest.raises(UnreadableError, match=words):
        Configuration.read(text)


def test_routes_are_read_so_deep() -> None:
    text = "route: " + "{receiver: a, routes: [" * 60 + "]}" * 60
    with pytest.raises(UnreadableError, match="too deep"):
        Configuration.read(text)


# --------------------------------------------------------------------------- intervals


def within(at: str, **one: Any) -> bool:
    named = {"name": "x", "time_intervals": [one]}
    (interval,) = intervals({"time_intervals": [named]})["x"]
    return interval.holds(dt.datetime.fromisoformat(at))


@pytest.mark.parametrize(
    ("one", "at", "holds"),
    [
        ({}, "2026-03-01T12:00Z", True),
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "09:00", True),
        ({"times": [{"start_time": "09:00", "end_time": "17:00"}]}, "17:00", False),
        ({"times": [{"start_time": 540, "end_time": 1440}]}, "23:59", True),
        ({"weekdays": ["monday:friday"]}, "2026-03-01T12:00Z", False),
        ({"weekdays": ["Sunday"]}, "2026-03-01T12:00Z", True),
        ({"days_of_month": ["1:5"]}, "2026-03-06T12:00Z", False),
        ({"days_of_month": ["-1"]}, "2026-02-28T12:00Z", True),
        ({"days_of_month": ["-3:-2"]}, "2026-02-28T12:00Z", False),
        ({"days_of_month": ["31"]}, "2026-02-28T12:00Z", False),
        ({"days_of_month": [15]}, "2026-02-15T12:00Z", True),
        ({"months": ["january:march"]}, "2026-03-31T12:00Z", True),
        ({"months": ["1:3"]}, "2026-04-01T12:00Z", False),
        ({"years": ["2027:2028"]}, "2026-04-01T12:00Z", False),
        (
            {
                "times": [{"start_time": "09:00", "end_time": "17:00"}],
                "location": "America/New_York",
            },
            "2026-07-01T12:59Z",
            False,
        ),
    ],
)
def test_an_interval(one: dict[str, Any], at: str, *, holds: bool) -> None:
    assert within(at if "-" in at else f"2026-03-02T{at}Z", **one) is holds


@pytest.mark.parametrize(
    "one",
    [
        {"times": [{"start_time": "25:00", "end_time": "26:00"}]},
        {"times": ["09:00"]},
        {"times": [{}]},
        {"weekdays": ["someday"]},
        {"location": "Atlantis/Centre"},
        {"months": "january"},
    ],
)
def test_what_is_no_interval(one: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError):
        within("2026-03-01T12:00Z", **one)
    with pytest.raises(UnreadableError, match="no table"):
        intervals({"mute_time_intervals": [{"name": "x", "time_intervals": [1]}]})


def test_the_moments_of_a_year_are_in_order_and_ahead() -> None:
    times = [{"start_time": "02:30", "end_time": "24:00"}]
    one = {"name": "x", "time_intervals": [{"times": times, "location": "Asia/Tokyo"}]}
    now = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    found = list(moments(intervals({"time_intervals": [one]})["x"], now))
    assert found == sorted(found)
    assert (found[0], len(found)) == (now, 1 + 2 * 365)


def test_too_many_times_of_a_day_are_not_looked_at() -> None:
    times = [
        {"start_time": f"{hour:02}:0{minute}", "end_time": f"{hour:02}:30"}
        for hour in range(24)
        for minute in range(3)
    ]
    one = {"name": "x", "time_intervals": [{"times": times}]}
    known = intervals({"time_intervals": [one]})["x"]
    with pytest.raises(UnreadableError, match="more than 40"):
        list(moments(known, dt.datetime.now(dt.UTC)))


@pytest.mark.parametrize(
    ("muted", "active", "agreed", "weekday", "calls"),
    [
        ([], [], [], 1, True),
        (["weekend"], [], [], 1, False),
        (["weekend"], [], [], 2, True),
        (["weekend"], [], ["weekend"], 1, True),
        ([], ["weekend"], [], 2, False),
        ([], ["weekend"], [], 1, True),
        ([], ["weekend"], ["weekend"], 2, True),
        (["weekend"], ["weekend"], [], 1, False),
    ],
)
def test_when_a_route_calls(
    muted: list[str], active: list[str], agreed: list[str], weekday: int, *, calls: bool
) -> None:
    weekend = {"name": "weekend", "time_intervals": [{"weekdays": ["sunday"]}]}
    child = {
        "receiver": "pager",
        "mute_time_intervals": muted,
        "active_time_intervals": active,
    }
    loaded = read({"routes": [child]}, time_intervals=[weekend])
    at = dt.datetime(2026, 3, weekday, 12, tzinfo=dt.UTC)  # the first is a Sunday
    (route,) = loaded.route.taken({})
    assert loaded.calls(route, at, frozenset(agreed)) is calls


def test_a_matcher_is_shown_as_promql_writes_it() -> None:
    assert str(Matcher("team", "!~", "a|b")) == 'team!~"a|b"'
