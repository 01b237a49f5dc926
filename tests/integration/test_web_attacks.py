"""Payloads, malformed input and bursts: at the real engine, and at a careless front."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

import psycopg
import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.bench import PARTNER_LIMIT
from pytest_readiness.demo.demo import Demo
from pytest_readiness.demo.servers.engine import DESCRIPTION
from pytest_readiness.demo.standins.front import front
from pytest_readiness.probes.look import Doors, Look
from pytest_readiness.probes.openapi.operations import operations
from pytest_readiness.probes.web.injection import Injection
from pytest_readiness.probes.web.inputs import BodyInputs, Inputs
from pytest_readiness.probes.web.junk import requests_of
from pytest_readiness.probes.web.rate_limit import RateLimit
from pytest_readiness.target.blocks import ServiceBlock
from pytest_readiness.target.blocks.security import (
    IdentityTable,
    InjectionPoint,
    InjectionTable,
    InputsTable,
    LoginTable,
    RateLimitTable,
)
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_readiness.demo.standins.front import Answered, Asked, Change, Forward
    from pytest_readiness.probes.look import Facts

    Front = Callable[[Change], int]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo.start(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def behind(demo: Demo, tmp_path: Path) -> Iterator[Front]:
    """Give what puts a front before the engine."""
    opened = []

    def start(change: Change) -> int:
        context = demo.bench.authority.issue().server_context(tmp_path, "front")
        opened.append(
            front(demo.bench.engine.port, demo.bench.ca_file, context, change)
        )
        return opened[-1].port

    yield start
    for one in opened:
        one.close()


def block(demo: Demo, port: int = 0, **tables: object) -> ServiceBlock:
    return ServiceBlock(
        url=f"https://127.0.0.1:{port or demo.bench.engine.port}",
        ca_file=demo.bench.ca_file,
        identities={
            name: IdentityTable(
                username=name,
                password=Secret(demo.bench.passwords[name], f"env:{name}"),
                login=LoginTable(),
            )
            for name in ("trader", "risk", "partner")
        },
        **tables,
    )


def see(probe: type[Facts], one: ServiceBlock, timeout: float = 60.0) -> Any:
    look = Look(probe.source(one), timeout, environment="demo", doors=Doors())
    return probe.gather(one, look)


# ---------------------------------------------------------------------------- injection

POINT = InjectionPoint(route="/contracts?q={value}", value="ACME-P050")


def injection(*points: InjectionPoint, delay: str = "150ms") -> InjectionTable:
    return InjectionTable.model_validate({"parameters": points, "delay": delay})


@pytest.mark.parametrize("run", range(5))
def test_the_engine_is_not_spoken_to_run_after_run(demo: Demo, run: int) -> None:
    del run
    quotes = InjectionPoint(route="/quotes/{value}", value="ACME-P050")
    facts = see(Injection, block(demo, injection=injection(POINT, quotes)))
    for one in facts.parameters.value:
        assert (one.error.value, one.breaking.value) == ("", ())
        assert (one.conditional.value, one.sleeping.value) == ((), ())


class Hole:
    """Searches the demo's own PostgreSQL by a statement that is put together."""

    def __init__(self, demo: Demo, *, tells: bool, quiet: bool = False) -> None:
        self._words = {
            "host": "127.0.0.1",
            "port": demo.bench.postgres.port,
            "dbname": "trading",
            "user": "readiness",
            "password": demo.bench.passwords["database"],
            "sslmode": "verify-full",
            "sslrootcert": str(demo.bench.ca_file),
        }
        self._tells = tells
        self._quiet = quiet
        self._lock = threading.Lock()

    def __call__(self, asked: Asked, forward: Forward) -> Answered:
        head, _, word = asked.path.partition("/contracts?q=")
        if head:
            return forward(asked)
        got = forward(type(asked)("GET", "/contracts", asked.headers, b""))
        statement = (
            f"SELECT symbol FROM contracts WHERE symbol = '{unquote_plus(word)}'"
        )
        try:
            with self._lock, psycopg.connect(**self._words, autocommit=True) as session:
                rows = session.execute(statement).fetchall()  # type: ignore[arg-type]
        except psycopg.Error as error:
            text = str(error) if self._tells else "nothing found"
            return got.but(body=text.encode())
        found = "nothing" if self._quiet else json.dumps(rows)
        return got.but(body=found.encode())


