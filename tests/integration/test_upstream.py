"""Many connects to one endpoint: on loopback, through proxies, and to nobody."""

from __future__ import annotations

import datetime as dt
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.proxy import proxy
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.upstream import Network, Upstream, percentile
from pytest_readiness.target.blocks import Endpoint, HostBlock, NetworkBlock, Resources
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable


PASSWORD = "correct-horse-battery"
LIMIT = 0.5
"""Seconds after which a connect is lost."""


def see_all(*endpoints: Endpoint, limit: float = 10.0, **more: object) -> Network:
    settings: dict[str, object] = {
        "connects": 8,
        "interval": dt.timedelta(milliseconds=2),
        "connect_timeout": dt.timedelta(seconds=LIMIT),
    }
    block = NetworkBlock(**{"endpoints": endpoints, **settings, **more})
    began = time.monotonic()
    facts = Network.gather(block, Look(Network.source(block), limit))
    assert time.monotonic() - began < limit + 1
    assert PASSWORD not in repr(facts)
    return facts


def see(host: str, port: int, **more: object) -> Upstream:
    (seen,) = see_all(Endpoint(host=host, port=port), **more).endpoints.otherwise(())
    return seen


def through(port: int, **more: object) -> Upstream:
    """Look at an endpoint through whatever is at a port."""
    with hostile.hangs() as upstream:
        return see("127.0.0.1", upstream.port, proxy=f"http://127.0.0.1:{port}", **more)


def why(seen: Upstream, name: str = "loss") -> Unavailable:
    value = getattr(seen, name).value
    assert isinstance(value, Unavailable)
    return value


# ------------------------------------------------------------------------- good targets


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_endpoint_that_accepts_loses_nothing(host: str) -> None:
    with hostile.hangs() as server:
        seen = see(host, server.port)
    assert seen.loss.value == 0
    assert seen.loss.detail == "0 of 8 connects lost"
    assert dt.timedelta(0) < seen.median.otherwise(dt.timedelta(9))
    assert seen.median.otherwise(dt.timedelta(9)) <= seen.p99.otherwise(dt.timedelta(0))
    assert seen.p99.otherwise(dt.timedelta(9)) < dt.timedelta(seconds=LIMIT)
    assert seen.name == f"{host}:{server.port}"


def test_each_connect_is_one_and_sends_nothing() -> None:
    said: list[bytes] = []
    done = threading.Semaphore(0)

    def handle(connection: socket.socket) -> None:
        said.append(connection.recv(100))
        done.release()

    with Listener(handle) as server:
        see("127.0.0.1", server.port, connects=20)
        assert all(done.acquire(timeout=5) for _ in range(20))
    assert said == [b""] * 20


def test_endpoints_are_looked_at_side_by_side() -> None:
    with hostile.hangs() as one, hostile.black_holes() as other:
        seen = see_all(
            Endpoint(host="127.0.0.1", port=one.port, name="good"),
            Endpoint(host="127.0.0.1", port=other, name="bad"),
        ).endpoints.otherwise(())
    assert [(each.name, each.loss.value) for each in seen] == [
        ("good", 0.0),
        ("bad", 1.0),
    ]


def test_ipv6_is_connected_to() -> None:
    try:
        server = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this host has no IPv6")
    with server:
        assert see("::1", server.getsockname()[1]).loss.value == 0


def test_an_address_that_refuses_is_followed_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with hostile.hangs() as server, hostile.refuses() as closed:
        places = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))
            for port in (closed, server.port)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
        assert see("feed.example", server.port).loss.value == 0


@pytest.mark.parametrize("credentials", ["", f"engine:{PASSWORD}"])
def test_a_proxy_that_leads_out_is_asked_to_connect(credentials: str) -> None:
    user, _, password = credentials.partition(":")
    more = (
        {"proxy_user": user, "proxy_password": Secret(password, "env:P")}
        if user
        else {}
    )
    with proxy(credentials) as server:
        seen = through(server.port, **more)
    assert (seen.loss.value, seen.loss.detail) == (0, "0 of 8 connects lost")


