"""The probe of a Prometheus, against servers that say whatever a test needs.

Debian's real Prometheus is asked in ``debian/test_debian_prometheus.py``.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.prometheus import Prometheus as StandIn, Told
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.prometheus import Prometheus
from pytest_readiness.target.blocks import PrometheusBlock
from pytest_readiness.target.secret import Redactor, Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from conftest import Pki

    See = Callable[..., Prometheus]

CANARY = "correct-horse-battery"
LIMIT = 0.8
UP = 'up{job="engine"}'
RATE = "sum(rate(requests_total[1h]))"


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn() as server:
        yield server


@pytest.fixture
def see() -> See:
    """Give a look that checks what must hold for each: in time, and nothing leaks."""

    def look(port: int, timeout: float = 10.0, **settings: Any) -> Prometheus:
        block = PrometheusBlock.model_validate(
            {"url": f"http://127.0.0.1:{port}", **settings}
        )
        redactor = Redactor()
        redactor.add(CANARY)
        began = time.monotonic()
        source = Prometheus.source(block)
        facts = Prometheus.gather(block, Look(source, timeout, redactor))
        assert time.monotonic() - began < timeout * (1 + block.retries) + 0.5
        basic = base64.b64encode(f"readiness:{CANARY}".encode()).decode()
        assert CANARY not in repr(facts)
        assert basic not in repr(facts)
        return facts

    return look


def reason(fact: Observed[Any]) -> str:
    assert isinstance(fact.value, Unavailable), fact.value
    return fact.value.reason


# ------------------------------------------------------------------------------- facts


def test_a_query_gives_its_series_with_their_ages(standin: StandIn, see: See) -> None:
    standin.tell(
        UP,
        Told({"instance": "a"}, 1.0, age=3.0),
        Told({"instance": "b"}, 0.0, age=40.0),
    )
    facts = see(standin.port, queries={"up": {"promql": UP, "unit": "ratio"}})
    assert facts.answers.value is True
    assert facts.freshness.value == dt.timedelta(minutes=5)
    assert facts.count("up").value == 2
    first, second = facts.series("up").value
    assert (first.name, second.name) == ('{instance="a"}', '{instance="b"}')
    assert (first.value.value, second.value.value) == (1.0, 0.0)
    assert first.value.unit == "ratio"
    assert first.value.source == f"http://127.0.0.1:{standin.port} up"
    assert first.value.detail == UP
    assert second.age.value == dt.timedelta(seconds=40)
    assert facts.age("up").value == dt.timedelta(seconds=40)
    seen = dt.datetime.now(dt.UTC) - second.value.at
    assert dt.timedelta(seconds=40) <= seen < dt.timedelta(seconds=60)


def test_one_series_is_a_value(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, 0.25))
    facts = see(standin.port, queries={"up": UP})
    assert (facts.value("up").value, facts.count("up").value) == (0.25, 1)


def test_several_series_are_no_value(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({"a": "1"}, 1.0), Told({"a": "2"}, 1.0))
    facts = see(standin.port, queries={"up": UP})
    assert reason(facts.value("up")) == "2 series, where one is asked for"


def test_a_scalar_is_a_value_of_no_age(standin: StandIn, see: See) -> None:
    facts = see(standin.port, queries={"now": "time()"})
    assert facts.value("now").value == pytest.approx(time.time(), abs=60)
    assert facts.age("now").value == dt.timedelta(0)


def test_a_query_that_the_target_does_not_have_is_unconfigured(
    standin: StandIn, see: See
) -> None:
    facts = see(standin.port, queries={"service-up": UP})
    for fact in (
        facts.value("servic-up"),
        facts.age("servic-up"),
        facts.count("servic-up"),
        facts.series("servic-up"),
    ):
        assert reason(fact) == "the target has no query servic-up"
        assert fact.value.cause is Cause.UNCONFIGURED
        assert "did you mean `service-up`?" in fact.value.remedy
    assert "did you mean" not in facts.value("zzz").value.remedy


@pytest.mark.parametrize(
    ("value", "words"),
    [(math.nan, "NaN, as of nothing divided by nothing"), (math.inf, "+Inf")],
)
def test_what_is_no_number_is_no_value(
    value: float, words: str, standin: StandIn, see: See
) -> None:
    standin.tell(UP, Told({}, value))
    facts = see(standin.port, queries={"up": UP})
    assert reason(facts.value("up")) == f"its value is {words}"
    assert (facts.count("up").value, facts.age("up").available) == (1, True)


# --------------------------------------------------------------------------- freshness


def test_what_is_stale_is_no_value_but_has_an_age(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, 1.0, age=100.0))
    facts = see(standin.port, queries={"up": UP}, freshness="90s")
    assert reason(facts.value("up")) == (
        "the newest sample is 100 s old, allowed are 90 s"
    )
    assert facts.age("up").value == dt.timedelta(seconds=100)
    assert facts.freshness.value == dt.timedelta(seconds=90)


def test_a_query_has_its_own_freshness(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, 1.0, age=100.0))
    queries = {"up": {"promql": UP, "freshness": "2m"}}
    assert see(standin.port, queries=queries, freshness="90s").value("up").value == 1.0


def test_what_the_server_no_longer_sees_still_has_an_age(
    standin: StandIn, see: See
) -> None:
    standin.tell(UP, Told({}, 1.0, age=1800.0))
    facts = see(standin.port, queries={"up": UP})
    assert facts.count("up").value == 0
    assert facts.age("up").value == dt.timedelta(minutes=30)
    assert reason(facts.series("up")) == (
        "the newest sample is 30 min old, allowed are 5 min"
    )


def test_a_long_rate_of_what_stopped_is_stale(standin: StandIn, see: See) -> None:
    """The trap: rate(x[1h]) has a value for an hour after the last sample."""
    standin.tell(RATE, Told({}, 12.0, age=1800.0))
    facts = see(standin.port, queries={"rate": RATE})
    assert facts.count("rate").value == 1
    assert reason(facts.value("rate")) == (
        "the newest sample is 30 min old, allowed are 5 min"
    )
    assert facts.age("rate").value == dt.timedelta(minutes=30)


def test_the_target_may_say_whose_samples_count(standin: StandIn, see: See) -> None:
    standin.tell(RATE, Told({}, 12.0, age=1800.0))
    standin.tell("heartbeat", Told({}, 1.0))
    query = {"promql": RATE, "sampled_by": ["heartbeat"]}
    assert see(standin.port, queries={"rate": query}).value("rate").value == 12.0
    query = {"promql": RATE, "sampled_by": []}
    assert see(standin.port, queries={"rate": query}).value("rate").value == 12.0


def test_each_series_has_the_age_of_its_own_samples(standin: StandIn, see: See) -> None:
    standin.tell(
        UP, Told({"instance": "a"}, 1.0), Told({"instance": "b"}, 1.0, age=250)
    )
    facts = see(standin.port, queries={"up": UP}, freshness="1m")
    fresh, stale = facts.series("up").value
    assert fresh.value.value == 1.0
    assert reason(stale.value).startswith("the newest sample is 4.17 min old")


def test_what_never_was_is_no_series(standin: StandIn, see: See) -> None:
    facts = see(standin.port, queries={"up": UP})
    words = "no series: the query gives nothing, and has had no sample for 1h"
    assert facts.count("up").value == 0
    assert reason(facts.series("up")) == reason(facts.age("up")) == words
    assert "check that it is scraped" in facts.series("up").value.remedy


def test_a_condition_that_nothing_meets_has_no_series_but_fresh_samples(
    standin: StandIn, see: See
) -> None:
    standin.tell("up", Told({}, 1.0))
    facts = see(standin.port, queries={"down": "up == 0"})
    assert reason(facts.series("down")) == "no series: the query gives nothing"
    assert (facts.count("down").value, facts.age("down").value) == (
        0,
        dt.timedelta(seconds=5),
    )


# ----------------------------------------------------------------------------- windows


def test_a_window_gives_its_samples_and_how_many_steps_have_one(
    standin: StandIn, see: See
) -> None:
    began = time.time()
    standin.tell(
        UP, Told({}, lambda at: None if began - 600 < at < began - 300 else 0.5)
    )
    queries = {"up": {"promql": UP, "window": "30m", "step": "10s"}}
    (series,) = see(standin.port, queries=queries).series("up").value
    assert series.present.value == pytest.approx(151 / 181, abs=0.02)
    assert len(series.samples) == pytest.approx(151, abs=3)
    assert series.samples[0].at < series.samples[-1].at
    assert {sample.value for sample in series.samples} == {0.5}
    assert series.value.value == 0.5


def test_a_window_without_its_last_steps_is_stale(standin: StandIn, see: See) -> None:
    began = time.time()
    standin.tell(UP, Told({}, lambda at: 1.0 if at < began - 1000 else None))
    queries = {"up": {"promql": UP, "window": "30m", "step": "10s"}}
    (series,) = see(standin.port, queries=queries).series("up").value
    assert reason(series.value).startswith("the newest sample is 16.")
    assert series.present.value < 0.5


def test_no_numbers_of_a_window_are_left_out(standin: StandIn, see: See) -> None:
    standin.tell(UP, Told({}, math.nan))
    queries = {"up": {"promql": UP, "window": "10m"}}
    (series,) = see(standin.port, queries=queries).series("up").value
    assert (series.samples, series.present.value) == ((), 0.0)


# --------------------------------------------------------------------- targets, rules


def test_targets_and_rules_are_facts(standin: StandIn, see: See) -> None:
    standin.targets = [
        {
            "labels": {"job": "node", "instance": "a:9100"},
            "health": "down",
            "lastError": f"Get http://x?token={CANARY}: refused",
            "lastScrape": "2026-11-24T10:46:56.917595123Z",
            "scrapeUrl": f"http://a:9100/metrics?token={CANARY}",
        },
        {"labels": {}, "health": "unknown", "lastScrape": "0001-01-01T00:00:00Z"},
    ]
    rule = {"name": "Down", "type": "alerting", "query": "up == 0", "duration": 120}
    standin.groups = [
        {
            "name": "engine",
            "rules": [
                {
                    **rule,
                    "labels": {"severity": "critical"},
                    "annotations": {"runbook_url": "https://x"},
                    "health": "err",
                    "lastError": "boom",
                    "state": "firing",
                },
                {"name": "a:b", "type": "recording", "query": "sum(a if b)"},
            ],
        }
    ]
    facts = see(standin.port)
    node, new = facts.targets.value
    assert (node.name, node.health, new.last_scrape) == ("node a:9100", "down", None)
    assert node.last_scrape == dt.datetime(
        2026, 11, 24, 10, 46, 56, 917595, tzinfo=dt.UTC
    )
    down, recorded = facts.rules.value
    assert (down.group, down.lasts) == ("engine", dt.timedelta(minutes=2))
    assert (down.health, down.last_error, down.state) == ("err", "boom", "firing")
    assert (down.metrics, recorded.metrics) == ({"up"}, frozenset())


# ---------------------------------------------------------------------- canned answers

NOW = {"resultType": "scalar", "result": [1.79e9, "1790000000"]}


class Canned(Listener):
    """Tells its time, and gives one answer to everything else."""

    def __init__(
        self, status: int, said: object, *, from_the_start: bool = False
    ) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.at_once = self.most_at_once = self.connections = 0
        self.lock = threading.Lock()
        self._status, self._said, self._first = status, said, from_the_start
        super().__init__(self._talk)

    def _talk(self, connection: socket.socket) -> None:
        owner = self
        with self.lock:
            self.connections += 1

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                status, said = owner.answer(parts.path, query, dict(self.headers))
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Location", "https://elsewhere/")
                self.send_header("Set-Cookie", "a=b")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        Handler(connection, ("127.0.0.1", 0), None)

    def answer(
        self, path: str, query: dict[str, str], headers: dict[str, str]
    ) -> tuple[int, object]:
        with self.lock:
            self.asked.append((path, query, headers))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(0.01)
        with self.lock:
            self.at_once -= 1
        if query.get("query") == "time()" and not self._first:
            return 200, {"status": "success", "data": NOW}
        return self._status, self._said


def error(kind: str, text: str = "the words of the server") -> dict[str, str]:
    return {"status": "error", "errorType": kind, "error": text}


def result(kind: str, series: object, **more: object) -> dict[str, object]:
    data = {"resultType": kind, "result": series}
    return {"status": "success", "data": data, **more}


ONE = [{"metric": {"a": "b"}, "value": [1.79e9, "5"]}]
VECTOR = result("vector", ONE)
FORM = "the answer is not of the form that Prometheus documents"
WORDS = "the words of the server"

REFUSALS = {
    "400": (400, error("bad_data"), f"the query is refused (400): {WORDS}"),
    "401": (401, b"no", "the server asks for other credentials (401)"),
    "403": (403, error("x"), f"the server forbids this (403): {WORDS}"),
    "404": (404, b"none", "the server has no /api/v1/query (404)"),
    "405": (405, b"none", "the server has no /api/v1/query (405)"),
    "302": (302, b"", "it leads elsewhere (302)"),
    "400 of a proxy": (
        400,
        b"<html>",
        "what answers is not Prometheus' API (400)",
    ),
    "HTML": (200, b"<html>", "what answers is not Prometheus' API (200)"),
    "418": (418, b"{}", "what answers is not Prometheus' API (418)"),
    "422": (422, error("execution"), f"the query cannot be executed (422): {WORDS}"),
    "429": (429, b"slow", "the server is asked too often (429)"),
    "500": (500, b"oops", "the server is broken (500)"),
    "501": (501, b"no", "the server has no /api/v1/query (501)"),
    "502": (502, b"<html>", "the server is broken (502)"),
    "503": (
        503,
        error("timeout"),
        f"the server could not answer in time (503): {WORDS}",
    ),
    "no data": (200, {"status": "success"}, FORM),
    "a list": (200, {"status": "success", "data": []}, FORM),
    "no numbers": (200, result("vector", [{"metric": {}, "value": [1, 2, 3]}]), FORM),
    "deep": (200, b'{"status": "success", "data": ' + b"[" * 50_000, "what answers"),
    "a matrix": (200, result("matrix", []), "the result is a matrix, not a vector"),
    "a text": (200, result("string", [1, "x"]), "the result is a string, not a vector"),
    "native histogram": (
        200,
        result("vector", [{"metric": {}, "histogram": [1, {}]}]),
        "its values are native histograms",
    ),
    "no time": (
        200,
        result("vector", [{"metric": {}, "value": [1e300, "1"]}]),
        "a sample has an impossible time",
    ),
    "many series": (
        200,
        result("vector", ONE * 1001),
        "the result has 1,001 series, more than 1,000",
    ),
    "warning": (
        200,
        result("vector", ONE, warnings=["store\n1 is away"]),
        "the answer is not whole: store?1 is away",
    ),
    "partial": (
        200,
        result("vector", ONE, isPartial=True),
        "the answer is not whole: the server calls its answer partial",
    ),
    "long words": (
        400,
        error("x", "y" * 9999),
        f"the query is refused (400): {'y' * 9}",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_wrong_with_an_answer_is_its_reason(name: str, see: See) -> None:
    status, said, words = REFUSALS[name]
    with Canned(status, said) as server:
        facts = see(server.port, queries={"up": UP})
    assert facts.answers.value is True
    for fact in (facts.series("up"), facts.count("up"), facts.age("up")):
        assert reason(fact).startswith(words)
        assert len(reason(fact)) < 300
    cause = Cause.THIRD_PARTY if status in {429, 503} else Cause.NO_ANSWER
    assert facts.value("up").value.cause is cause


@pytest.mark.parametrize("status", [401, 503])
def test_a_server_that_does_not_tell_its_time_is_asked_nothing_more(
    status: int, see: See
) -> None:
    with Canned(status, b"", from_the_start=True) as server:
        facts = see(server.port, queries={"up": UP, "down": "down"}, retries=1)
    assert len(server.asked) == (1 if status == 401 else 2)
    assert f"({status})" in reason(facts.answers)
    assert facts.answers.value == facts.value("up").value == facts.rules.value
    assert isinstance(facts.freshness.value, Unavailable)


@pytest.mark.parametrize("said", [result("vector", []), result("vector", [{}])])
def test_no_time_is_no_answer(said: object, see: See) -> None:
    with Canned(200, said, from_the_start=True) as server:
        facts = see(server.port)
    assert reason(facts.answers) == "the server does not tell its time"


def test_notes_of_promql_and_nulls_are_no_warnings(see: See) -> None:
    said = result("vector", ONE, warnings=["PromQL info: no counter"], infos=["x"])
    with Canned(200, said) as server:
        assert see(server.port, queries={"up": UP}).value("up").value == 5.0
    with Canned(200, result("vector", ONE, warnings=None)) as server:
        assert see(server.port, queries={"up": UP}).value("up").value == 5.0


def test_partial_answers_count_only_where_the_target_says_so(see: See) -> None:
    said = result("vector", ONE, warnings=["a store is away"], isPartial=True)
    with Canned(200, said) as server:
        facts = see(server.port, queries={"up": UP}, accept_partial=True)
        assert facts.value("up").value == 5.0
        assert not any("partial_response" in query for _, query, _ in server.asked)
    with Canned(200, VECTOR) as server:
        see(server.port, queries={"up": UP})
        query = next(q for path, q, _ in server.asked if path == "/api/v1/query")
        assert (query["partial_response"], query["deny_partial_response"]) == (
            "false",
            "1",
        )
        assert query["timeout"] == "10s"


def test_a_server_without_rules_or_targets_still_answers_queries(see: See) -> None:
    with Canned(200, VECTOR) as server:
        facts = see(server.port, queries={"up": UP})
    assert facts.value("up").value == 5.0
    assert reason(facts.targets) == reason(facts.rules) == FORM


@pytest.mark.parametrize("data", [{"activeTargets": None}, {"groups": None}])
def test_null_is_an_empty_list(data: object, see: See) -> None:
    with Canned(200, {"status": "success", "data": data}) as server:
        facts = see(server.port)
    assert () in {facts.targets.value, facts.rules.value}


def test_a_retry_shows_in_the_evidence(see: See) -> None:
    class Moody(Canned):
        def answer(self, path: str, query: dict[str, str], headers: Any) -> Any:
            status, said = super().answer(path, query, headers)
            tries = sum(q == query for _, q, _ in self.asked)
            return (
                (503, b"")
                if query.get("query") == UP and tries == 1
                else (status, said)
            )

    with Moody(200, VECTOR) as server:
        facts = see(server.port, queries={"up": UP}, retries=1)
    assert facts.series("up").available
    assert "try 2 of 2, after: the server could not answer" in facts.series("up").detail


# ------------------------------------------------------------------------- one session


def test_everything_is_asked_once_a_few_at_a_time_over_kept_connections(
    see: See,
) -> None:
    queries = {f"q-{number}": f"metric_{number}" for number in range(40)}
    with Canned(200, VECTOR) as server:
        facts = see(server.port, queries=queries)
    assert facts.value("q-39").value == 5.0
    assert len(server.asked) == 1 + 2 * 40 + 2
    assert server.most_at_once <= 4
    assert server.connections <= 5
    assert not any("Cookie" in headers for _, _, headers in server.asked)


def test_slow_queries_leave_the_others_their_answers(see: See) -> None:
    class Slow(Canned):
        def answer(self, path: str, query: dict[str, str], headers: Any) -> Any:
            if query.get("query") == "slow":
                time.sleep(1.5)
            return super().answer(path, query, headers)

    with Slow(200, VECTOR) as server:
        facts = see(server.port, LIMIT, queries={"slow": "slow", "up": UP})
    assert facts.value("up").value == 5.0
    assert reason(facts.value("slow")).startswith("no answer within 0.8 s")


def test_queries_that_are_not_reached_say_so(see: See) -> None:
    class Slow(Canned):
        def answer(self, path: str, query: dict[str, str], headers: Any) -> Any:
            if query.get("query") != "time()":
                time.sleep(1.5)
            return super().answer(path, query, headers)

    queries = {f"q-{number}": f"metric_{number}" for number in range(6)}
    with Slow(200, VECTOR) as server:
        facts = see(server.port, LIMIT, queries=queries)
    assert {reason(facts.value(name))[:22] for name in queries} == {
        "no answer within 0.8 s"
    }


# ------------------------------------------------------------------------------- leaks

SECRETS = {
    "token": {"token": Secret(CANARY, "env:T")},
    "password": {"username": "readiness", "password": Secret(CANARY, "env:P")},
    "tenant": {"tenant": Secret(CANARY, "env:X"), "tenant_header": "THANOS-TENANT"},
}


@pytest.mark.parametrize("kind", SECRETS)
def test_credentials_are_sent_and_never_seen(kind: str, see: See) -> None:
    with Canned(403, b"", from_the_start=True) as server:
        facts = see(server.port, **SECRETS[kind])
    ((_, _, headers),) = server.asked
    basic = base64.b64encode(f"readiness:{CANARY}".encode()).decode()
    assert {
        "token": ("Authorization", f"Bearer {CANARY}"),
        "password": ("Authorization", f"Basic {basic}"),
        "tenant": ("THANOS-TENANT", CANARY),
    }[kind] in headers.items()
    assert reason(facts.answers) == "the server forbids this (403)"


@pytest.mark.parametrize("kind", SECRETS)
def test_a_server_that_repeats_credentials_does_not_get_them_into_evidence(
    kind: str, see: See
) -> None:
    class Parrot(Canned):
        def answer(self, path: str, query: dict[str, str], headers: Any) -> Any:
            status, said = super().answer(path, query, headers)
            if query.get("query") == "time()":
                return status, said
            return 400, error("x", json.dumps(headers)[:150])

    with Parrot(400, b"") as server:
        facts = see(server.port, queries={"up": UP}, **SECRETS[kind])
    assert reason(facts.value("up")).startswith("the query is refused (400): {")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"token": Secret(None, "env:T", "T is not set")}, "T is not set"),
        (
            {"username": "a", "password": Secret(None, "env:T", "T is not set")},
            "T is not set",
        ),
        ({"token": Secret(f"{CANARY}\nX", "env:T")}, "the token cannot be sent"),
        ({"ca_file": "/none", "url": "https://127.0.0.1:1"}, "ca_file /none cannot"),
    ],
)
def test_what_is_wrong_here_is_no_fault_of_the_server(
    settings: dict[str, Any], words: str, standin: StandIn, see: See
) -> None:
    facts = see(standin.port, **settings)
    assert words in reason(facts.answers)
    assert facts.answers.value.cause is Cause.LOCAL


def test_a_client_certificate_is_shown_and_wanted(pki: Pki, see: See) -> None:
    chain, key = pki.store(pki.authority.issue(), "metrics")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    context.load_verify_locations(pki.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    with StandIn(context) as server:
        url = {"url": f"https://localhost:{server.port}", "ca_file": pki.ca_file}
        badge = {
            "cert_file": pki.folder / "badge.pem",
            "key_file": pki.folder / "badge.key",
        }
        assert see(server.port, **url, **badge).answers.value is True
        words = reason(see(server.port, **url).answers)
    # Whether the alert is read before the end of the connection is a matter of luck.
    assert "certificate" in words or words.endswith("the server closed the connection")


# ---------------------------------------------------------------------- hostile servers

OK = b"HTTP/1.1 200 OK\r\n"
HOSTILE = {
    "hangs": (hostile.hangs, "no answer within 0.8 s"),
    "nonsense": (hostile.talks_nonsense, "what answers there is not HTTP"),
    "endless": (lambda: hostile.floods(OK + b"\r\n"), "the server sends without end"),
    "dribbles": (lambda: hostile.dribbles(OK * 9), "no answer within 0.8 s"),
    "web server": (hostile.http, "what answers is not Prometheus' API (400)"),
    "leaves": (lambda: Listener(lambda _: None), "the server closed the connection"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_server_is_named_within_the_limit(kind: str, see: See) -> None:
    make, words = HOSTILE[kind]
    with make() as server:
        facts = see(server.port, LIMIT, queries={"up": UP})
    assert reason(facts.answers) == reason(facts.value("up")) == words
    assert facts.answers.value.cause is Cause.NO_ANSWER


def test_a_server_that_breaks_off_in_the_handshake_is_named(see: See) -> None:
    with hostile.breaks_off() as server:
        facts = see(server.port, LIMIT, url=f"https://127.0.0.1:{server.port}")
    assert reason(facts.answers) == "TLS failed: the server closed the connection"


def test_a_refused_port_and_a_black_hole_are_told_apart(see: See) -> None:
    with hostile.refuses() as port:
        assert reason(see(port, LIMIT).answers) == "connection refused"
    with hostile.black_holes() as port:
        assert reason(see(port, LIMIT).answers) == "no answer within 0.8 s"


def test_a_server_that_turns_hostile_costs_no_more_than_the_look(see: See) -> None:
    class Turns(Canned):
        def answer(self, path: str, query: dict[str, str], headers: Any) -> Any:
            if query.get("query") == "time()":
                return super().answer(path, query, headers)
            return 200, b"[" + b"0," * 9_000_000

    with Turns(200, b"") as server:
        facts = see(server.port, queries={"up": UP})
    assert reason(facts.value("up")) == "the server sends without end"
