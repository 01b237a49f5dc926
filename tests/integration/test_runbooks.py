"""Runbooks of alerts: into the guide, to a page that answers, or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.prometheus import Prometheus
from pytest_readiness.probes.documents.runbooks import Runbooks
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import DocumentBlock, PrometheusBlock

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    See = Callable[..., Runbooks]

GUIDE = "# Alerts\n\n## Disk full\n\nDelete logs.\n"


def answer(client: socket.socket) -> None:
    with client, client.makefile("rb") as stream:
        path = stream.readline().split()[1]
        status = b"200 OK" if path == b"/there?x=1" else b"404 Not Found"
        client.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture(scope="module")
def wiki() -> Iterator[str]:
    with Listener(answer) as listener:
        yield f"http://127.0.0.1:{listener.port}"


@pytest.fixture
def see(tmp_path: Path) -> Iterator[See]:
    path = tmp_path / "guide.md"
    path.write_text(GUIDE)
    with Prometheus() as prometheus:

        def look(*links: str, annotation: str = "runbook_url") -> Runbooks:
            rules = [
                {
                    "type": "alerting",
                    "name": f"A{number}",
                    "query": "up == 0",
                    "duration": 0,
                    "labels": {},
                    "annotations": {annotation: link} if link else {},
                    "health": "ok",
                    "lastError": "",
                    "state": "inactive",
                    "alerts": [],
                }
                for number, link in enumerate(links)
            ]
            record = {"type": "recording", "name": "r", "query": "up", "health": "ok"}
            groups = [{"name": "g", "file": "g.yml", "rules": [*rules, record]}]
            prometheus.groups = groups
            block = DocumentBlock(path=path)
            url = f"http://127.0.0.1:{prometheus.port}"
            block.know(PrometheusBlock(url=url))
            return Runbooks.gather(block, Look(Runbooks.source(block), 10.0))

        yield look


def test_links_into_the_guide_and_to_pages_that_answer(see: See, wiki: str) -> None:
    facts = see(
        "https://git.example/docs/guide.md#disk-full",
        "https://git.example/docs/guide.md",
        "guide.md#Disk-Full",
        "#disk-full",
        f"{wiki}/there?x=1#part",
        f"{wiki}/there?x=1",
        "",
    )
    assert facts.dangling.value == ()
    assert facts.alerts.value == 6
    assert see("#disk-full", annotation="runbook").alerts.value == 1


def test_links_that_lead_nowhere_say_why(see: See, wiki: str) -> None:
    facts = see(
        "https://git.example/docs/guide.md#disk-slow",
        f"{wiki}/gone",
        "ask Bob",
        "ftp://files.example/x",
        "http://[::1",
    )
    assert facts.dangling.value == (
        "A0: the guide has no #disk-slow",
        f"A1: {wiki}/gone answered 404",
        "A2: ask Bob is neither in the guide nor the URL of a page",
        "A3: ftp://files.example/x is neither in the guide nor the URL of a page",
        "A4: http://[::1 is no link",
    )


def test_a_page_that_does_not_answer_is_not_known(see: See) -> None:
    assert not see("http://127.0.0.1:1/x").dangling.available


def test_more_pages_than_anybody_writes_are_not_asked_for(see: See, wiki: str) -> None:
    assert not see(*(f"{wiki}/{number}" for number in range(60))).dangling.available


def test_without_a_prometheus_there_are_no_alerts_to_look_at(tmp_path: Path) -> None:
    block = DocumentBlock(path=tmp_path / "guide.md")
    facts = Runbooks.gather(block, Look("x", 5.0))
    assert facts.reason.cause is Cause.UNCONFIGURED
    assert Runbooks.looks(block) == ()


def test_the_look_says_beforehand_what_it_asks(tmp_path: Path) -> None:
    block = DocumentBlock(path=tmp_path / "guide.md")
    block.know(PrometheusBlock(url="http://prometheus.example"))
    asked = [look.what for look in Runbooks.looks(block) if look.kind == "request"]
    assert asked == ["GET /api/v1/rules", "GET {runbook}"]