def test_a_hole_that_shows_the_database_s_error(demo: Demo, behind: Front) -> None:
    port = behind(Hole(demo, tells=True))
    (one,) = see(
        Injection, block(demo, port, injection=injection(POINT))
    ).parameters.value
    assert one.error.value == "unterminated quoted string"


def test_a_hole_that_follows_a_condition(demo: Demo, behind: Front) -> None:
    port = behind(Hole(demo, tells=False))
    (one,) = see(
        Injection, block(demo, port, injection=injection(POINT))
    ).parameters.value
    assert one.error.value == ""
    assert "' AND '1'='1" in one.conditional.value


def test_a_hole_that_shows_nothing_but_takes_its_time(
    demo: Demo, behind: Front
) -> None:
    port = behind(Hole(demo, tells=False, quiet=True))
    table = injection(POINT, delay="300ms")
    (one,) = see(Injection, block(demo, port, injection=table)).parameters.value
    assert any("pg_sleep(0.3)" in payload for payload in one.sleeping.value)


def test_a_parameter_whose_good_value_is_not_answered(
    demo: Demo, behind: Front
) -> None:
    port = behind(lambda asked, forward: forward(asked).but(status=503))
    (one,) = see(
        Injection, block(demo, port, injection=injection(POINT))
    ).parameters.value
    assert isinstance(one.sleeping.value, Unavailable)
    assert one.sleeping.value.reason == "a good value is answered with 503"


def test_a_service_that_is_always_slow_is_not_called_safe(
    demo: Demo, behind: Front
) -> None:
    def slow(asked: Asked, forward: Forward) -> Answered:
        time.sleep(0.12)
        return forward(asked)

    table = InjectionTable.model_validate(
        {"parameters": [POINT], "delay": "50ms", "identity": "trader"}
    )
    (one,) = see(Injection, block(demo, behind(slow), injection=table)).parameters.value
    assert isinstance(one.sleeping.value, Unavailable)
    assert "too slow to tell" in one.sleeping.value.reason


# ------------------------------------------------------------------------------ inputs


def inputs(**changes: object) -> InputsTable:
    settings: dict[str, object] = {
        "document": DESCRIPTION,
        "strict": ("POST /login", "POST /orders"),
        "identity": "trader",
        **changes,
    }
    return InputsTable(**settings)


def test_the_engine_refuses_what_is_malformed(demo: Demo) -> None:
    table = inputs(skip=("GET /quotes/{symbol}",))
    reads = see(Inputs, block(demo, inputs=table))
    writes = see(BodyInputs, block(demo, inputs=table))
    tried = (*reads.operations.value, *writes.operations.value)
    assert {one.name for one in tried} >= {"GET /contracts", "POST /orders"}
    assert "GET /quotes/{symbol}" not in {one.name for one in tried}
    for one in tried:
        assert (one.name, one.broken.value) == (one.name, ())
        assert (one.name, one.traces.value) == (one.name, ())
        assert not one.strict or one.accepted.value == ()
    assert "left alone: GET /quotes/{symbol}" in reads.coverage.detail
    described = operations(json.loads(DESCRIPTION.read_text()))
    assert f"of {len(described)} operations" in reads.coverage.detail
    assert (Inputs.grant, BodyInputs.grant, BodyInputs.also) == (
        *("attack", "attack"),
        "write",
    )


def test_errors_traces_and_junk_that_is_taken_are_named(
    demo: Demo, behind: Front
) -> None:
    def careless(asked: Asked, forward: Forward) -> Answered:
        got = forward(asked)
        if b'"twelve"' in asked.body:
            return got.but(status=500, body=b'  File "/srv/a.py", line 3, in f\n')
        return got.but(status=200) if asked.body == b"null" else got

    facts = see(BodyInputs, block(demo, behind(careless), inputs=inputs()))
    (orders,) = (one for one in facts.operations.value if one.name == "POST /orders")
    assert "a wrong type of quantity: 500" in orders.broken.value
    assert "a wrong type of quantity" in orders.traces.value
    assert orders.accepted.value == ("null as body: 200",)


