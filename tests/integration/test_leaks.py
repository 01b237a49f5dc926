"""What strangers are told: by the engine itself, and by services that tell."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.demo import Demo
from pytest_readiness.demo.standins import hostile
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.web.leaks import REQUESTS, Leaks
from pytest_readiness.probes.web.traces import has_trace
from pytest_readiness.target.blocks import ServiceBlock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TRACE = b'Traceback (most recent call last):\n  File "/srv/app.py", line 7, in get\n'


def see(url: str, timeout: float = 20.0, **more: object) -> Leaks:
    block = ServiceBlock.model_validate({"url": url, **more})
    return Leaks.gather(block, Look(Leaks.source(block), timeout))


@contextmanager
def answering(
    answer: Callable[[BaseHTTPRequestHandler], tuple[int, bytes]],
) -> Iterator[tuple[str, list[str]]]:
    """Serve on loopback, and keep what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            status, body = answer(self)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_the_engine_tells_nothing(tmp_path: Path) -> None:
    with Demo.start(tmp_path) as demo:
        url = f"https://127.0.0.1:{demo.bench.engine.port}"
        facts = see(url, ca_file=demo.bench.ca_file)
    assert facts.asked.value == len(REQUESTS)
    assert facts.traces.value == facts.broken.value == ()


def test_a_trace_is_named_by_what_was_asked() -> None:
    def answer(request: BaseHTTPRequestHandler) -> tuple[int, bytes]:
        unknown = request.path.startswith("/readiness/")
        return (500, TRACE) if unknown else (404, b"not here")

    with answering(answer) as (url, asked):
        facts = see(url)
    assert facts.traces.value == ("an unknown route",)
    assert facts.broken.value == ("an unknown route: 500",)
    assert len(asked) == len(REQUESTS)
    assert {line.split()[0] for line in asked} == {"GET"}


def test_a_trace_counts_whatever_the_status() -> None:
    with answering(lambda _: (200, TRACE)) as (url, _asked):
        facts = see(url)
    assert len(facts.traces.otherwise(())) == len(REQUESTS)
    assert facts.broken.value == ()


def test_what_was_sent_was_planned() -> None:
    with answering(lambda _: (404, b"")) as (url, asked):
        see(url)
        planned = Leaks.looks(ServiceBlock.model_validate({"url": url}))
    routes = [one.what for one in planned if one.kind == "request"]
    assert len(routes) == len(REQUESTS)
    assert all(any(sent.startswith(one[:60]) for one in routes) for sent in asked)


@pytest.mark.parametrize("server", [hostile.refuses, hostile.hangs])
def test_a_service_that_does_not_answer_is_unknown(
    server: Callable[[], object],
) -> None:
    with server() as opened:  # type: ignore[attr-defined]
        port = getattr(opened, "port", opened)
        facts = see(f"http://127.0.0.1:{port}", timeout=1.0)
    assert isinstance(facts.traces.value, Unavailable)
    assert facts.traces.value.cause is Cause.NO_ANSWER


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (TRACE, True),
        (b"\tat com.shop.Orders.place(Orders.java:42)", True),
        (b"goroutine 7 [running]:\nmain.main()", True),
        (b"   at Shop.Orders.Place() in C:\\shop\\Orders.cs:line 42", True),
        (b"    at place (/srv/orders.js:42:7)", True),
        (b"PHP Fatal error: Uncaught", True),
        (b'{"error": "there is no such route"}', False),
        (b"Arrived at noon (by train)", False),
        (b"\xff\xfe", False),
    ],
)
def test_traces_of_many_languages_are_known(body: bytes, *, told: bool) -> None:
    assert has_trace(body) is told
