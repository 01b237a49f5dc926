"""Sizes of pools and threads, read from the settings that the service reads."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.sizing import Sizing
from pytest_readiness.target.blocks import HostBlock, Resources, SizingBlock

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = """
server: {workers: 4, threads: 3}
pool: {size: 5, overflow: 2, zero: 0, words: many, flag: true, part: 1.5}
"""
ENGINE = {"workers": "server.workers", "pool_size": "pool.size"}
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "settings.yaml"
    path.write_text(SETTINGS)
    return path


def see(path: Path | None, backend: str = "", **clients: dict[str, Any]) -> Sizing:
    given = {"settings": path, "clients": clients}
    if backend:
        given["host"] = "engine"
    one = SizingBlock.model_validate({k: v for k, v in given.items() if v is not None})
    hosts = (
        {"engine": HostBlock.model_validate({"backend": backend})} if backend else {}
    )
    found = Resources(sizing=one, hosts=hosts).sizing
    assert found is not None
    return Sizing.gather(found, Look(Sizing.source(found), 10.0))


def why(fact: Observed[Any]) -> Unavailable:
    assert isinstance(fact.value, Unavailable)
    return fact.value


@pytest.mark.parametrize("backend", ["", "local"])
def test_the_clients_are_added_up(backend: str, settings: Path) -> None:
    facts = see(
        settings,
        backend,
        engine={
            **ENGINE,
            "max_overflow": "pool.overflow",
            "replicas": 3,
            "threads": "server.threads",
        },
        reports={"pool_size": 2},
        api={**ENGINE, "through_pool": True},
    )
    assert facts.missing.value == facts.unusable.value == ()
    assert (facts.direct.value, facts.pooled.value) == (3 * 4 * 7 + 2, 4 * 5)
    assert facts.threads.value == 3 * 4 * 3
    assert facts.direct.detail == (
        "engine 12 x (5 + 2); reports 1 x (2 + 0); api 4 x (5 + 0)"
    )


def test_the_pools_connections_count_where_somebody_goes_through(
    settings: Path,
) -> None:
    pools = Observed(30, "pgbouncer", NOW)
    unknown: Observed[int] = Observed(Unavailable("gone"), "pgbouncer", NOW)
    alone = see(settings, engine=ENGINE)
    assert alone.at_server(unknown).value == 20
    both = see(settings, engine=ENGINE, api={**ENGINE, "through_pool": True})
    assert both.at_server(pools).value == 50
    assert why(both.at_server(unknown)).reason == "gone"


def test_what_is_not_set_is_named_and_nothing_is_added_up(settings: Path) -> None:
    facts = see(settings, engine={**ENGINE, "pool_size": "pool.gone"})
    assert facts.missing.value == ("engine: pool_size (pool.gone)",)
    assert why(facts.direct).reason == why(facts.threads).reason
    assert "not every number" in why(facts.direct).reason


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ({"pool_size": "pool.zero"}, "engine: pool_size is 0"),
        ({"pool_size": "pool.words"}, "engine: pool_size is no whole number"),
        ({"pool_size": "pool.flag"}, "engine: pool_size is no whole number"),
        ({"pool_size": "pool.part"}, "engine: pool_size is no whole number"),
        ({"max_overflow": -1}, "engine: max_overflow is -1"),
        ({"replicas": 0}, "engine: replicas is 0"),
        ({"threads": 0}, "engine: threads is 0"),
    ],
)
def test_what_is_no_size_is_named(
    sizes: dict[str, Any], named: str, settings: Path
) -> None:
    facts = see(settings, engine={**ENGINE, **sizes})
    assert facts.unusable.value == (named,)
    assert not facts.direct.available


def test_numbers_may_be_variables(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("WEB_CONCURRENCY=4\nPOOL=5\n")
    facts = see(path, engine={"workers": "WEB_CONCURRENCY", "pool_size": "POOL"})
    assert facts.direct.value == 20


def test_numbers_of_the_target_need_no_file() -> None:
    facts = see(None, engine={"workers": 2, "pool_size": 3})
    assert facts.direct.value == 6
    assert see(None, engine={"pool_size": "a.b"}).missing.value


def test_no_client_is_unconfigured(settings: Path) -> None:
    assert why(see(settings).direct).cause is Cause.UNCONFIGURED


@pytest.mark.parametrize(
    ("text", "reason"),
    [(None, "there is no "), ("a: [", "settings.yaml: line 1: expected the node")],
)
def test_settings_that_cannot_be_read_leave_all_unknown(
    text: str | None, reason: str, settings: Path
) -> None:
    settings.unlink()
    if text is not None:
        settings.write_text(text)
    facts = see(settings, engine=ENGINE)
    assert why(facts.missing).reason.startswith(reason)
    assert why(facts.missing).cause is Cause.LOCAL


def test_what_is_read_is_planned(settings: Path) -> None:
    one = SizingBlock.model_validate({"settings": settings})
    assert [look.what for look in Sizing.looks(one)] == [str(settings)]
    assert Sizing.looks(SizingBlock()) == ()
    with pytest.raises(ValueError, match="is no name of a client"):
        SizingBlock.model_validate({"clients": {"The engine": {"pool_size": 1}}})
