from __future__ import annotations

import dataclasses
import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import redis as redis_py
from packaging.version import Version

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.redis import redis as old_redis
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.redis import Lookups, Redis
from pytest_readiness.target.blocks import RedisBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Pki, RedisServer, StartRedis

    See = Callable[..., Redis]

PASSWORD = "correct-horse-battery"
LIMIT = 0.6


@pytest.fixture
def see() -> See:
    """Give a look that checks what must hold for each: in time, and nothing leaks."""

    def look(block: RedisBlock, timeout: float = 5.0) -> Redis:
        began = time.monotonic()
        facts = Redis.gather(block, Look(Redis.source(block), timeout))
        assert time.monotonic() - began < timeout * (1 + block.retries) + 0.4
        assert PASSWORD not in repr(facts)
        return facts

    return look


def why(facts: Redis) -> Unavailable:
    """Give the reason why nothing was seen: the same for every fact."""
    values = {getattr(facts, field.name).value for field in dataclasses.fields(facts)}
    assert len(values) == 1
    (value,) = values
    assert isinstance(value, Unavailable)
    return value


def plain(port: int, **changes: object) -> RedisBlock:
    return RedisBlock(host="127.0.0.1", port=port, **changes)


# ------------------------------------------------------------------------- good targets


def test_a_server_with_tls_and_users_is_seen(
    redis_server: RedisServer, see: See
) -> None:
    facts = see(redis_server.block())
    assert (facts.answers.value, facts.answers.detail) == (True, "over TLS")
    assert isinstance(facts.version.value, Version)
    assert facts.version.value.major == 7
    assert (facts.maxmemory.value, facts.maxmemory.unit) == (64 * 1024**2, "bytes")
    assert facts.eviction_policy.value == "allkeys-lru"
    assert facts.role.value == "cache"
    assert (facts.persistence.value, facts.persistence.detail) == (
        True,
        "append-only file",
    )


def test_the_round_trip_is_a_median_of_twenty(
    redis_server: RedisServer, see: See
) -> None:
    fact = see(redis_server.block()).round_trip
    assert isinstance(fact.value, dt.timedelta)
    assert dt.timedelta(0) < fact.value < dt.timedelta(milliseconds=50)
    assert fact.detail.startswith("median of 20, slowest ")


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_names_and_ipv6_reach_it_too(
    host: str, redis_server: RedisServer, see: See
) -> None:
    assert see(redis_server.block(host=host)).answers.value is True


def test_a_unix_socket_reaches_it_too(redis_plain: RedisServer, see: See) -> None:
    facts = see(RedisBlock(socket=redis_plain.socket))
    assert (facts.answers.value, facts.answers.detail) == (True, "without TLS")
    assert facts.same_network.value is True


def test_another_database_is_selected(redis_server: RedisServer, see: See) -> None:
    assert see(redis_server.block(db=3)).answers.value is True


def test_a_client_certificate_is_presented(redis_mutual: RedisServer, see: See) -> None:
    folder = redis_mutual.pki.folder
    files = {"cert_file": folder / "badge.pem", "key_file": folder / "badge.key"}
    assert see(redis_mutual.block(**files)).answers.value is True


@pytest.mark.parametrize("declared", [True, False])
def test_the_target_may_say_how_near_the_server_is(
    *, declared: bool, redis_server: RedisServer, see: See
) -> None:
    fact = see(redis_server.block(same_network=declared)).same_network
    assert (fact.value, fact.detail) == (declared, "as the target says")


def test_valkey_is_named_in_the_detail(see: See) -> None:
    info = b"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:9.1.2\r\n"

    def serve(connection: socket.socket) -> None:
        while data := connection.recv(1000):
            answer = b"$%d\r\n%b\r\n" % (len(info), info)
            connection.sendall(answer if b"INFO" in data else b"+PONG\r\n")

    with Listener(serve) as server:
        version = see(plain(server.port)).version
    assert (version.value, version.detail) == (Version("7.2.4"), "valkey 9.1.2")


# -------------------------------------------------------------------------- bad targets


def test_shipped_defaults_have_no_limit(redis_plain: RedisServer, see: See) -> None:
    facts = see(RedisBlock(socket=redis_plain.socket, role="store"))
    assert facts.maxmemory.value == 0
    assert facts.eviction_policy.value == "noeviction"
    assert isinstance(facts.persistence.value, Unavailable)
    assert facts.persistence.value.cause is Cause.TOO_EARLY


def test_redis_5_is_seen_for_what_it_is(see: See) -> None:
    with old_redis("5.0.14", PASSWORD) as server:
        secret = Secret(PASSWORD, "env:X")
        facts = see(plain(server.port, username="default", password=secret))
    assert facts.version.value == Version("5.0.14")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"password": Secret("wrong-password", "env:X")},
            "the server rejected the credential",
        ),
        ({"username": "nobody"}, "the server rejected the credential"),
        (
            {"username": None, "password": None},
            "the server asks for a password and the target gives none",
        ),
        ({"db": 99}, "the server refused SELECT"),
        ({"tls": False, "ca_file": None}, "the server closed the connection"),
        ({"ca_file": None}, "TLS failed: unable to get local issuer certificate"),
    ],
)
def test_a_refusal_is_the_targets_answer(
    changes: dict[str, object], reason: str, redis_server: RedisServer, see: See
) -> None:
    nothing = why(see(redis_server.block(**changes)))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