def test_a_proxy_leads_to_ipv6_in_brackets() -> None:
    said: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        said.append(connection.recv(200))
        connection.sendall(b"HTTP/1.0 200 fine\r\n\r\n")

    with Listener(handle) as server:
        way = f"http://127.0.0.1:{server.port}"
        assert see("::1", 443, proxy=way, connects=1).loss.value == 0
    assert said[0].startswith(b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n")


def test_no_endpoints_are_none() -> None:
    assert see_all().endpoints.value == ()


# -------------------------------------------------------------------------- bad targets


def test_a_refusal_is_a_loss() -> None:
    with hostile.refuses() as port:
        seen = see("127.0.0.1", port)
    assert seen.loss.value == 1
    assert seen.loss.detail == "8 of 8 connects lost: connection refused (8)"
    assert why(seen, "median").reason == "connection refused"
    assert why(seen, "p99").cause is Cause.NO_ANSWER


def test_a_black_hole_costs_one_time_out() -> None:
    began = time.monotonic()
    with hostile.black_holes() as port:
        seen = see("127.0.0.1", port, connects=20)
    assert time.monotonic() - began < 4 * LIMIT
    assert seen.loss.value == 1
    assert seen.loss.detail == "20 of 20 connects lost: no answer within 0.5 s (20)"


def test_a_slow_peer_is_measured() -> None:
    # The first packets are dropped; the system sends them again after a second.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)  # noqa: FBT003  # the library's signature
            filler.connect_ex(listening.getsockname())
        opens = threading.Timer(0.4, listening.listen, (64,))
        opens.start()
        seen = see(
            "127.0.0.1",
            listening.getsockname()[1],
            connect_timeout=dt.timedelta(seconds=6),
        )
        opens.join()
        for filler in fillers:
            filler.close()
    assert seen.loss.value == 0
    assert seen.median.otherwise(dt.timedelta(0)) > dt.timedelta(seconds=0.8)


def test_a_slow_way_through_a_proxy_is_measured() -> None:
    with proxy(delay=0.15) as server:
        seen = through(server.port, connect_timeout=dt.timedelta(seconds=5))
    assert seen.loss.value == 0
    assert seen.median.otherwise(dt.timedelta(0)) >= dt.timedelta(seconds=0.15)


def test_some_losses_of_many_are_their_share() -> None:
    turn = iter(range(100))

    def handle(connection: socket.socket) -> None:
        connection.recv(200)
        if next(turn) % 2:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with Listener(handle) as server:
        seen = through(server.port)
    assert seen.loss.value == 0.5
    assert "the proxy: the server closed the connection (4)" in seen.loss.detail
    assert seen.median.available


@pytest.mark.parametrize(
    ("code", "cause", "reason"),
    [
        (socket.EAI_NONAME, Cause.NO_ANSWER, "the name feed.example is unknown"),
        (socket.EAI_AGAIN, Cause.LOCAL, "the resolver gave no answer for the name"),
    ],
)
def test_a_name_is_looked_up_first(
    code: int, cause: Cause, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "from the resolver")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    nothing = why(see("feed.example", 443, retries=1))
    assert nothing.reason.startswith(reason)
    assert nothing.reason.endswith("(2 tries)")
    assert nothing.cause is cause


def test_a_retried_look_up_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real, turn = socket.getaddrinfo, iter((True, False))

    def getaddrinfo(*more: object, **named: object) -> object:
        if next(turn):
            raise socket.gaierror(socket.EAI_AGAIN, "from the resolver")
        return real("127.0.0.1", *more[1:], **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with hostile.hangs() as server:
        seen = see("feed.example", server.port, retries=1)
    assert seen.loss.value == 0
    assert "try 2 of 2" in seen.loss.detail


def test_what_is_wrong_on_this_host_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    # The system itself refuses to connect to everybody.
    place = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("255.255.255.255", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [place])
    seen = see("feed.example", 443)
    nothing = why(seen)
    assert nothing == why(seen, "median") == why(seen, "p99")
    assert nothing.reason.startswith("cannot be reached from this host")
    assert nothing.cause is Cause.LOCAL


# -------------------------------------------------------------------- from another host


def from_there(
    *endpoints: Endpoint, settings: dict[str, object] | None = None, **more: object
) -> Network:
    """Connect from a host, by the Python of these tests."""
    block = NetworkBlock.model_validate(
        {
            "endpoints": endpoints,
            "host": "engine",
            "interpreter": Path(sys.executable),
            "connects": 8,
            "interval": dt.timedelta(milliseconds=2),
            "connect_timeout": dt.timedelta(seconds=LIMIT),
            **more,
        }
    )
    hosts = {"engine": HostBlock.model_validate(settings or {"backend": "local"})}
    resources = Resources(network=block, hosts=hosts)
    assert resources.network is not None
    return Network.gather(
        resources.network, Look(Network.source(resources.network), 20.0)
    )


def test_a_host_connects_and_tells() -> None:
    with (
        hostile.hangs() as good,
        hostile.refuses() as closed,
        hostile.black_holes() as dropped,
    ):
        seen = from_there(
            *(Endpoint(host="localhost", port=good.port, name="good"),),
            *(Endpoint(host="127.0.0.1", port=closed, name="closed"),),
            *(Endpoint(host="127.0.0.1", port=dropped, name="dropped"),),
            *(Endpoint(host="127.0.0.1", port=1, name="also closed"),),
        ).endpoints.otherwise(())
    told = {one.name: (one.loss.value, one.loss.detail) for one in seen}
    assert told == {
        "good": (0, "0 of 8 connects lost"),
        "closed": (1, "8 of 8 connects lost: connection refused (8)"),
        "dropped": (1, "8 of 8 connects lost: no answer within 0.5 s (8)"),
        "also closed": (1, "8 of 8 connects lost: connection refused (8)"),
    }
    assert seen[0].median.otherwise(dt.timedelta(9)) < dt.timedelta(seconds=LIMIT)


def test_what_the_host_itself_cannot_do_is_no_loss() -> None:
    (seen,) = from_there(Endpoint(host="255.255.255.255")).endpoints.otherwise(())
    assert why(seen).cause is Cause.LOCAL
    assert why(seen).reason.startswith("cannot be reached from this host")


@pytest.mark.parametrize(
    ("told", "reason", "cause"),
    [
        ('[[["name", "EAI_NONAME"]]]', "the name feed.example is unk", Cause.NO_ANSWER),
        ('[[["name", "EAI_AGAIN"]]]', "the resolver gave no answer", Cause.LOCAL),
        ('[[["name", ""]]]', "the resolver gave no answer", Cause.LOCAL),
        ('[[["system", ""]]]', "connection failed: OSError", Cause.NO_ANSWER),
    ],
)
def test_a_hosts_own_errors_are_told(
    told: str, reason: str, cause: Cause, tmp_path: Path
) -> None:
    program = script(tmp_path, f"echo '{told}'")
    (seen,) = from_there(
        Endpoint(host="feed.example"), interpreter=program
    ).endpoints.otherwise(())
    assert why(seen).reason.startswith(reason)
    assert why(seen).cause is cause


def script(folder: Path, text: str) -> Path:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    "text", ["echo nonsense", "exit 3", "echo '[[1], [2]]'", "echo '[[[]]]'"]
)
def test_a_program_that_is_no_python_tells_nothing(text: str, tmp_path: Path) -> None:
    seen = from_there(
        Endpoint(host="feed.example"), interpreter=script(tmp_path, text)
    ).endpoints.value
    assert isinstance(seen, Unavailable)
    assert "does not tell what became of its connects" in seen.reason


def test_a_host_that_cannot_be_looked_at_is_unknown(tmp_path: Path) -> None:
    feed = Endpoint(host="feed.example")
    absent = from_there(feed, interpreter=tmp_path / "none").endpoints.value
    with hostile.refuses() as port:
        settings = {"backend": "ssh", "address": "127.0.0.1", "port": port}
        unreached = from_there(feed, settings=settings).endpoints.value
    for nothing in (absent, unreached):
        assert isinstance(nothing, Unavailable)
        assert nothing.cause is Cause.LOCAL


# ---------------------------------------------------------------------- hostile proxies


def test_a_proxy_that_refuses_credentials_says_407() -> None:
    with proxy(f"engine:{PASSWORD}") as server:
        seen = through(server.port)
    assert "the proxy rejects the credentials (407) (8)" in seen.loss.detail


def test_a_proxy_that_finds_nobody_says_so() -> None:
    with proxy() as server, hostile.refuses() as port:
        seen = see("127.0.0.1", port, proxy=f"http://127.0.0.1:{server.port}")
    assert seen.loss.value == 1
    assert "the proxy answered 502 (8)" in seen.loss.detail


@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        (hostile.refuses, "connection refused"),
        (hostile.black_holes, "no answer within 0.5 s"),
        (hostile.hangs, "no answer within 0.5 s"),
        (lambda: hostile.dribbles(b"HTTP/1.1 200 OK\r\n\r\n"), "no answer within"),
        (hostile.talks_nonsense, "the proxy: the server closed the connection"),
        (hostile.floods, "what answers there is no proxy"),
        (hostile.breaks_off, "the proxy: the server closed the connection"),
        (hostile.http, "the proxy answered 400"),
        (lambda: Listener(lambda c: c.sendall(b"\r\n\r\n")), "no proxy"),
        (lambda: Listener(lambda c: c.sendall(b"HTTP/1.1 x\r\n\r\n")), "no proxy"),
    ],
)
def test_what_is_no_proxy_leads_nowhere(
    peer: Callable[[], Listener], reason: str
) -> None:
    with peer() as opened:
        port = opened.port if isinstance(opened, Listener) else opened
        seen = through(port, limit=3.0)
    assert seen.loss.value == 1
    assert reason in seen.loss.detail
    assert reason in why(seen, "median").reason


