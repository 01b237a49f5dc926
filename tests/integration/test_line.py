"""A kept connection that is timed: what it measures, and how it ends."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes import line as lines
from pytest_readiness.probes.line import Door, Line, bearer
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.target.blocks import ServiceBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    Answer = Callable[[int], bytes]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Said: yes\r\n\r\nok"


def service(answer: Answer, *, requests: int = 100) -> Listener:
    """Answer each connection's requests, by their number over all connections."""
    count = [0]

    def handle(connection: socket.socket) -> None:
        for _ in range(requests):
            if b"\r\n\r\n" not in connection.recv(65536):
                return
            connection.sendall(answer(count[0]))
            count[0] += 1

    return Listener(handle)


def door(listener: Listener, seconds: float = 5.0, **more: object) -> Door:
    timeout = dt.timedelta(seconds=seconds)
    url = f"http://127.0.0.1:{listener.port}/base"
    return Door(ServiceBlock(url=url, timeout=timeout, **more))


def failure(line: Line, headers: dict[str, str] | None = None) -> LookError:
    with pytest.raises(LookError) as raised:
        line.ask("GET", "/", headers or {})
    return raised.value


def why(line: Line) -> str:
    return failure(line).unavailable.reason


def test_requests_go_over_one_connection_and_each_is_timed() -> None:
    def slow(number: int) -> bytes:
        time.sleep(0.2 if number == 1 else 0)
        return OK

    with service(slow) as server, Line(door(server), Look("x", 10.0)) as line:
        replies = [line.ask("GET", "/", {}) for _ in range(3)]
        assert line.opened == 1
    assert [reply.status for reply in replies] == [200] * 3
    assert all(reply.good for reply in replies)
    assert replies[0].headers["x-said"] == "yes"
    assert replies[1].seconds >= 0.2 > replies[2].seconds


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    with (
        service(lambda _: OK, requests=2) as server,
        Line(door(server), Look("x", 10.0)) as line,
    ):
        for _ in range(3):
            assert line.ask("GET", "/", {}).good
            time.sleep(0.05)
        assert line.opened == 2


def test_a_new_connection_that_is_closed_is_not_asked_again() -> None:
    asked: list[int] = []

    def close(connection: socket.socket) -> None:
        asked.append(len(connection.recv(65536)))

    with Listener(close) as server, Line(door(server), Look("x", 10.0)) as line:
        assert why(line) == "the server closed the connection"
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "what answers there is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", "no answer within 0.3 s"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "the answer ends in its middle",
        ),
    ],
)
def test_what_is_no_answer_says_why(answer: bytes, reason: str) -> None:
    with (
        service(lambda _: answer) as server,
        Line(door(server, 0.3), Look("x", 10.0)) as line,
    ):
        assert why(line) == reason


def test_an_answer_that_ends_in_its_middle() -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
    with (
        service(lambda _: half, requests=1) as server,
        Line(door(server), Look("x", 10.0)) as line,
    ):
        assert why(line) == "the answer ends in its middle"


def test_an_answer_without_end_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_INTAKE", 100_000)
    large = b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 900_000
    with (
        service(lambda _: large) as server,
        Line(door(server), Look("x", 10.0)) as line,
    ):
        assert why(line) == "the server sends without end"


def test_each_request_has_its_own_time_and_none_outlasts_the_look() -> None:
    def slow(_: int) -> bytes:
        time.sleep(0.25)
        return OK

    with service(slow) as server, Line(door(server, 0.4), Look("x", 0.9)) as line:
        for _ in range(3):
            assert line.ask("GET", "/", {}).good
        assert "no answer within" in why(line)


def test_a_token_that_cannot_be_sent_is_not_quoted() -> None:
    with service(lambda _: OK) as server:
        token = Secret("cor\nrect-horse", "env:TOKEN")
        block = ServiceBlock(url=f"http://127.0.0.1:{server.port}", token=token)
        with Line(Door(block), Look("x", 5.0)) as line:
            error = failure(line, bearer(block))
    assert error.unavailable.reason == "the request cannot be sent"
    assert error.unavailable.cause is Cause.LOCAL
    assert "horse" not in str(error)
