"""The probe of a Prometheus, against servers that refuse, warn, lie, hang and leak."""

from __future__ import annotations

import base64
import json
import re
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
from pytest_readiness.demo.standins.prometheus import Prometheus as StandIn
from pytest_readiness.probes.prometheus import Prometheus
from pytest_readiness.target.blocks import PrometheusBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from conftest import Pki

    See = Callable[..., Prometheus]

CANARY = "correct-horse-battery"
LIMIT = 0.8
UP = 'up{job="engine"}'


def reason(fact: Observed[Any]) -> str:
    assert isinstance(fact.value, Unavailable), fact.value
    return fact.value.reason


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
MATRIX = result("matrix", [{"metric": {}, "values": [[1.79e9, "5"]]}])
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


def test_what_is_asked_was_planned_and_the_other_way_round(see: See) -> None:
    class Both(Canned):
        def answer(self, path: str, query: dict[str, str], headers: Any) -> Any:
            status, said = super().answer(path, query, headers)
            return status, MATRIX if path.endswith("_range") else said

    queries = {"up": UP, "range": {"promql": "rate(x[5m])", "window": "5m"}}
    with Both(200, VECTOR) as server:
        see(server.port, queries=queries)
    block = PrometheusBlock.model_validate({"url": "http://x", "queries": queries})
    planned = [one for one in Prometheus.looks(block) if one.kind == "request"]
    asked = {f"GET {path} {query.get('query', '')}" for path, query, _ in server.asked}

    def fits(what: str, text: str) -> bool:
        parts = what.split("{labels}")
        return re.fullmatch(".*".join(map(re.escape, parts)), text.rstrip()) is not None

    assert all(any(fits(one.what, text) for one in planned) for text in asked)
    for one in planned:
        seen = any(fits(one.what, text) for text in asked)
        assert seen or one.note == "where there is no newer sample"


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
