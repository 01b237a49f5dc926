"""The probe of a log store, against stand-ins of Loki and Elasticsearch."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.demo.standins.loki import Loki
from pytest_readiness.demo.standins.web import Asked, Reply, Web
from pytest_readiness.probes.logs import Logs
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import LogsBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "correct-horse-battery"
LOKI = {"kind": "loki", "query": '{app="engine"}'}
ELASTIC = {"kind": "elasticsearch", "query": "service.name:engine"}


@pytest.fixture
def loki() -> Iterator[Loki]:
    with Loki(token=TOKEN) as server:
        yield server


def look(port: int, **settings: Any) -> Logs:
    block = LogsBlock.model_validate(
        {
            "url": f"http://127.0.0.1:{port}",
            "token": Secret(TOKEN, "env:T"),
            **settings,
        }
    )
    facts = Logs.gather(block, Look(Logs.source(block), 10.0))
    assert TOKEN not in repr(facts)
    return facts


def near(age: object, seconds: float) -> bool:
    assert isinstance(age, dt.timedelta), age
    return abs(age.total_seconds() - seconds) < 5


# --------------------------------------------------------------------------------- Loki


def test_lokis_newest_line(loki: Loki) -> None:
    facts = look(loki.port, **LOKI)
    assert (facts.ready.value, facts.found.value) == (True, True)
    assert near(facts.age.value, 20)


def test_loki_without_a_line(loki: Loki) -> None:
    loki.age = None
    facts = look(loki.port, **LOKI)
    assert (facts.ready.value, facts.found.value) == (True, False)
    assert facts.age.value.reason == "there is no line"


def test_a_line_before_the_window_is_none(loki: Loki) -> None:
    loki.age = 7200.0
    assert look(loki.port, **LOKI, window="1h").found.value is False
    assert near(look(loki.port, **LOKI, window="3h").age.value, 7200)


def test_a_loki_that_starts(loki: Loki) -> None:
    loki.ready = False
    ready = look(loki.port, **LOKI).ready
    assert (ready.value, ready.detail) == (False, "status 503")


def test_a_wrong_token(loki: Loki) -> None:
    facts = look(loki.port, **LOKI, token=Secret("other-horse", "env:T"))
    assert facts.ready.value is True
    assert isinstance(facts.found.value, Unavailable)
    assert facts.found.value.remedy == "check token or password"


# ------------------------------------------------------------------------ Elasticsearch


def elastic(*sorts: object, status: str = "green", code: int = 200) -> Logs:
    """Look at one that has these lines; the request is checked on the way."""

    def answer(asked: Asked) -> Reply:
        assert asked.method == "GET"
        assert asked.headers["authorization"] == f"ApiKey {TOKEN}"
        parts = urlsplit(asked.path)
        if parts.path == "/_cluster/health":
            return Reply({"cluster_name": "logs", "status": status})
        assert parts.path == "/logs-engine-*/_search"
        query = {name: one for name, (one,) in parse_qs(parts.query).items()}
        assert query["q"] == "(service.name:engine) AND @timestamp:[now-1440m TO *]"
        assert (query["sort"], query["size"]) == ("@timestamp:desc", "1")
        hits = [{"_index": "logs", "_id": "1", "sort": [sort]} for sort in sorts]
        total = {"value": len(hits), "relation": "eq"}
        return Reply({"took": 1, "hits": {"total": total, "hits": hits}}, code)

    with Web(answer) as server:
        return look(
            server.port, **ELASTIC, index="logs-engine-*", token_scheme="ApiKey"
        )


def test_elasticsearchs_newest_line() -> None:
    facts = elastic(int((time.time() - 90) * 1000), status="yellow")
    assert (facts.ready.value, facts.ready.detail) == (True, "yellow")
    assert facts.found.value is True
    assert near(facts.age.value, 90)


def test_elasticsearch_without_a_line() -> None:
    assert elastic().found.value is False


def test_a_red_cluster_is_not_ready() -> None:
    assert elastic(status="red").ready.value is False


def test_a_field_that_is_no_time() -> None:
    facts = elastic("yesterday")
    assert facts.found.value.reason == (
        "@timestamp is no time that lines are sorted by"
    )


def test_an_index_that_is_refused() -> None:
    assert "answered 404" in str(elastic(code=404).found.value)


def test_what_is_no_elasticsearch() -> None:
    with Web(lambda _: Reply("<html>", kind="text/html")) as server:
        facts = look(server.port, **ELASTIC)
    assert "does not answer as documented" in str(facts.ready.value)


# -------------------------------------------------------------------------------- block


@pytest.mark.parametrize(
    "settings",
    [{"query": "app=engine"}, {"index": "logs/../secret"}, {"kind": "splunk"}],
)
def test_what_is_no_log_store(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"is no|Input should be"):
        LogsBlock.model_validate({"url": "https://logs.example", **LOKI, **settings})


@pytest.mark.parametrize("settings", [LOKI, ELASTIC])
def test_what_is_planned(settings: dict[str, str]) -> None:
    block = LogsBlock.model_validate({"url": "https://logs.example", **settings})
    planned = [one.what for one in Logs.looks(block) if one.kind == "request"]
    loki = ["GET /ready", "GET /loki/api/v1/query_range"]
    elastic = ["GET /_cluster/health", "GET /logs-*/_search"]
    assert planned == (loki if settings is LOKI else elastic)
