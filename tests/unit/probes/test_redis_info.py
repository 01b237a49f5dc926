from __future__ import annotations

import datetime as dt

import pytest
from packaging.version import Version

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.redis import Redis, version_of
from pytest_readiness.probes.redis.info import Info, parse, persistence
from pytest_readiness.target.blocks import RedisBlock

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)
LOOK = Look("redis://cache.example:6379/0", 1.0, now=lambda: NOON)


def info(section: str = "persistence", **fields: str) -> Info:
    return Info(section, fields, LOOK)


def up(hours: float) -> Info:
    return info("server", uptime_in_seconds=str(int(hours * 3600)))


def test_sections_are_lines_of_key_and_value() -> None:
    reply = (
        "# Server\r\nredis_version:7.0.15\r\nmonotonic_clock:POSIX: x\r\n\r\nodd\r\n"
    )
    assert parse(reply) == {"redis_version": "7.0.15", "monotonic_clock": "POSIX: x"}


def test_a_field_becomes_a_fact_that_says_where_it_stood() -> None:
    fact = info("memory", maxmemory="1024").fact("maxmemory", int, unit="bytes")
    assert fact.value == 1024
    assert fact.unit == "bytes"
    assert fact.source == "redis://cache.example:6379/0 INFO memory: maxmemory"


def test_a_field_that_a_managed_server_leaves_out_is_withheld() -> None:
    value = info("memory").fact("maxmemory", int).value
    assert value == Unavailable("INFO memory has no maxmemory", Cause.WITHHELD)


def test_a_field_that_makes_no_sense_is_no_answer() -> None:
    value = info("memory", maxmemory="a lot").fact("maxmemory", int).value
    assert value == Unavailable("INFO memory has no usable maxmemory", Cause.NO_ANSWER)


def test_a_section_that_the_user_may_not_see_withholds_each_field() -> None:
    no = Unavailable(
        "the user may not run INFO", Cause.WITHHELD, "ACL SETUSER app +info"
    )
    section = Info("memory", {}, LOOK, withheld=no)
    assert section.fact("maxmemory", int).value is no
    assert persistence(section, up(1), LOOK).value is no


@pytest.mark.parametrize(
    ("fields", "flavour"),
    [
        ({"server_name": "valkey", "valkey_version": "9.1.2"}, "valkey 9.1.2"),
        ({"redis_version": "7.0.15"}, ""),
        ({"server_name": "\x1b[31m", "valkey_version": "9"}, ""),
    ],
)
def test_valkey_is_named_beside_the_version_it_pretends(
    fields: dict[str, str], flavour: str
) -> None:
    assert info("server", **fields).flavour == flavour


def test_a_version_that_is_none_is_a_value_error() -> None:
    assert version_of("7.0.15") == Version("7.0.15")
    with pytest.raises(ValueError, match="seven"):
        version_of("seven")


# -------------------------------------------------------------------------- persistence


def judged(fields: dict[str, str], hours: float = 10) -> Observed[bool]:
    return persistence(info(**fields), up(hours), LOOK)


@pytest.mark.parametrize(
    ("fields", "value", "detail"),
    [
        ({"aof_enabled": "1"}, True, "append-only file"),
        (
            {"aof_enabled": "1", "aof_last_write_status": "err"},
            False,
            "the append-only file's last write failed",
        ),
        ({"aof_enabled": "0", "rdb_saves": "3"}, True, "snapshots"),
        (
            {"aof_enabled": "0", "rdb_saves": "3", "rdb_last_bgsave_status": "err"},
            False,
            "no append-only file, and the last snapshot failed",
        ),
        (
            {"aof_enabled": "0", "rdb_saves": "0", "rdb_changes_since_last_save": "7"},
            False,
            "no append-only file, and no snapshot since the start",
        ),
    ],
)
def test_data_outlives_a_restart_in_a_file_or_in_snapshots_that_succeed(
    fields: dict[str, str], *, value: bool, detail: str
) -> None:
    fact = judged(fields)
    assert (fact.value, fact.detail) == (value, detail)


@pytest.mark.parametrize(("after_start", "saved"), [(0, False), (2, False), (60, True)])
def test_before_redis_7_a_save_later_than_the_start_is_a_snapshot(
    after_start: int, *, saved: bool
) -> None:
    start = int(NOON.timestamp()) - 36_000
    fields = {"aof_enabled": "0", "rdb_last_save_time": str(start + after_start)}
    fields["rdb_changes_since_last_save"] = "1"
    assert judged(fields).value is saved


def test_soon_after_the_start_nobody_can_tell() -> None:
    value = judged({"aof_enabled": "0", "rdb_saves": "0"}, hours=0.5).value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.TOO_EARLY
    assert "one is due at 2026-11-24 12:30 UTC" in value.reason


def test_a_store_that_nobody_wrote_to_has_nothing_to_save() -> None:
    fields = {"aof_enabled": "0", "rdb_saves": "0", "rdb_changes_since_last_save": "0"}
    value = judged(fields).value
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.TOO_EARLY


@pytest.mark.parametrize("section", [info(), info(aof_enabled="maybe")])
def test_a_server_that_says_nothing_of_its_file_withholds_it(section: Info) -> None:
    value = persistence(section, up(1), LOOK).value
    assert value == Unavailable("INFO persistence has no aof_enabled", Cause.WITHHELD)


def test_a_server_that_hides_its_start_withholds_its_snapshots() -> None:
    fact = persistence(info(aof_enabled="0"), info("server"), LOOK)
    reason = "INFO server has no uptime_in_seconds"
    assert fact.value == Unavailable(reason, Cause.WITHHELD)


@pytest.mark.parametrize(
    ("block", "source"),
    [
        (RedisBlock(host="cache.example"), "redis://cache.example:6379/0"),
        (RedisBlock(host="::1", tls=True, db=2), "rediss://[::1]:6379/2"),
    ],
)
def test_the_source_has_no_credentials(block: RedisBlock, source: str) -> None:
    assert Redis.source(block) == source
