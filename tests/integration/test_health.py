"""The probe of the health routes, against servers that are well, ill, slow, or none."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.web import Asked, Reply, Web
from pytest_readiness.probes.health import Health
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import HealthBlock

if TYPE_CHECKING:
    from collections.abc import Callable

READY = {"status": "ready", "dependencies": {"database": {"status": "up"}}}


def look(url: str, timeout: float = 10.0, **settings: Any) -> Health:
    block = HealthBlock.model_validate({"url": url, **settings})
    return Health.gather(block, Look(Health.source(block), timeout))


def serve(answer: Callable[[Asked], Reply], **settings: Any) -> Health:
    with Web(answer) as server:
        return look(f"http://127.0.0.1:{server.port}", **settings)


def test_both_routes_are_asked_once() -> None:
    asked: list[str] = []

    def answer(one: Asked) -> Reply:
        asked.append(f"{one.method} {one.path}")
        return Reply(READY) if one.path == "/health/ready" else Reply("", 204)

    facts = serve(answer, dependencies=["database", "cache"])
    live, ready = facts.routes.value
    assert asked == ["GET /health/live", "GET /health/ready"]
    assert (live.name, live.status.value, live.form.value) == (
        "/health/live",
        204,
        "nothing",
    )
    assert (live.failing.value, live.unnamed.value) == ((), ())
    assert (ready.status.value, ready.form.value) == (200, "JSON")
    assert ready.unnamed.value == ("cache",)
    assert dt.timedelta(0) < ready.took.value < dt.timedelta(seconds=10)
    planned = [one.what for one in Health.looks(_block()) if one.kind == "request"]
    assert planned == asked


def _block() -> HealthBlock:
    return HealthBlock.model_validate({"url": "https://shop.example"})


def test_one_route_for_both_is_asked_once() -> None:
    facts = serve(lambda _: Reply(READY), live="/health", ready="/health")
    (only,) = facts.routes.value
    assert only.name == "/health"


def test_a_503_is_an_observation_with_its_dependencies() -> None:
    ill = {"status": "not ready", "dependencies": {"database": {"status": "down"}}}
    facts = serve(lambda _: Reply(ill, 503))
    ready = facts.routes.value[1]
    assert ready.status.value == 503
    assert ready.failing.value == ("all of it: not ready", "database: down")


def test_a_slow_answer_is_timed() -> None:
    def answer(_: Asked) -> Reply:
        time.sleep(0.3)
        return Reply(READY)

    for route in serve(answer).routes.value:
        assert route.took.value >= dt.timedelta(seconds=0.3)


@pytest.mark.parametrize("server", [hostile.refuses, hostile.hangs])
def test_no_answer_is_no_answer_for_each_route(server: Callable[[], Any]) -> None:
    with server() as opened:
        port = opened if isinstance(opened, int) else opened.port
        facts = look(f"http://127.0.0.1:{port}", 0.8)
    for route in facts.routes.value:
        assert isinstance(route.status.value, Unavailable)
        assert route.status.value.cause is Cause.NO_ANSWER
        assert not route.failing.available


def test_a_retry_shows_in_the_evidence() -> None:
    with Web(lambda _: Reply(READY)) as server:
        port = server.port
        block = HealthBlock.model_validate(
            {"url": f"http://127.0.0.1:{port}", "retries": 1}
        )
    # Nobody listens any more: both tries fail, and the reason counts them.
    facts = Health.gather(block, Look("x", 5.0))
    assert "(2 tries)" in str(facts.routes.value[0].status.value)


def test_a_route_that_is_no_path_is_refused() -> None:
    with pytest.raises(ValueError, match="is no path"):
        HealthBlock.model_validate({"url": "https://shop.example", "live": "livez"})
