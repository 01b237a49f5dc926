"""The tables of routes, load and static files: what may be written, and what not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load

SERVICE = "[target.production.service]\nurl = 'https://engine.example'\n"
ROUTES = f"{SERVICE}[target.production.service.routes]\n"
LOAD = f"{SERVICE}[target.production.service.load]\n"
CDN = "[target.production.cdn]\n"


def test_a_load_needs_no_figures_of_its_own(load_text: Load) -> None:
    block = load_text(LOAD).select().service
    assert block is not None
    assert block.load is not None
    assert (block.load.rate, block.load.duration.total_seconds()) == (1050.0, 60.0)


def test_the_checklists_figures_are_floors(load_text: Load) -> None:
    limits = (
        load_text(
            "[target.production.limits.service]\n"
            "p95 = '3s'\nrate = 500.0\nload = '5s'\n"
        )
        .select()
        .limits.service
    )
    assert limits.p95.floor is not None
    assert limits.p95.floor.total_seconds() == 2
    assert (limits.rate.value, limits.rate.floor) == (500.0, 1000.0)
    assert limits.load.floor is None


def test_assets_are_whole_urls(load_text: Load) -> None:
    text = f"{CDN}assets = ['https://cdn.example:8443/a/app.js?v=3']\n"
    block = load_text(text).select().cdn
    assert block is not None
    assert block.assets == ("https://cdn.example:8443/a/app.js?v=3",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{ROUTES}timed = ['orders']", "is no route that may be asked for"),
        (f"{ROUTES}timed = ['POST /orders']", "is no route that may be asked for"),
        (f"{ROUTES}cacheable = ['/a b']", "is no route that may be asked for"),
        (f"{ROUTES}samples = 58", "samples: is too small"),
        (f"{ROUTES}parallel = 33", "parallel: is too large"),
        (f"{ROUTES}recorded = 'p 95'", "is no name of a query"),
        (f"{LOAD}rate = 0.0", "rate: is too small"),
        (f"{LOAD}duration = '0s'", "is no time at all"),
        (f"{LOAD}connections = 0", "connections: is too small"),
        (f"{CDN}assets = ['/app.js']", "is no URL of a service"),
        (f"{CDN}assets = ['https://cdn.example']", "is no URL of a file"),
        (f"{CDN}assets = ['https://u:p@cdn.example/a.js']", "holds a user or a passw"),
        (f"{CDN}assets = ['ftp://cdn.example/a.js']", "is no URL of a service"),
    ],
)
def test_mistakes_are_named(text: str, message: str, load_text: Load) -> None:
    with pytest.raises(ConfigError) as raised:
        load_text(text)
    assert message in str(raised.value)
