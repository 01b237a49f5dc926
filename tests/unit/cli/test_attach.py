"""``readiness attach``: tokens, retries and refusals, before any real tracker."""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.cli import main
from pytest_readiness.cli.tickets.api import Api, Refusal
from pytest_readiness.errors import ConfigError
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.store.document import Report

SECRET = "c4nary-token"


class Server(HTTPServer):
    """Answers what a test wants, and keeps what it was asked."""

    answers: list[tuple[int, bytes, dict[str, str]]]
    asked: list[tuple[str, str]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path))
        status, body, headers = self.server.answers.pop(0)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.answers, server.asked = [], []
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def api(server: Server) -> Api:
    headers = {"Authorization": f"Bearer {SECRET}"}
    url = f"http://127.0.0.1:{server.server_port}"
    return Api(url, headers, (SECRET,), pause=0.01)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again(api: Api, server: Server, status: int) -> None:
    busy = (status, b"", {"Retry-After": "0"})
    server.answers = [busy, busy, (200, b'{"a": 1}', {})]

    assert api.ask("GET", "/x") == {"a": 1}
    assert len(server.asked) == 3


def test_it_is_not_asked_for_ever(api: Api, server: Server) -> None:
    server.answers = [(503, b"down", {})] * 9
    with pytest.raises(Refusal, match="answered 503: down"):
        api.ask("GET", "/x")

    assert len(server.asked) == 5


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "check the token and its user"),
        (403, "give the token's user the right"),
        (404, "check url and ticket"),
        (413, "raise the system's limit"),
        (500, "answered 500"),
    ],
)
def test_a_refusal_is_told_without_the_token(
    api: Api, server: Server, status: int, said: str
) -> None:
    body = f"no, {SECRET} \x1b[31m\n  is not good".encode()
    server.answers = [(status, body, {})]
    with pytest.raises(Refusal) as caught:
        api.ask("GET", "/x")

    assert said in str(caught.value)
    assert "no, *** \\x1b[31m is not good" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_no_redirect_is_followed_with_the_token(api: Api, server: Server) -> None:
    server.answers = [(302, b"", {"Location": "http://elsewhere.example/"})]
    with pytest.raises(Refusal, match="answered 302"):
        api.ask("GET", "/x")


def test_what_is_no_json_is_a_refusal(api: Api, server: Server) -> None:
    server.answers = [(200, b"<html>", {})]
    with pytest.raises(Refusal, match="did not answer with JSON"):
        api.ask("GET", "/x")


def test_nobody_there_is_a_refusal() -> None:
    api = Api("http://127.0.0.1:9", {}, (), pause=0.0)
    with pytest.raises(Refusal, match="no answer"):
        api.ask("GET", "/x")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://tickets.example", "is no address"),
        ("tickets.example", "is no address"),
        (f"https://ci:{SECRET}@tickets.example", "holds more than the address"),
        ("http://tickets.example", "would send the token unencrypted"),
    ],
)
def test_an_address_that_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        Api(url, {}, ())

    assert SECRET not in str(caught.value)


# ------------------------------------------------------------------------ the command


@pytest.fixture
def folder(
    make_item: Callable[..., Item], make_report: Callable[..., Report], tmp_path: Path
) -> Path:
    """Give a run's folder."""
    item = make_item()
    report = make_report([item], {item.id: Outcome.plain(item.id, State.VERIFIED)})
    (tmp_path / "report.json").write_bytes(report.canonical())
    return tmp_path


def call(folder: Path, *more: str, ticket: str = "7", port: int = 9) -> int:
    words = ["attach", "roundup", ticket, str(folder), "--user", "ci"]
    return main([*words, "--url", f"http://127.0.0.1:{port}/shop", *more])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "READINESS_TICKET_TOKEN: gives no token"),
        (("--token-env", "NONE_SUCH"), "NONE_SUCH: gives no token"),
        (("--token-file", "/none/such"), "/none/such: cannot be read"),
        (("--token-command", "false"), "--token-command: failed: CalledProcessError"),
        (("--token-command", "'"), "--token-command: failed: ValueError"),
    ],
)
def test_without_a_token_nothing_is_sent(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.delenv("READINESS_TICKET_TOKEN", raising=False)

    assert call(folder, *more) == 4
    assert said in capsys.readouterr().err


def test_a_token_that_no_header_carries(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("READINESS_TICKET_TOKEN", "two\nlines")

    assert call(folder) == 4
    assert "two" not in capsys.readouterr().err


def test_a_ticket_that_is_no_number(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("READINESS_TICKET_TOKEN", SECRET)

    assert call(folder, ticket="../7") == 4
    assert "'../7' is no number; as in 4711" in capsys.readouterr().err


def test_an_answer_of_another_system_is_one_line(
    folder: Path,
    server: Server,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    token = tmp_path / "token"
    token.write_text(f"{SECRET}\n")
    server.answers = [(200, json.dumps([]).encode(), {})]

    assert call(folder, "--token-file", str(token), port=server.server_port) == 1
    err = capsys.readouterr().err
    assert "is not the documented one (TypeError); is it a roundup?" in err
    assert SECRET not in err


def test_a_command_prints_the_token(
    folder: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [(401, b"", {})]
    command = f"{sys.executable} -c 'print(\"{SECRET}\")'"

    assert call(folder, "--token-command", command, port=server.server_port) == 1
    assert "check the token and its user" in capsys.readouterr().err
