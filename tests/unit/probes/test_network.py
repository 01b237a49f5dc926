from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.demo.standins import hostile
from pytest_readiness.probes import network
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.network import (
    CLOSED,
    Address,
    connect,
    connect_unix,
    explain,
    received,
    resolve,
    same_network,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def look() -> Look:
    return Look("demo", 0.5)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the resolver fail: which error a real one gives depends on the machine."""

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


# ------------------------------------------------------------------------------ names


@pytest.mark.parametrize(
    ("code", "cause", "words"),
    [
        (socket.EAI_NONAME, Cause.NO_ANSWER, "the name db.example is unknown"),
        (socket.EAI_NODATA, Cause.NO_ANSWER, "the name db.example is unknown"),
        (socket.EAI_AGAIN, Cause.LOCAL, "the resolver gave no answer"),
        (socket.EAI_FAIL, Cause.LOCAL, "the resolver gave no answer"),
    ],
)
def test_an_unknown_name_is_the_targets_fault_and_a_dumb_resolver_is_ours(
    code: int, cause: Cause, words: str, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, socket.gaierror(code, "from the resolver"))
    with pytest.raises(LookError, match=words) as caught:
        resolve("db.example", 5432, look)
    assert caught.value.unavailable.cause is cause


def test_a_resolver_that_hangs_is_left_behind(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: hanging.wait(30) and [])
    began = time.monotonic()
    with pytest.raises(
        LookError, match=r"no resolver answered .* within 0\.5 s"
    ) as caught:
        resolve("db.example", 5432, look)
    hanging.set()
    assert time.monotonic() - began < 0.9
    assert caught.value.unavailable.cause is Cause.LOCAL


def test_a_name_that_is_no_name_is_said_to_be_none(look: Look) -> None:
    with pytest.raises(LookError, match="not a valid name"):
        resolve(f"{'a' * 64}.example", 443, look)


def test_an_address_needs_no_resolver_thread(look: Look) -> None:
    assert resolve("::1", 443, look) == (Address(socket.AF_INET6, ("::1", 443, 0, 0)),)
    assert resolve("127.0.0.1", 443, look)[0].ip == "127.0.0.1"


# ------------------------------------------------------------------------- connections


def test_the_first_address_that_answers_is_taken(
    look: Look, listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = listening.getsockname()[1]
    with hostile.black_holes() as silent:
        places = (
            Address(socket.AF_INET, ("127.0.0.1", silent)),
            Address(socket.AF_INET, ("127.0.0.1", port)),
        )
        monkeypatch.setattr(network, "resolve", lambda *_: places)
        with connect("db.example", port, look) as sock:
            assert sock.getpeername()[1] == port


def test_a_black_hole_ends_with_the_look(look: Look) -> None:
    began = time.monotonic()
    with (
        hostile.black_holes() as port,
        pytest.raises(LookError, match="no answer within"),
    ):
        connect("127.0.0.1", port, look)
    assert 0.4 < time.monotonic() - began < 0.9


def test_a_refusal_is_an_answer_of_the_target(look: Look) -> None:
    with hostile.refuses() as port, pytest.raises(LookError) as caught:
        connect("127.0.0.1", port, look)
    assert caught.value.unavailable.reason == "connection refused"
    assert caught.value.unavailable.cause is Cause.NO_ANSWER


def test_a_missing_socket_file_is_named(look: Look, tmp_path: Path) -> None:
    with pytest.raises(LookError, match=r"there is no socket .*/redis\.sock") as caught:
        connect_unix(tmp_path / "redis.sock", look)
    assert caught.value.unavailable.cause is Cause.NO_ANSWER


def test_a_socket_file_that_nobody_serves_refuses(look: Look, tmp_path: Path) -> None:
    path = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
    with pytest.raises(LookError, match="connection refused"):
        connect_unix(path, look)


def test_a_socket_path_that_is_too_long_is_explained(
    look: Look, tmp_path: Path
) -> None:
    with pytest.raises(LookError, match="connection failed"):
        connect_unix(tmp_path / ("x" * 200), look)


# ------------------------------------------------------------------------ explanations


@pytest.mark.parametrize(
    ("error", "reason", "cause"),
    [
        (TimeoutError(), "no answer within 0.5 s", Cause.NO_ANSWER),
        (ConnectionResetError(errno.ECONNRESET, ""), CLOSED, Cause.NO_ANSWER),
        (BrokenPipeError(errno.EPIPE, ""), CLOSED, Cause.NO_ANSWER),
        (OSError(errno.ENOTCONN, ""), CLOSED, Cause.NO_ANSWER),
        (
            OSError(errno.ENETUNREACH, ""),
            f"cannot be reached from this host: {os.strerror(errno.ENETUNREACH)}",
            Cause.LOCAL,
        ),
        (
            PermissionError(errno.EACCES, ""),
            f"cannot be reached from this host: {os.strerror(errno.EACCES)}",
            Cause.LOCAL,
        ),
        (OSError("odd"), "connection failed: OSError", Cause.NO_ANSWER),
        (ssl.SSLEOFError(8, ""), f"TLS failed: {CLOSED}", Cause.NO_ANSWER),
        # SSL_ERROR_SSL is 1, as is EPERM: that must not read as our own fault.
        (ssl.SSLError(1, ""), "TLS failed: the handshake broke off", Cause.NO_ANSWER),
    ],
)
def test_an_error_is_explained_without_its_text(
    error: OSError, reason: str, cause: Cause, look: Look
) -> None:
    unavailable = explain(error, look).unavailable
    assert (unavailable.reason, unavailable.cause) == (reason, cause)


# -------------------------------------------------------------------------------- peers


def test_loopback_and_unix_sockets_are_near(
    listening: socket.socket,
) -> None:
    with socket.create_connection(listening.getsockname()) as sock:
        assert same_network(sock)
    one, other = socket.socketpair()
    with one, other:
        assert same_network(one)


@pytest.mark.parametrize(
    ("peer", "near"),
    [
        ("10.1.2.3", True),
        ("192.168.0.9", True),
        ("fd00::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:10.0.0.1", True),
        ("8.8.8.8", False),
        ("2606:4700::1", False),
        ("::ffff:8.8.8.8", False),
    ],
)
def test_private_addresses_are_near_and_public_ones_are_not(
    peer: str, *, near: bool
) -> None:
    class Elsewhere:
        family = socket.AF_INET6

        def getpeername(self) -> tuple[str, int]:
            return peer, 6379

    assert same_network(Elsewhere()) is near


def test_the_bytes_that_came_in_are_counted(listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname()) as sock:
        accepted, _ = listening.accept()
        with accepted:
            accepted.sendall(b"x" * 1000)
            sock.recv(1000, socket.MSG_WAITALL)
            assert received(sock.fileno()) == 1000


def test_what_is_no_tcp_connection_counts_nothing() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert received(one.fileno()) == 0