def test_a_password_where_none_is_set_is_rejected(
    redis_plain: RedisServer, see: See
) -> None:
    block = plain(redis_plain.port, password=Secret(PASSWORD, "env:X"))
    assert why(see(block)).reason == "the server rejected the credential"


def test_a_missing_client_certificate_is_noticed(
    redis_mutual: RedisServer, see: See
) -> None:
    assert why(see(redis_mutual.block())).cause is Cause.NO_ANSWER


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": Secret(None, "env:X", "X is not set")}, "X is not set"),
        ({"ca_file": "none.pem"}, "none.pem cannot be used: No such file or directory"),
        ({"ca_file": "server.key"}, "server.key cannot be used: no certificate in it"),
        (
            {"cert_file": "server.pem", "key_file": "badge.key"},
            "server.pem cannot be used: no certificate and key that fit",
        ),
    ],
)
def test_what_is_wrong_here_is_no_fault_of_the_server(
    changes: dict[str, object], words: str, redis_server: RedisServer, see: See
) -> None:
    folder = redis_server.pki.folder
    files = {k: folder / v if isinstance(v, str) else v for k, v in changes.items()}
    nothing = why(see(redis_server.block(**files)))
    assert words in nothing.reason
    assert nothing.cause is Cause.LOCAL


def test_a_user_without_info_withholds_what_info_tells(
    redis_server: RedisServer, see: See
) -> None:
    facts = see(redis_server.block(username="blind"))
    no = Unavailable(
        "the user may not run INFO", Cause.WITHHELD, "ACL SETUSER blind +info"
    )
    assert facts.answers.value is True
    assert isinstance(facts.round_trip.value, dt.timedelta)
    assert facts.version.value == facts.maxmemory.value == facts.persistence.value == no


def test_a_user_without_ping_withholds_what_ping_tells(
    redis_server: RedisServer, see: See
) -> None:
    facts = see(redis_server.block(username="deaf"))
    no = Unavailable(
        "the user may not run PING", Cause.WITHHELD, "ACL SETUSER deaf +ping"
    )
    assert facts.answers.value == facts.round_trip.value == no
    assert isinstance(facts.version.value, Version)


def test_a_user_without_select_withholds_everything(
    redis_server: RedisServer, see: See
) -> None:
    nothing = why(see(redis_server.block(username="blind", db=1)))
    assert (nothing.cause, nothing.remedy) == (
        Cause.WITHHELD,
        "ACL SETUSER blind +select",
    )


def test_a_stopped_process_is_no_answer_within_the_limit(
    tmp_path: Path, see: See, start_redis: StartRedis
) -> None:
    with start_redis(tmp_path) as (server, process):
        os.kill(process.pid, signal.SIGSTOP)
        try:
            nothing = why(see(server.block(), timeout=LIMIT))
        finally:
            os.kill(process.pid, signal.SIGCONT)
    assert nothing.reason == "no answer within 0.6 s (in the TLS handshake)"


# ---------------------------------------------------------------------- hostile servers


def test_a_hanging_or_dribbling_server_behind_tls_ends_with_the_look(
    pki: Pki, see: See
) -> None:
    def dribble(connection: socket.socket) -> None:
        for byte in b"+PONG\r\n":
            connection.sendall(bytes([byte]))
            time.sleep(0.3)

    context = pki.authority.issue().server_context(pki.folder, "dribble")
    with Listener(dribble, context) as server:
        block = plain(server.port, tls=True, ca_file=pki.ca_file)
        assert why(see(block, timeout=LIMIT)).reason == "no answer within 0.6 s"


NOT_REDIS = "what answers there is not Redis"
ENDLESS = "the server sends without end"

