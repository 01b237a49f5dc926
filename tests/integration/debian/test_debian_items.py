"""Environment Setup, judged by the real command against Debian's own servers.

All four items hold; each way in which one of them is not as required changes that item,
and no other.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from pytest_readiness.demo.pki import BAD
from pytest_readiness.demo.standins.postgres import postgres as old_postgres
from pytest_readiness.demo.standins.python import hanging_python, old_python
from pytest_readiness.demo.standins.redis import redis as old_redis

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Target

    Apply = Callable[["Target"], object]

RUN = ("pytest_readiness", "run")

# --------------------------------------------------------------------- the good target


@pytest.mark.parametrize(
    "command", [RUN, ("pytest", "--readiness")], ids=["readiness-run", "pytest"]
)
def test_debians_servers_are_ready(command: tuple[str, ...], target: Target) -> None:
    run = target.judge(*command)
    assert run.states == target.GOOD
    assert (run.report["verdict"], run.report["exit_code"], run.code) == ("READY", 0, 0)
    assert "READY (5 seen, 0 signed), exit 0" in run.stdout
    seen = {
        observation["label"]: observation["observed"]
        for item in run.report["items"]
        for observation in item["observations"]
        if observation["judged"] == "met"
    }
    assert seen["PostgreSQL version"].startswith("15.")
    assert seen["Redis version"].startswith("7.")
    assert seen["memory limit"] == "67.11 MB"
    assert seen["isolated from the system's Python"] == "yes"
    for endpoint in ("nginx", "database", "cache"):
        assert seen[f"{endpoint}: chain of trust"] == "yes"


# -------------------------------------------------------------------------- bad targets


class Bad(NamedTuple):
    """What is not as required, and how its evidence says so."""

    name: str
    """The table whose item changes, and how the target is bad."""
    apply: Apply
    label: str
    observed: str
    """A pattern: figures differ in their last digit."""
    required: str
    more: str = ""
    """What the evidence says besides: why, where what was seen is only a "no"."""
    judged: str = "violated"


def interpreter(make: Callable[[Path], Path], timeout: str = "5s") -> Apply:
    return lambda target: target.set(
        "python", interpreter=str(make(target.folder)), timeout=timeout
    )


def old_database(target: Target) -> None:
    target.elsewhere("postgres", old_postgres("11.22", target.context()))


def old_cache(target: Target) -> None:
    server = old_redis("5.0.14", target.PASSWORD, target.context())
    target.elsewhere("redis", server)
    target.set("redis", username=None)  # Redis 5 has no users


def allowed(table: str, version: str, apply: Apply) -> Apply:
    """Have the target file allow what the checklist does not."""

    def both(target: Target) -> None:
        target.limit(table, min_version=version)
        apply(target)

    return both


def shows(kind: str) -> Apply:
    return lambda target: target.move("tls", target.debian.nginx.ports[kind])


SYSTEM = Path(sys._base_executable)  # noqa: SLF001
missing = interpreter(lambda folder: folder / "none")
systems = interpreter(lambda _folder: SYSTEM)
hangs = interpreter(hanging_python, "600ms")
old = interpreter(lambda folder: old_python(folder, "3.8.20", Path(sys.executable)))
EXISTS, ISOLATED = "the interpreter exists", "isolated from the system's Python"
PYTHON, PG, REDIS = "its version", "PostgreSQL version", "Redis version"
LIMIT, EVICTS, TRIP = "memory limit", "eviction policy of a store", "median round trip"
NAME, LEFT, KEY = "localhost (server)", ": time left", ": key size"
CHAIN, HOST, WEAK = ": chain of trust", ": host name", ": weak signatures"

CASES = (
    Bad("python-missing", missing, EXISTS, "no", "yes", "No such file or directory"),
    Bad("python-system", systems, ISOLATED, "no", "yes", "which is its base too"),
    Bad("python-hangs", hangs, "it answers", "no", "yes", "no answer within 0.6 s"),
    Bad("python-3.8", old, PYTHON, "3.8.20", "at least 3.9"),
    Bad(
        *("python-3.8-allowed", allowed("python", "3.8", old), PYTHON),
        *("3.8.20", "at least 3.8", "3.9", "loosened"),
    ),
    Bad("postgres-11", old_database, PG, "11.22", "at least 12"),
    Bad(
        *("postgres-11-allowed", allowed("postgres", "11", old_database), PG),
        *("11.22", "at least 11", "12", "loosened"),
    ),
    Bad(
        *("postgres-15", lambda t: t.limit("postgres", min_version="99"), PG),
        *("15.", "at least 99"),
    ),
    Bad("redis-5", old_cache, REDIS, "5.0.14", "at least 6"),
    Bad(
        *("redis-5-allowed", allowed("redis", "5", old_cache), REDIS),
        *("5.0.14", "at least 5", "6", "loosened"),
    ),
    Bad(
        *("redis-7", lambda t: t.limit("redis", min_version="99"), REDIS),
        *("7.", "at least 99"),
    ),
    Bad(
        *("redis-no-maxmemory", lambda t: t.shipped_cache(), LIMIT),
        *("0 B", "above 0 B", "noeviction"),
    ),
    Bad(
        *("redis-store-evicts", lambda t: t.set("redis", role="store"), EVICTS),
        *("allkeys-lru", "equal to noeviction"),
    ),
    Bad(
        *("redis-slow", lambda t: t.limit("redis", round_trip="0.001ms"), TRIP),
        *(r"[\d.]+ ms", "at most 0.001 ms", "median of 20"),
    ),
    Bad("tls-expired", shows("expired"), LEFT, r"-2(\.\d+)? d", "at least 30 d", NAME),
    Bad("tls-expiring", shows("expiring"), LEFT, r"(9|8\.99\d*) d", "at least 30 d"),
    Bad("tls-wrong-host", shows("wrong-host"), HOST, "no", "yes"),
    Bad("tls-self-signed", shows("self-signed"), CHAIN, "no", "yes"),
    Bad("tls-unknown-authority", shows("unknown-authority"), CHAIN, "no", "yes"),
    Bad(
        *("tls-missing-intermediate", shows("missing-intermediate"), CHAIN),
        *("no", "yes", "intermediates sent"),
    ),
    Bad("tls-rsa-1024", shows("rsa-1024"), KEY, "1024 bit", "at least 2048 bit", NAME),
    Bad("tls-sha1", shows("sha1"), WEAK, r"localhost \(sha1\)", "none"),
    Bad("tls-authority", lambda t: t.distrust("tls"), CHAIN, "no", "yes"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_not_as_required_fails_its_own_item(case: Bad, target: Target) -> None:
    case.apply(target)
    item = target.judge().only(case.name.partition("-")[0], "failed")
    unmet = [one for one in item["observations"] if one["judged"] != "met"]
    first = next(one for one in unmet if case.label in one["label"])
    assert (first["judged"], first["required"]) == (case.judged, case.required)
    assert re.match(case.observed, first["observed"])
    assert first["source"]
    assert item["code"] == case.judged.upper()
    assert f"{first['label']}: {first['observed']}, " in item["reason"]
    assert first["required"] in item["reason"]
    assert case.more in json.dumps([unmet, item["reason"]])


def test_each_bad_certificate_of_the_demo_is_a_case() -> None:
    assert {f"tls-{kind}" for kind in BAD} <= {case.name for case in CASES}


def test_one_bad_endpoint_is_told_from_the_good_ones(target: Target) -> None:
    shows("expired")(target)
    item = target.judge().only("tls", "failed")
    unmet = [one for one in item["observations"] if one["judged"] != "met"]
    assert [one["source"].split()[:2] for one in unmet] == [["tls", "nginx"]]


def test_bad_servers_fail_an_item_each(target: Target) -> None:
    for apply in (old, old_database, old_cache, shows("expired")):
        apply(target)
    run = target.judge()
    assert run.states == dict.fromkeys(target.GOOD, "failed")
    assert (run.report["verdict"], run.code) == ("NOT READY", 1)