@pytest.mark.parametrize("connects", [2, 1000])
def test_the_look_ends_when_it_is_over(connects: int) -> None:
    slow = {
        "limit": 0.3,
        "connects": connects,
        "interval": dt.timedelta(seconds=1),
        "connect_timeout": dt.timedelta(seconds=60),
    }
    with hostile.black_holes() as port:
        reason = why(see("127.0.0.1", port, **slow)).reason
    # A busy machine may not even begin in time.
    assert reason.startswith(("no answer within", "only 0 of"))
    with hostile.hangs() as server:
        nothing = why(see("127.0.0.1", server.port, **slow))
    assert nothing.reason == f"only 1 of {connects} connects fit into the look"
    assert nothing.cause is Cause.LOCAL


# --------------------------------------------------------------------------- the block


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([5.0], 0.99, 5.0),
        (list(range(1, 21)), 0.99, 20),
        (list(range(1, 101)), 0.99, 99),
        (list(range(1, 201)), 0.99, 198),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([1.0], 0.0, 1.0),
    ],
)
def test_percentiles_are_by_nearest_rank(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected


def test_what_is_connected_to_is_said_beforehand() -> None:
    block = NetworkBlock(
        endpoints=(Endpoint(host="feed.example"),), proxy="http://proxy.example:3128"
    )
    (look,) = Network.looks(block)
    assert (look.kind, look.where) == ("connection", "feed.example:443")
    assert look.what == (
        "TCP, closed at once, 20 times through http://proxy.example:3128, by CONNECT"
    )
