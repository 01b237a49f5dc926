"""Tables of resources: what stands in them, and what follows where it does not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version
from pydantic import ValidationError

from pytest_readiness.catalogue.observation import Observed
from pytest_readiness.catalogue.requirement import Bound
from pytest_readiness.target.blocks import (
    CertificateLimits,
    Limits,
    PostgresBlock,
    RedisBlock,
    Resources,
    ServiceBlock,
    TlsBlock,
    TlsEndpoint,
)
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load


def test_a_target_without_tables_has_no_resources_and_the_default_limits(
    load_text: Load,
) -> None:
    target = load_text("[target.production]\n").select()
    assert not any(getattr(target, name) for name in Resources.model_fields)
    assert target.limits == Limits()
    assert target.allow == frozenset()
    assert target.name == "production"


def test_the_checklists_own_figures_are_floors_and_no_others() -> None:
    limits = Limits()
    floors = {
        f"{table}.{name}": str(bound.floor)
        for table in Limits.model_fields
        for name in type(getattr(limits, table)).model_fields
        if isinstance(bound := getattr(getattr(limits, table), name), Bound)
        and bound.floor is not None
    }
    assert floors == {
        "python.min_version": "3.9",
        "machine.min_memory": "8000000000",
        "machine.min_cores": "4.0",
        "machine.min_storage": "100000000000",
        "postgres.min_version": "12",
        "redis.min_version": "6",
        "coverage.above": "0.9",
        "load.rate": "1000.0",
        "load.p95": "0:00:02",
        "service.p95": "0:00:02",
        "service.rate": "1000.0",
    }
    assert limits.redis.round_trip.value == dt.timedelta(milliseconds=5)
    assert limits.redis.round_trip_remote.value == dt.timedelta(milliseconds=50)
    assert limits.certificates.min_left.value == dt.timedelta(days=30)
    assert limits.certificates.min_left_share.value == 0.25
    assert limits.certificates.least_left.value == dt.timedelta(hours=24)
    assert limits.certificates.min_rsa_bits.value == 2048
    assert limits.certificates.min_ec_bits.value == 256


def test_a_limit_that_is_set_keeps_its_floor_and_says_where_it_was_set(
    load_text: Load,
) -> None:
    text = """
    [target.base.limits.python]
    min_version = "3.8"
    [target.production]
    extends = "base"
    [target.production.limits.certificates]
    min_left_share = 1
    """
    limits = load_text(text).select("production").limits
    assert limits.python.min_version == Bound(
        Version("3.8"),
        Version("3.9"),
        "readiness.toml [target.base.limits.python] min_version",
    )
    assert limits.certificates.min_left_share == Bound(
        1.0,
        None,
        "readiness.toml [target.production.limits.certificates] min_left_share",
    )
    assert limits.certificates.min_left.source == "default"


def test_a_block_can_be_made_without_a_file() -> None:
    block = PostgresBlock(
        host="127.0.0.1",
        database="app",
        user="app",
        password=Secret("hunter2", "test"),
        timeout=dt.timedelta(seconds=1),
        ca_file=Path("ca.pem"),
    )
    assert block.location == ("127.0.0.1", 5432, "app")
    assert block.dsn_words == frozenset()
    assert block.timeout == dt.timedelta(seconds=1)
    assert Limits.model_validate({"redis": {"round_trip": "1ms"}}).redis.round_trip == (
        Bound(dt.timedelta(milliseconds=1), None, "set")
    )


def test_a_block_stays_as_it_is() -> None:
    block = RedisBlock(host="cache")
    with pytest.raises(ValidationError):
        block.port = 1  # type: ignore[misc]  # that is the point


def test_a_dsn_that_is_not_set_leads_nowhere() -> None:
    block = PostgresBlock(dsn=Secret(None, "env:DSN", "env:DSN is not set"))
    assert block.location == ("", 5432, "")
    assert block.dsn_words == frozenset()


def test_a_dsn_is_looked_into_without_a_file_too() -> None:
    block = PostgresBlock(dsn=Secret("postgresql://db/app?sslmode=require", "test"))
    assert block.location == ("db", 5432, "app")
    assert block.dsn_words == {"host", "dbname", "sslmode"}


@pytest.mark.parametrize(
    ("lifetime", "left"), [(398, 30), (45, 11.25), (6, 1.5), (2, 1)]
)
def test_a_certificate_must_have_left_what_its_lifetime_asks(
    lifetime: float, left: float
) -> None:
    seen = Observed(dt.timedelta(days=lifetime), "a", dt.datetime.now(dt.UTC))
    needed = CertificateLimits().needed(seen)
    assert needed.value == dt.timedelta(days=left)


def test_a_key_is_held_against_the_bound_of_its_family() -> None:
    limits = CertificateLimits()
    assert limits.min_bits("rsa").value == 2048
    assert limits.min_bits("ec").value == 256


def test_a_database_can_be_reached_by_its_socket() -> None:
    block = PostgresBlock(host="/run/postgresql", database="app", user="app")
    assert block.location == ("/run/postgresql", 5432, "app")


def test_paths_are_relative_to_the_file(load_text: Load, tmp_path: Path) -> None:
    text = """
    [target.production.python]
    interpreter = "venv/bin/python"
    [target.production.redis]
    socket = "/run/redis.sock"
    """
    target = load_text(text).select()
    assert target.python is not None
    assert target.python.interpreter == tmp_path / "venv/bin/python"
    assert target.redis is not None
    assert target.redis.socket == Path("/run/redis.sock")


def test_an_endpoint_is_called_by_host_and_port_or_by_its_name() -> None:
    block = TlsBlock.model_validate(
        {
            "endpoints": [
                "https://a",
                "b:5432",
                {"host": "c", "starttls": "postgres", "name": "database"},
            ]
        }
    )
    assert [endpoint.name for endpoint in block.endpoints] == [
        "a:443",
        "b:5432",
        "database",
    ]
    assert block.endpoints[2] == TlsEndpoint(
        host="c", starttls="postgres", name="database"
    )


def test_an_empty_list_of_endpoints_is_for_the_suite_to_judge() -> None:
    assert TlsBlock.model_validate({"endpoints": []}).endpoints == ()


@pytest.mark.parametrize(
    ("table", "route", "key", "header"),
    [
        ({}, "/version", "version", None),
        ({"route": "/info", "json": "build.version"}, "/info", "build.version", None),
        ({"route": "/", "header": "X-Release"}, "/", None, "X-Release"),
    ],
)
def test_a_release_is_read_from_a_json_key_or_a_header(
    load_text: Load, table: dict[str, str], route: str, key: str, header: str
) -> None:
    inline = ", ".join(f'{name} = "{value}"' for name, value in table.items())
    text = f"""
    [target.production.service]
    url = "https://engine"
    release = {{{inline}}}
    """
    service = load_text(text).select().service
    assert service is not None
    assert service.release is not None
    release = service.release
    assert (release.route, release.json_key, release.header) == (route, key, header)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost", "https://a"]
)
def test_a_token_may_go_over_tls_or_loopback(url: str) -> None:
    block = ServiceBlock(url=url, token=Secret("t", "test"))
    assert block.url == url
