from __future__ import annotations

import json

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.health.said import Said, read
from pytest_readiness.probes.http import Answer

JSON = "application/json"
HEALTH_JSON = "application/health+json"


def said(
    body: object, kind: str = JSON, good_words: frozenset[str] = frozenset()
) -> Said:
    text = body if isinstance(body, str) else json.dumps(body)
    found = read(Answer(200, {"Content-Type": kind}, text.encode()), good_words)
    assert isinstance(found, Said), found
    return found


ASPNET = {
    "status": "Healthy",
    "totalDuration": "00:00:00.01",
    "entries": {
        "sql": {"data": {}, "duration": "00:00:00.01", "status": "Healthy", "tags": []}
    },
}
SPRING = {
    "status": "UP",
    "components": {
        "db": {
            "status": "UP",
            "components": {
                "orders": {"status": "UP", "details": {"database": "PostgreSQL"}}
            },
        },
        "diskSpace": {"status": "UP", "details": {"total": 1, "free": 1, "ok": True}},
    },
}
OLD_SPRING = {"status": "UP", "details": {"db": {"status": "DOWN"}}}
MICROPROFILE = {
    "status": "UP",
    "checks": [{"name": "db", "status": "UP", "data": {"pool": 3}}],
}
DRAFT = {
    "status": "pass",
    "version": "1",
    "checks": {
        "cassandra:responseTime": [
            {"componentId": "a", "status": "pass", "observedValue": 250},
            {"componentId": "b", "status": "warn"},
        ]
    },
}
KUBERNETES = "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed"


@pytest.mark.parametrize(
    ("body", "kind", "form", "named"),
    [
        ("", JSON, "nothing", ()),
        ("OK", "text/plain", "text", ()),
        ("imok", "text/plain", "text", ()),
        ("Healthy", "text/plain", "text", ()),
        ('"OK"', JSON, "JSON", ()),
        ("true", JSON, "JSON", ()),
        ({"uptime": 3}, JSON, "JSON", ()),
        ({"status": "ok"}, JSON, "JSON", ()),
        ({"healthy": True}, JSON, "JSON", ()),
        ({"status": {"db": "up"}}, JSON, "JSON", ("db",)),
        ([{"status": "up"}], JSON, "JSON", ()),
        (DRAFT, HEALTH_JSON, "JSON", ("cassandra:responseTime",) * 2),
        (SPRING, JSON, "JSON", ("db", "db.orders", "diskSpace", "diskSpace.ok")),
        (MICROPROFILE, JSON, "JSON", ("db",)),
        (ASPNET, JSON, "JSON", ("sql",)),
        ({"dependencies": {"db": True, "q": "connected"}}, JSON, "JSON", ("db", "q")),
        ("[+]ping ok\n[+]etcd ok\nreadyz check passed", "", "Kubernetes", None),
        ("<html><p>down", "text/plain", "HTML", ()),
        ("well", "text/html; charset=utf-8", "HTML", ()),
    ],
)
def test_what_is_well(
    body: object, kind: str, form: str, named: tuple[str, ...] | None
) -> None:
    found = said(body, kind)
    assert found.form == form
    assert found.failing() == ()
    assert found.named == (named if named is not None else ("ping", "etcd"))


@pytest.mark.parametrize(
    ("body", "kind", "failing"),
    [
        ("Unhealthy", "text/plain", ("all of it: Unhealthy",)),
        ('"DOWN"', JSON, ("all of it: DOWN",)),
        ({"status": "OUT_OF_SERVICE"}, JSON, ("all of it: OUT_OF_SERVICE",)),
        ({"ok": False}, JSON, ("all of it: False",)),
        (OLD_SPRING, JSON, ("db: DOWN",)),
        (
            {"status": "UP", "checks": [{"name": "db", "status": "DOWN"}]},
            JSON,
            ("db: DOWN",),
        ),
        (
            {"status": "pass", "checks": {"db:time": [{"status": "fail"}]}},
            HEALTH_JSON,
            ("db:time: fail",),
        ),
        ({"dependencies": {"db": False}}, JSON, ("db: False",)),
        ({"status": "OK", "failures": {"db": "late"}}, JSON, ("db: a failure",)),
        ({"status": {"db": "down"}}, JSON, ("db: down",)),
        (KUBERNETES, "text/plain", ("etcd: [-]etcd failed: reason withheld",)),
    ],
)
def test_what_is_not_well(body: object, kind: str, failing: tuple[str, ...]) -> None:
    assert said(body, kind).failing() == failing


def test_a_word_that_nobody_knows_is_neither() -> None:
    body = {"status": "up", "dependencies": {"db": {"status": "running"}}}
    unknown = said(body).failing()
    assert isinstance(unknown, Unavailable)
    assert unknown.cause is Cause.LOCAL
    assert "db is said to be `running`" in unknown.reason
    assert said(body, good_words=frozenset({"Running"})).failing() == ()


def test_what_calls_itself_json_and_is_none_says_so() -> None:
    found = read(Answer(200, {"Content-Type": JSON}, b"well"), frozenset())
    assert isinstance(found, Unavailable)
    assert found.cause is Cause.NO_ANSWER


def test_the_number_of_parts_is_bounded() -> None:
    body = json.dumps({"checks": {f"c{number}": "up" for number in range(600)}})
    found = read(Answer(200, {"Content-Type": JSON}, body.encode()), frozenset())
    assert found == Unavailable("more than 500 parts are named")


def test_nesting_is_bounded() -> None:
    body: dict[str, object] = {"status": "down"}
    for _ in range(50):
        body = {"checks": {"a": body}}
    assert "deeper than is read" in str(said(body).failing())
    # Python's own reader gives up on this one.
    text = b'{"checks":' * 100_000
    found = read(Answer(200, {"Content-Type": JSON}, text), frozenset())
    assert isinstance(found, Unavailable)


@pytest.mark.parametrize(
    ("name", "named"),
    [("cassandra", True), ("Cassandra:responseTime", True), ("db", False)],
)
def test_a_dependency_is_found_by_its_name(name: str, *, named: bool) -> None:
    assert said(DRAFT, HEALTH_JSON).names(name) is named


def test_a_nested_dependency_is_found_by_its_own_name() -> None:
    assert said(SPRING).names("orders")
