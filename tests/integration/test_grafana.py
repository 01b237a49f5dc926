"""The probe of a Grafana, against stand-ins that speak its documented API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.pki import Authority, pem
from pytest_readiness.demo.standins.grafana import Grafana as StandIn
from pytest_readiness.demo.standins.web import Asked, Reply, Web
from pytest_readiness.probes.grafana import Grafana
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import GrafanaBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    See = Callable[..., Grafana]

TOKEN = "correct-horse-battery"
LOG_IN = {401: {"message": "Unauthorized"}, 302: "", 403: {"message": "Forbidden"}}


@pytest.fixture
def standin() -> Iterator[StandIn]:
    with StandIn(token=TOKEN) as server:
        server.dashboards = {"overview": 3, "a/b c": 1}
        yield server


def look(port: int, *dashboards: str, **settings: Any) -> Grafana:
    block = GrafanaBlock.model_validate(
        {
            "url": f"http://127.0.0.1:{port}",
            "token": Secret(TOKEN, "env:T"),
            "dashboards": list(dashboards),
            **settings,
        }
    )
    facts = Grafana.gather(block, Look(Grafana.source(block), 10.0))
    assert TOKEN not in repr(facts)
    return facts


def test_a_dashboard_that_exists(standin: StandIn) -> None:
    facts = look(standin.port, "overview")
    assert facts.healthy.value is True
    assert facts.strangers_refused.value is True
    assert facts.open_to_all.value is False
    (found,) = facts.dashboards.value
    assert (found.uid, found.exists.value, found.panels.value) == ("overview", True, 3)
    assert found.exists.detail == "Dashboard overview"


def test_a_dashboard_that_does_not(standin: StandIn) -> None:
    (found,) = look(standin.port, "gone").dashboards.value
    assert (found.exists.value, found.panels.value) == (False, 0)


def test_strangers_who_see_it(standin: StandIn) -> None:
    standin.anonymous = True
    assert look(standin.port, anonymous=True).open_to_all.value is True
    assert look(standin.port).strangers_refused.value is False


def test_a_database_that_fails(standin: StandIn) -> None:
    standin.database = "failing"
    healthy = look(standin.port).healthy
    assert (healthy.value, healthy.detail) == (False, "database failing")


def test_a_wrong_token_is_no_missing_dashboard(standin: StandIn) -> None:
    facts = look(standin.port, "overview", token=Secret("other-horse", "env:T"))
    (found,) = facts.dashboards.value
    assert isinstance(found.exists.value, Unavailable)
    assert found.exists.value.remedy == "check token or password, and what they may see"
    assert found.exists.value.cause is Cause.NO_ANSWER


@pytest.mark.parametrize("status", [302, 401, 403])
def test_each_way_to_refuse_a_stranger(status: int) -> None:
    def answer(asked: Asked) -> Reply:
        if asked.path == "/api/health":
            return Reply({"database": "ok"})
        return Reply("", status)

    with Web(answer) as server:
        assert look(server.port).strangers_refused.value is True


def test_a_broken_answer_to_a_stranger_says_nothing() -> None:
    def answer(asked: Asked) -> Reply:
        well = asked.path == "/api/health"
        return Reply({"database": "ok"}) if well else Reply("", 502)

    with Web(answer) as server:
        unknown = look(server.port, "overview")
    assert isinstance(unknown.strangers_refused.value, Unavailable)
    (found,) = unknown.dashboards.value
    assert "answered 502" in str(found.exists.value)


def test_what_is_no_grafana() -> None:
    with Web(lambda _: Reply("<html>", kind="text/html")) as server:
        facts = look(server.port)
    assert isinstance(facts.healthy.value, Unavailable)
    assert facts.healthy.value.reason == (
        "/api/health does not answer as Grafana documents"
    )


def test_what_is_planned_is_what_is_asked(tmp_path: Path) -> None:
    asked: list[str] = []
    authority = Authority.create()
    (tmp_path / "ca.pem").write_bytes(pem(authority.root))

    def answer(one: Asked) -> Reply:
        asked.append(f"{one.method} {one.path}")
        return Reply({"database": "ok"})

    with Web(answer, authority.issue().server_context(tmp_path, "g")) as server:
        settings = {
            "url": f"https://127.0.0.1:{server.port}",
            "ca_file": tmp_path / "ca.pem",
            "dashboards": ["a/b c"],
        }
        block = GrafanaBlock.model_validate(settings)
        Grafana.gather(block, Look("x", 10.0))
    planned = [one.what for one in Grafana.looks(block) if one.kind == "request"]
    assert planned == asked
    assert "GET /api/dashboards/uid/a%2Fb%20c" in planned