HOSTILE = {
    "hangs": (hostile.hangs, "no answer within 0.6 s"),
    "nonsense": (hostile.talks_nonsense, "the server closed the connection"),
    "web server": (hostile.http, NOT_REDIS),
    "endless": (hostile.floods, ENDLESS),
    "endless line": (lambda: hostile.floods(b"+"), ENDLESS),
    "endless text": (lambda: hostile.floods(b"$1000000000\r\n"), ENDLESS),
    "endless list": (lambda: hostile.floods(b"*1000000000\r\n:1\r\n"), ENDLESS),
    "nested list": (lambda: hostile.floods(b"*1\r\n" * 5000), NOT_REDIS),
    "length that is none": (lambda: hostile.floods(b"$abc\r\n"), NOT_REDIS),
    "another answer": (lambda: hostile.floods(b":5\r\n"), NOT_REDIS),
    "breaks off": (hostile.breaks_off, "the server closed the connection"),
    "dribbles": (lambda: hostile.dribbles(b"+PONG\r\n"), "no answer within 0.6 s"),
    "loading": (
        lambda: hostile.floods(b"-LOADING data\r\n"),
        "the server is still loading its data",
    ),
    "protected mode": (
        lambda: hostile.floods(b"-DENIED by \x1b[31m\r\n"),
        "the server refused PING with DENIED",
    ),
    "an error that quotes the password": (
        lambda: hostile.floods(b"-ERR " + PASSWORD.encode() + b"\r\n"),
        "the server refused PING",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_server_is_named_within_the_limit(kind: str, see: See) -> None:
    make, reason = HOSTILE[kind]
    with make() as server:
        nothing = why(see(plain(server.port), timeout=LIMIT))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


HOSTILE_TO_TLS = {
    "hangs": (hostile.hangs, "no answer within 0.6 s (in the TLS handshake)"),
    "nonsense": (hostile.talks_nonsense, "TLS failed: the answer is not TLS"),
    "web server": (hostile.http, "TLS failed: the answer is not TLS"),
    "endless": (hostile.floods, "TLS failed: the answer is not TLS"),
    "breaks off": (hostile.breaks_off, "TLS failed: the server closed the connection"),
    "dribbles": (
        lambda: hostile.dribbles(bytes.fromhex("160303007a020000760303")),
        "no answer within 0.6 s (in the TLS handshake)",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE_TO_TLS)
def test_a_server_hostile_to_tls_is_named_within_the_limit(
    kind: str, pki: Pki, see: See
) -> None:
    make, reason = HOSTILE_TO_TLS[kind]
    with make() as server:
        block = plain(server.port, tls=True, ca_file=pki.ca_file)
        nothing = why(see(block, timeout=LIMIT))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


def test_a_refused_port_and_a_black_hole_are_told_apart(see: See) -> None:
    with hostile.refuses() as port:
        nothing = why(see(plain(port, retries=1), timeout=LIMIT))
    assert nothing.reason == "connection refused (2 tries)"
    with hostile.black_holes() as port:
        assert why(see(plain(port), timeout=LIMIT)).reason == "no answer within 0.6 s"


def test_a_second_try_that_succeeds_shows_in_every_detail(see: See) -> None:
    refusals = [None]

    def serve(connection: socket.socket) -> None:
        while data := connection.recv(1000):
            if refusals:
                return refusals.pop()
            info = b"$17\r\nredis_version:7.0\r\n"
            connection.sendall(info if b"INFO" in data else b"+PONG\r\n")
        return None

    with Listener(serve) as server:
        facts = see(plain(server.port, retries=1))
    note = "try 2 of 2, after: the server closed the connection"
    assert facts.answers.detail == f"without TLS; {note}"
    assert facts.version.detail == note


def test_a_slow_server_still_has_a_median(see: See) -> None:
    def serve(connection: socket.socket) -> None:
        info = b"$17\r\nredis_version:7.0\r\n"
        while data := connection.recv(1000):
            time.sleep(0.05)
            connection.sendall(info if b"INFO" in data else b"+PONG\r\n")

    with Listener(serve) as server:
        facts = see(plain(server.port), timeout=1.0)
    assert isinstance(facts.round_trip.value, dt.timedelta)
    assert facts.round_trip.value >= dt.timedelta(milliseconds=50)
    assert not facts.round_trip.detail.startswith("median of 20")


def test_without_a_route_the_server_is_not_blamed() -> None:
    """In a network namespace of its own even loopback is down."""
    script = (
        "from pytest_readiness.probes.look import Look\n"
        "from pytest_readiness.probes.redis import Redis\n"
        "from pytest_readiness.target.blocks import RedisBlock\n"
        "block = RedisBlock(host='127.0.0.1')\n"
        "value = Redis.gather(block, Look('x', 1.0)).answers.value\n"
        "print(value.cause, value.reason)\n"
    )
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not installed here")
    shown = subprocess.run(
        [str(shutil.which("unshare")), "-rn", sys.executable, "-c", script],
        check=False,
        capture_output=True,
        text=True,
    )
    if not shown.stdout:
        pytest.skip("this machine lets nobody make network namespaces")
    assert shown.stdout == (
        "local cannot be reached from this host: Network is unreachable\n"
    )


def test_lookups_are_counted(redis_server: RedisServer) -> None:
    def lookups() -> Lookups:
        seen = Redis.gather(redis_server.block(), Look("here", 5.0)).lookups.value
        assert isinstance(seen, Lookups)
        return seen

    with redis_py.Redis(
        port=redis_server.port,
        username="watcher",
        password=PASSWORD,
        ssl=True,
        ssl_ca_certs=str(redis_server.pki.ca_file),
    ) as client:
        client.set("there", "1")
        before = lookups()
        for key in ("there", "there", "there", "not-there"):
            client.get(key)
        client.delete("there")
    after = lookups()
    assert (after.hits - before.hits, after.total - before.total) == (3, 4)
    assert str(Lookups(3, 4)) == "75.0% of 4 lookups"
    assert Lookups(0, 0).ratio == 1.0
