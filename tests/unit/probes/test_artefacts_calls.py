"""Which operations the tests called, by what recorded them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.artefacts.calls import Call, Calls
from pytest_readiness.probes.artefacts.provenance import Origins
from pytest_readiness.probes.look import Look, utc_now
from pytest_readiness.probes.openapi import Openapi
from pytest_readiness.probes.openapi.operations import operations
from pytest_readiness.target.blocks import ArtefactsBlock

if TYPE_CHECKING:
    from pathlib import Path

PATHS: dict[str, Any] = {
    "/orders": {"get": {}, "post": {}},
    "/orders/{id}": {"get": {}},
    "/orders/search": {"get": {}},
    "/health": {"get": {}},
}


def described(**more: object) -> Openapi:
    document = {"openapi": "3.1.0", "paths": PATHS, **more}
    nothing = Openapi.unavailable(Unavailable("not asked"), "openapi.json")
    at = utc_now()
    return Openapi(
        found=nothing.found,
        problems=nothing.problems,
        operations=Observed(operations(document), "openapi.json", at),
        undescribed=nothing.undescribed,
        document=Observed(document, "openapi.json", at),
        compared=nothing.compared,
    )


def seen(**keys: object) -> Calls:
    block = ArtefactsBlock.model_validate(keys)
    return Calls.gather(block, Look(Calls.source(block), 10.0, origins=Origins()))


def why(fact: Observed[Any]) -> str:
    assert isinstance(fact.value, Unavailable), fact.value
    return f"{fact.value.reason} [{fact.value.cause}]"


def test_schemathesis_by_its_recording(artefacts: Path) -> None:
    facts = seen(calls=[artefacts / "schemathesis.har"])
    left = facts.unexercised(described())
    assert left.value == ("GET /orders/search",)
    assert left.detail == "of 5 operations in openapi.json"
    calls = facts.calls.value
    assert isinstance(calls, frozenset)
    assert Call("POST", "/orders", 201) in calls
    assert not any(call.method == "TRACE" for call in calls)


def test_schemathesis_by_the_names_of_its_cases(artefacts: Path) -> None:
    facts = seen(junit=[artefacts / "schemathesis.xml"])
    assert facts.unexercised(described()).value == ("GET /orders/search",)


def log(folder: Path, *calls: tuple[str, int]) -> Path:
    path = folder / "access.log"
    line = '10.0.0.1 - - [24/Nov/2026:15:00:00 +0000] "{} HTTP/1.1" {} 17 "-" "x"\n'
    path.write_text("".join(line.format(*call) for call in calls))
    return path


@pytest.mark.parametrize(
    ("call", "reached"),
    [
        (("GET /health", 200), "GET /health"),
        (("GET /health?full=1", 200), "GET /health"),
        (("GET /health/", 200), "GET /health"),
        (("GET /health", 400), "GET /health"),
        (("GET /health", 404), ""),
        (("GET /health", 401), ""),
        (("GET /health", 403), ""),
        (("GET /health", 405), ""),
        (("GET /health", 429), ""),
        (("GET /health", 500), ""),
        (("POST /health", 200), ""),
        (("GET /orders/17", 200), "GET /orders/{id}"),
        (("GET /orders/17", 404), "GET /orders/{id}"),
        (("GET /orders/a%2Fb", 404), ""),
        (("GET /orders/search", 200), "GET /orders/search"),
        (("GET /orders/1/2", 200), ""),
        (("GET http://[bad/orders", 200), ""),
    ],
)
def test_a_call_reaches_an_operation(
    tmp_path: Path, call: tuple[str, int], reached: str
) -> None:
    facts = seen(calls=[log(tmp_path, call, ("OPTIONS /other", 200))])
    left = facts.unexercised(described()).value
    assert isinstance(left, tuple)
    every = [f"{m.upper()} {path}" for path, item in PATHS.items() for m in item]
    assert set(every) - set(left) == ({reached} if reached else set())


@pytest.mark.parametrize(
    "more",
    [
        {"servers": [{"url": "https://api.example.com/v1/"}]},
        {"servers": [{"url": "/v0"}, {"url": "/v1"}]},
        {"swagger": "2.0", "basePath": "/v1"},
    ],
)
def test_the_servers_path_stands_before_the_documents(
    tmp_path: Path, more: dict[str, object]
) -> None:
    facts = seen(calls=[log(tmp_path, ("GET /v1/health", 200), ("GET /orders", 200))])
    left = facts.unexercised(described(**more)).value
    assert isinstance(left, tuple)
    assert "GET /health" not in left
    assert "GET /orders" in left


def test_an_operation_may_be_excepted(tmp_path: Path) -> None:
    facts = seen(
        calls=[log(tmp_path, ("GET /health", 200))],
        unexercised=[{"name": "* /orders*", "reason": "tested by hand"}],
    )
    assert facts.unexercised(described()).value == ()


def test_without_a_document_nobody_knows(tmp_path: Path) -> None:
    facts = seen(calls=[log(tmp_path, ("GET /health", 200))])
    nothing = Openapi.unavailable(Unavailable("there is no document"), "openapi.json")
    assert "there is no document" in why(facts.unexercised(nothing))


CASES = (
    '<testsuites><testsuite timestamp="2026-11-24T15:00:00Z">'
    '<testcase classname="t" name="lists" time="1"/>'
    '<testcase classname="t" name="places" time="1"><failure/></testcase>'
    '<testcase classname="t" name="reads" time="1"><skipped/></testcase>'
    "</testsuite></testsuites>"
)


def mapped(folder: Path, mapping: object) -> dict[str, object]:
    (folder / "api.xml").write_text(CASES)
    (folder / "operations.json").write_text(json.dumps(mapping))
    return {"junit": [folder / "api.xml"], "calls": [folder / "operations.json"]}


def test_operations_are_tied_to_cases_that_passed(tmp_path: Path) -> None:
    mapping = {
        "GET /orders": ["t.lists"],
        "POST /orders": ["t.places"],
        "GET /orders/{id}": ["*lists", "*reads"],
        "GET /orders/search": ["t.reads"],
        "GET /health": ["t.none"],
    }
    left = seen(**mapped(tmp_path, mapping)).unexercised(described()).value
    assert left == ("POST /orders", "GET /orders/search", "GET /health")


def test_a_list_of_operations_needs_the_cases(tmp_path: Path) -> None:
    keys = mapped(tmp_path, {"GET /orders": ["t.lists"]})
    del keys["junit"]
    assert why(seen(**keys).calls) == f"the table names no junit [{Cause.UNCONFIGURED}]"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"log": {}}, "is no HAR: it has no log.entries"),
        ({"log": {"entries": []}}, "has no call"),
        ({"log": {"entries": [{}, {"response": {"status": 0}}]}}, "has no call"),
        ({"orders": ["x"]}, "has no list of cases for an operation"),
        ({"GET /orders": "x"}, "has no list of cases for an operation"),
    ],
)
def test_what_is_no_recording_is_refused(
    tmp_path: Path, document: object, reason: str
) -> None:
    assert reason in why(seen(**mapped(tmp_path, document)).calls)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("nothing\n", "is neither HAR, an access log"), ("", "has no call")],
)
def test_what_is_no_log_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "access.log"
    path.write_text(text)
    assert reason in why(seen(calls=[path]).calls)


def test_a_table_without_calls_is_not_configured(tmp_path: Path) -> None:
    path = log(tmp_path, ("GET /health", 200))
    facts = seen(coverage=[path])
    assert f"the table names no calls [{Cause.UNCONFIGURED}]" in why(facts.calls)
