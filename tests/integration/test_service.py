from __future__ import annotations

import gzip
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.service import Service
from pytest_readiness.target.blocks import ReleaseRoute, ServiceBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Nginx, Pki

    See = Callable[..., Service]

PASSWORD = "correct-horse-battery"
LIMIT = 0.6


@pytest.fixture
def see(pki: Pki) -> See:
    """Give a look that checks what must hold for each: in time, and nothing leaks."""

    def look(
        url: str,
        release: dict[str, str] | None = None,
        timeout: float = 5.0,
        **more: object,
    ) -> Service:
        block = ServiceBlock(
            url=url,
            release=ReleaseRoute(**{"route": "/version", **(release or {})}),
            **{"ca_file": pki.ca_file, **more},
        )
        began = time.monotonic()
        facts = Service.gather(block, Look(Service.source(block), timeout))
        assert time.monotonic() - began < timeout * (1 + block.retries) + 0.4
        assert PASSWORD not in repr(facts)
        return facts

    return look


def why(facts: Service) -> Unavailable:
    """Give the reason why nothing was seen: the same for every fact."""
    assert facts.answers.value == facts.release.value
    assert isinstance(facts.release.value, Unavailable)
    return facts.release.value


# ------------------------------------------------------------------------- good targets


@pytest.mark.parametrize(
    ("release", "value"),
    [
        ({}, "2.4.0"),
        ({"json": "version"}, "2.4.0"),
        ({"json": "build.no"}, "7"),
        ({"header": "X-Release"}, "2.4.0"),
        ({"header": "x-release", "route": "/text"}, "2.4.0"),
    ],
)
def test_the_release_is_read_where_the_target_says(
    release: dict[str, str], value: str, nginx: Nginx, see: See
) -> None:
    facts = see(nginx.url(), release)
    assert (facts.answers.value, facts.answers.detail) == (True, "status 200")
    assert facts.release.value == value
    assert facts.release.source.startswith(f"{nginx.url()} GET /")


def test_a_token_is_sent_to_those_who_ask(nginx: Nginx, see: See) -> None:
    token = Secret(PASSWORD, "env:TOKEN")
    facts = see(nginx.url(), {"route": "/private"}, token=token)
    assert facts.release.value == "2.4.0"


def test_the_environment_does_not_change_what_is_judged(
    nginx: Nginx, see: See, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine localhost login x password y\n")
    for name, value in {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "ALL_PROXY": "http://127.0.0.1:9",
        "REQUESTS_CA_BUNDLE": str(tmp_path / "none"),
        "CURL_CA_BUNDLE": str(tmp_path / "none"),
        "SSL_CERT_FILE": str(tmp_path / "none"),
        "NETRC": str(netrc),
    }.items():
        monkeypatch.setenv(name, value)
    assert see(nginx.url()).release.value == "2.4.0"


def test_a_service_without_a_declared_release_still_answers(
    nginx: Nginx, pki: Pki
) -> None:
    block = ServiceBlock(url=nginx.url(), ca_file=pki.ca_file)
    facts = Service.gather(block, Look("x", 5.0))
    assert facts.answers.value is True
    assert isinstance(facts.release.value, Unavailable)
    assert facts.release.value.cause is Cause.UNCONFIGURED


def test_it_is_the_running_service() -> None:
    assert Service.runs_release


# -------------------------------------------------------------------------- bad targets


@pytest.mark.parametrize(
    ("release", "reason"),
    [
        ({"route": "/absent"}, "/absent answered 404"),
        ({"route": "/moved"}, "/moved answered 302"),
        ({"route": "/private"}, "/private asks for a token"),
        ({"route": "/text"}, "/text tells no release: JSON key version"),
        ({"json": "build"}, "/version tells no release: JSON key build"),
        (
            {"json": "build.no.more"},
            "/version tells no release: JSON key build.no.more",
        ),
        ({"json": "absent"}, "/version tells no release: JSON key absent"),
        ({"header": "X-Absent"}, "/version tells no release: header X-Absent"),
    ],
)
def test_a_route_that_tells_no_release_is_named(
    release: dict[str, str], reason: str, nginx: Nginx, see: See
) -> None:
    facts = see(nginx.url(), release)
    assert facts.answers.value is True
    assert isinstance(facts.release.value, Unavailable)
    assert (facts.release.value.reason, facts.release.value.cause) == (
        reason,
        Cause.NO_ANSWER,
    )


def test_a_rejected_token_is_named(nginx: Nginx, see: See) -> None:
    token = Secret("wrong-token", "env:TOKEN")
    facts = see(nginx.url(), {"route": "/private"}, token=token, retries=2)
    assert facts.release.value.reason == "/private rejected the token"


def test_a_broken_service_is_no_answer(nginx: Nginx, see: See) -> None:
    nothing = why(see(nginx.url(), {"route": "/broken"}, retries=1))
    assert nothing.reason == "/broken answered 503 (2 tries)"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired", "certificate has expired"),
        ("wrong-host", "Hostname mismatch"),
        ("self-signed", "self-signed certificate"),
        ("missing-intermediate", "unable to get local issuer certificate"),
    ],
)
def test_a_service_without_proof_is_not_believed(
    kind: str, words: str, nginx: Nginx, see: See
) -> None:
    nothing = why(see(nginx.url(kind)))
    assert nothing.reason.startswith("TLS failed: ")
    assert words in nothing.reason
    assert nothing.cause is Cause.NO_ANSWER


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"token": Secret(None, "env:TOKEN", "TOKEN is not set")}, "TOKEN is not set"),
        ({"token": Secret(f"{PASSWORD}\nX", "env:TOKEN")}, "the token cannot be sent"),
        ({"token": Secret(f"{PASSWORD}é☃", "env:TOKEN")}, "the token cannot be sent"),
    ],
)
def test_a_token_that_cannot_be_sent_is_no_fault_of_the_service(
    changes: dict[str, object], words: str, nginx: Nginx, see: See
) -> None:
    nothing = why(see(nginx.url(), **changes))
    assert words in nothing.reason
    assert nothing.cause is Cause.LOCAL


