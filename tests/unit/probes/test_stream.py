from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.network import CLOSED, ENDLESS
from pytest_readiness.probes.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 0.2


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def stream(sock: socket.socket, intake: int = 100) -> Stream:
    return Stream(sock, Look("demo", LIMIT), intake)


def test_it_reads_and_writes(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    opened = stream(ours)
    opened.sendall(b"ping")
    assert theirs.recv(9) == b"ping"
    theirs.sendall(b"pong")
    buffer = bytearray(9)
    assert opened.recv(2) == b"po"
    assert opened.recv_into(buffer) == 2
    assert buffer[:2] == b"ng"
    assert opened.fileno() == ours.fileno()
    assert opened.getsockname() == ours.getsockname()


def test_a_read_ends_with_the_look(pair: tuple[socket.socket, socket.socket]) -> None:
    began = time.monotonic()
    with pytest.raises(LookError, match="no answer within"):
        stream(pair[0]).recv(1)
    assert LIMIT * 0.9 < time.monotonic() - began < LIMIT + 0.3


def test_a_drivers_longer_timeout_does_not_lengthen_the_wait(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    opened = stream(pair[0])
    opened.settimeout(60)
    assert opened.gettimeout() == 60
    began = time.monotonic()
    with pytest.raises(LookError, match="no answer within"):
        opened.recv(1)
    assert time.monotonic() - began < LIMIT + 0.3


def test_a_drivers_shorter_timeout_is_the_drivers_to_handle(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    opened = stream(pair[0])
    opened.settimeout(0.01)
    with pytest.raises(TimeoutError):
        opened.recv(1)


def test_a_driver_may_ask_whether_there_is_more(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    opened = stream(pair[0])
    opened.settimeout(0)
    with pytest.raises(BlockingIOError):
        opened.recv(1)


def test_what_is_sent_without_end_ends(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall(b"x" * 200)
    opened = stream(ours, intake=100)
    assert opened.recv(100) == b"x" * 100
    with pytest.raises(LookError, match=ENDLESS):
        opened.recv(1)


def test_a_peer_that_reads_nothing_ends_a_write(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    with pytest.raises(LookError, match="no answer within"):
        stream(pair[0]).sendall(b"x" * 50_000_000)


def test_a_write_to_a_peer_that_left_is_explained(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.close()
    with pytest.raises(LookError, match=CLOSED):
        stream(ours).sendall(b"x")


def test_a_read_error_is_explained(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = pair
    opened = stream(ours)
    ours.close()
    with pytest.raises(LookError, match="connection failed: Bad file descriptor"):
        opened.recv(1)


def test_the_socket_stays_open_until_the_last_reader_is_closed(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    opened = stream(ours)
    theirs.sendall(b"line\nrest")
    reader = opened.makefile("rb")
    opened.close()
    assert reader.readline() == b"line\n"
    reader.close()
    reader.close()
    assert ours.fileno() == -1


def test_shutdown_reaches_the_peer(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    stream(ours).shutdown(socket.SHUT_WR)
    assert theirs.recv(1) == b""
