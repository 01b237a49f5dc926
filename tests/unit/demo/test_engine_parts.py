"""The engine's parts that need no server: prices, fields, metrics, description."""

from __future__ import annotations

import math

import jsonschema
import pytest
from werkzeug import Request, Response
from werkzeug.exceptions import BadRequest
from werkzeug.test import EnvironBuilder

from pytest_readiness.demo.engine.metrics import Counter, Histogram
from pytest_readiness.demo.engine.openapi import document
from pytest_readiness.demo.engine.pricing import RATE, Contract, price
from pytest_readiness.demo.engine.routing import Field, Route, answer, read_body
from pytest_readiness.demo.engine.settings import Settings


def contract(kind: str, strike: float = 100.0, years: float = 0.5) -> Contract:
    assert kind in {"call", "put"}
    return Contract("X", kind, 100.0, strike, years, 0.25)  # type: ignore[arg-type]


@pytest.mark.parametrize("strike", [60.0, 100.0, 140.0])
def test_calls_and_puts_keep_parity(strike: float) -> None:
    call, put = price(contract("call", strike)), price(contract("put", strike))
    forward = 100.0 - strike * math.exp(-RATE * 0.5)
    assert call.value - put.value == pytest.approx(forward)
    assert call.delta - put.delta == pytest.approx(1.0)


@pytest.mark.parametrize(("kind", "value"), [("call", 4.76), ("put", 0.81)])
def test_the_textbook_s_example(kind: str, value: float) -> None:
    # Hull, Options, Futures and Other Derivatives: S 42, K 40, r 10 %, half a year.
    example = Contract("X", kind, 42.0, 40.0, 0.5, 0.2)  # type: ignore[arg-type]
    assert price(example, rate=0.1).value == pytest.approx(value, abs=0.005)


@pytest.mark.parametrize(
    ("kind", "strike", "value", "delta"),
    [
        ("call", 90.0, 10.0, 1.0),
        ("put", 90.0, 0.0, 0.0),
        ("put", 110.0, 10.0, -1.0),
    ],
)
def test_an_expired_option_is_worth_its_exercise(
    kind: str, strike: float, value: float, delta: float
) -> None:
    priced = price(contract(kind, strike, years=0))
    assert (priced.value, priced.delta) == (value, delta)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (Field(str, most=3), "abc"),
        (Field(str, most=4, options=("buy",)), "buy"),
        (Field(int, most=5, least=1), 5),
        (Field(float, most=5), 1),
        (Field(float, most=5), 4.9),
    ],
)
def test_fields_accept_what_their_schema_allows(rule: Field, value: object) -> None:
    assert rule.accepts(value)
    jsonschema.validate(value, rule.schema())


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        (Field(str, most=3), "abcd"),
        (Field(str, most=3), 1),
        (Field(str, most=4, options=("buy",)), "sell"),
        (Field(int, most=5, least=1), 0),
        (Field(int, most=5), True),
        (Field(int, most=5), 1.5),
        (Field(float, most=5), None),
    ],
)
def test_fields_refuse_what_their_schema_forbids(rule: Field, value: object) -> None:
    assert not rule.accepts(value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, rule.schema())


def test_no_number_is_no_number() -> None:
    assert not Field(float, most=5).accepts(float("nan"))


def test_a_body_has_just_the_fields() -> None:
    fields = {"a": Field(int, most=9)}
    request = Request(EnvironBuilder(method="POST", json={"a": 1}).get_environ())
    assert read_body(request, fields) == {"a": 1}
    request = Request(EnvironBuilder(method="POST", json={"b": 1}).get_environ())
    with pytest.raises(BadRequest, match="missing or unknown: a, b"):
        read_body(request, fields)


def test_answers_hold_plain_values_only() -> None:
    with pytest.raises(TypeError, match="set has no place in JSON"):
        answer({"a": {1, 2}})


def test_buckets_are_cumulative() -> None:
    histogram = Histogram("h", "Durations")
    for seconds in (0.001, 0.02, 9.0):
        histogram.observe(seconds)
    lines = list(histogram.lines())
    assert lines[:2] == ["# HELP h Durations.", "# TYPE h histogram"]
    counts = [int(line.split()[-1]) for line in lines if "_bucket" in line]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (1, 3)
    assert "h_sum 9.021000" in lines


def test_a_counter_without_events_still_says_what_it_is() -> None:
    counter = Counter("c_total", "Events", "kind")
    assert len(list(counter.lines())) == 2
    counter.add("a")
    counter.add("a")
    assert list(counter.lines())[-1] == 'c_total{kind="a"} 2'


def test_the_description_names_parts_of_paths_and_bodies() -> None:
    body = {"a": Field(int, most=9)}
    route = Route("POST", "/x/{id}", "Do", lambda _: Response(), body=body)
    (methods,) = document([route], "T", "1")["paths"].values()  # type: ignore[attr-defined]
    operation = methods["post"]
    assert operation["operationId"] == "post-x-id"
    assert operation["parameters"][0]["name"] == "id"
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"] == {
        "a": {"type": "integer", "minimum": 0, "maximum": 9}
    }


def test_a_missing_setting_is_named() -> None:
    with pytest.raises(KeyError, match="ENGINE_DATABASE_URL"):
        Settings.from_environ({"ENGINE_USERS": "{}"})