# ---------------------------------------------------------------------- hostile servers

OK = b"HTTP/1.1 200 OK\r\n"
NOT_HTTP = "what answers there is not HTTP"
ENDLESS = "the server sends without end"
CLOSED = "the server closed the connection"


def _says(answer: bytes) -> Listener:
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(answer)

    return Listener(serve)


def _slow_body() -> Listener:
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(OK + b"Content-Length: 99\r\n\r\n")
        for _ in range(99):
            connection.sendall(b" ")
            time.sleep(0.1)

    return Listener(serve)


HOSTILE = {
    "hangs": (hostile.hangs, "no answer within 0.6 s"),
    "nonsense": (hostile.talks_nonsense, NOT_HTTP),
    "endless": (hostile.floods, NOT_HTTP),
    "endless body": (lambda: hostile.floods(OK + b"\r\n"), ENDLESS),
    "endless chunks": (
        lambda: hostile.floods(OK + b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"),
        ENDLESS,
    ),
    "endless header": (lambda: hostile.floods(OK + b"X: "), NOT_HTTP),
    "endless continuing": (
        lambda: hostile.floods(b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000),
        ENDLESS,
    ),
    "breaks off": (hostile.breaks_off, NOT_HTTP),
    "leaves at once": (lambda: Listener(lambda _: None), CLOSED),
    "dribbles": (lambda: hostile.dribbles(OK * 9), "no answer within 0.6 s"),
    "dribbles its body": (_slow_body, "no answer within 0.6 s"),
    "half an answer": (
        lambda: _says(OK + b"Content-Length: 99\r\n\r\n{"),
        "the answer ends in its middle",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_service_is_named_within_the_limit(kind: str, see: See) -> None:
    make, reason = HOSTILE[kind]
    with make() as server:
        url = f"http://127.0.0.1:{server.port}"
        nothing = why(see(url, ca_file=None, timeout=LIMIT))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


HOSTILE_TO_TLS = {
    "hangs": (hostile.hangs, "no answer within 0.6 s (in the TLS handshake)"),
    "web server": (hostile.http, "TLS failed: the answer is not TLS"),
    "breaks off": (hostile.breaks_off, f"TLS failed: {CLOSED}"),
}


@pytest.mark.parametrize("kind", HOSTILE_TO_TLS)
def test_a_service_hostile_to_tls_is_named_within_the_limit(
    kind: str, see: See
) -> None:
    make, reason = HOSTILE_TO_TLS[kind]
    with make() as server:
        nothing = why(see(f"https://127.0.0.1:{server.port}", timeout=LIMIT))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


def test_a_small_answer_that_unpacks_to_gigabytes_is_not_unpacked(see: See) -> None:
    bomb = gzip.compress(b'{"version": "' + b"x" * 50_000_000 + b'"}')
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    with _says(OK + head + bomb) as server:
        facts = see(f"http://127.0.0.1:{server.port}", ca_file=None)
    assert facts.release.value.reason == "/version tells no release: JSON key version"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"version": true}',
        b'{"version": ""}',
        b'{"version": null}',
        b"",
    ],
)
def test_an_answer_that_holds_no_text_tells_no_release(body: bytes, see: See) -> None:
    with _says(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body) as server:
        facts = see(f"http://127.0.0.1:{server.port}", ca_file=None)
    assert facts.release.value.reason == "/version tells no release: JSON key version"


def test_a_refused_port_and_a_black_hole_are_told_apart(see: See) -> None:
    with hostile.refuses() as port:
        nothing = why(see(f"https://127.0.0.1:{port}", timeout=LIMIT))
        assert nothing.reason == "connection refused"
    with hostile.black_holes() as port:
        nothing = why(see(f"https://127.0.0.1:{port}", timeout=LIMIT))
        assert nothing.reason == "no answer within 0.6 s"