@pytest.mark.parametrize(
    ("text", "says"),
    [("{}", "describes no operation"), ("{", "is no JSON")],
)
def test_a_document_that_says_nothing(
    demo: Demo, tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(text)
    reason = see(Inputs, block(demo, inputs=inputs(document=path))).reason
    assert says in reason.reason


def test_junk_knows_what_breaks_a_schema() -> None:
    document = {
        "paths": {
            "/a/{n}": {
                "post": {
                    "parameters": [
                        {"name": "n", "in": "path", "schema": {"type": "integer"}},
                        {"name": "q", "in": "query", "schema": {"maxLength": 9}},
                        {"name": "x-y", "in": "header", "schema": {}},
                    ],
                    "requestBody": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "required": ["b"],
                                    "properties": {
                                        "a": {"enum": ["one"]},
                                        "b": {"type": "number", "minimum": 2},
                                        "c": {"type": "boolean"},
                                        "d": {"type": "string"},
                                    },
                                }
                            }
                        }
                    },
                }
            }
        }
    }
    (operation,) = operations(document)
    found = {one.what: one for one in requests_of(operation)}
    assert found["no number as n"].breaks_schema
    assert not found["a negative number as n"].breaks_schema
    assert found["a long text as q"].breaks_schema
    assert found["a quote as q"].route == "/a/1?q=%27%22%3C%3B%3E"
    assert not any("x-y" in what for what in found)
    assert json.loads(found["no b"].body or b"") == {"a": "one", "c": True, "d": "x"}
    assert found["a wrong type of c"].breaks_schema
    assert not found["what is no text as d"].breaks_schema


# ----------------------------------------------------------------------------- bursts


def rate(**changes: object) -> RateLimitTable:
    settings: dict[str, object] = {
        "identity": "partner",
        "route": "/orders",
        "limit": PARTNER_LIMIT,
        "burst": PARTNER_LIMIT * 3 // 2,
        **changes,
    }
    return RateLimitTable.model_validate(settings)


def test_a_burst_meets_the_limit(demo: Demo) -> None:
    facts = see(RateLimit, block(demo, rate_limit=rate()))
    assert facts.limited.value is True
    assert facts.announced.value is True
    assert facts.wrong_key.value == 401
    assert "x 429" in facts.limited.detail
    assert facts.refusals.value == (401, 403)


def test_a_service_that_limits_nobody(demo: Demo) -> None:
    facts = see(RateLimit, block(demo, rate_limit=rate(identity="trader")))
    assert facts.limited.value is False
    assert facts.limited.detail == f"{PARTNER_LIMIT * 3 // 2} x 200"
    assert facts.announced.value == Unavailable("no request met 429")


def test_a_burst_that_took_too_long_shows_nothing(demo: Demo, behind: Front) -> None:
    def slow(asked: Asked, forward: Forward) -> Answered:
        time.sleep(0.05)
        return forward(asked)

    table = rate(identity="trader", per="50ms")
    facts = see(RateLimit, block(demo, behind(slow), rate_limit=table))
    assert isinstance(facts.limited.value, Unavailable)
    assert "longer than the limit's window" in facts.limited.value.reason


@pytest.mark.parametrize("probe", [Injection, Inputs, BodyInputs, RateLimit])
def test_what_the_target_does_not_describe(demo: Demo, probe: type[Facts]) -> None:
    assert see(probe, block(demo)).reason.cause is Cause.UNCONFIGURED
    assert probe.looks(block(demo)) == ()
    whole = block(demo, injection=injection(POINT), inputs=inputs(), rate_limit=rate())
    looks = probe.looks(whole)
    assert looks
    assert any(look.intrusive in {"attack", "write"} for look in looks)
    assert probe.limit(whole) > probe.limit(block(demo))
