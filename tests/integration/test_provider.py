"""Providers of data, as their stand-ins speak: the documented formats, over TLS."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.providers import NAMES, TROUBLES, Reply, provider
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.provider import Provider
from pytest_readiness.probes.recall import Recall
from pytest_readiness.target.blocks.providers import PROVIDERS, ProviderBlock
from pytest_readiness.target.context import Member
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Pki

    See = Callable[..., Provider]

KEY = "c4nary+key/of=the-service"
LIMIT = 0.6
NOTHING = Recall()
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"


@pytest.fixture
def context(pki: Pki) -> ssl.SSLContext:
    return pki.authority.issue().server_context(pki.folder, "provider")


@pytest.fixture
def see(pki: Pki) -> See:
    """Give a look that checks what must hold for each: in time, and nothing leaks."""

    def see(
        name: str,
        port: int,
        key: str | None = KEY,
        timeout: float = 5.0,
        host: str = "localhost",
        recall: Recall = NOTHING,
        **more: object,
    ) -> Provider:
        table = {
            "url": f"https://{host}:{port}",
            "key": Secret(key, "env:KEY", "" if key else "env:KEY is not set"),
            "ca_file": pki.ca_file,
            **more,
        }
        block = ProviderBlock.model_validate(Member(table, name))
        began = time.monotonic()
        look = Look(Provider.source(block), timeout, recall=recall)
        facts = Provider.gather(block, look)
        assert time.monotonic() - began < timeout * (1 + block.retries) + 0.6
        assert KEY not in repr(facts)
        return facts

    return see


def why(facts: Provider) -> Unavailable:
    assert isinstance(facts.accepted.value, Unavailable)
    return facts.accepted.value


# ------------------------------------------------------------------------- good targets


@pytest.mark.parametrize("name", NAMES)
def test_a_good_key_is_accepted(name: str, context: ssl.SSLContext, see: See) -> None:
    with provider(name, KEY, context) as server:
        facts = see(name, server.port)
    assert (facts.key_set.value, facts.placeholder.value) == (True, False)
    assert (facts.accepted.value, facts.live.value) == (True, True)
    assert facts.accepted.detail == "status 200"
    assert f"GET {PROVIDERS[name]['read']}" in facts.accepted.source


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"header": "Authorization", "scheme": "Bearer"},
        {"scheme": "Bearer"},
    ],
)
def test_another_shops_provider_is_a_few_settings(
    place: dict[str, str], context: ssl.SSLContext, see: See
) -> None:
    with provider("tradier", KEY, context) as server:
        facts = see(
            "polygon",
            server.port,
            read="/v1/user/profile",
            expects="profile.account",
            **place,
        )
    assert facts.accepted.value is True


def test_a_large_answer_is_read(context: ssl.SSLContext, see: See) -> None:
    much = Reply(200, f"[{'1,' * 1_500_000}1]")
    with provider("quiver-quant", KEY, context, much) as server:
        assert see("quiver-quant", server.port).accepted.value is True


def test_what_is_asked_is_said_beforehand(context: ssl.SSLContext, pki: Pki) -> None:
    told: list[str] = []

    def handle(connection: ssl.SSLSocket) -> None:
        told.append(connection.recv(4096).decode())
        connection.sendall(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")

    with Listener(handle, context) as server:  # type: ignore[arg-type]  # wrapped
        table = {
            "url": f"https://localhost:{server.port}/base",
            "key": Secret(KEY, "env:KEY"),
            "ca_file": pki.ca_file,
        }
        for name in ("tradier", "fred"):
            block = ProviderBlock.model_validate(Member(table, name))
            Provider.gather(block, Look("x", 5.0))
            connection, request, trust = Provider.looks(block)
            assert (connection.kind, connection.what) == ("connection", "over TLS")
            assert request.what == f"GET {PROVIDERS[name]['read']}"
            assert trust.what == str(pki.ca_file)
            place = "header Authorization" if name == "tradier" else "query api_key"
            assert request.note == f"the key in {place}"
    tradier, fred = (text.split("\r\n") for text in told)
    assert tradier[0] == "GET /base/v1/user/profile HTTP/1.1"
    assert f"Authorization: Bearer {KEY}" in tradier
    assert "Accept: application/json" in tradier
    assert fred[0].startswith(
        "GET /base/fred/series?series_id=GNPCA&file_type=json&api_key=c4nary%2Bkey%2F"
    )
    assert not any(line.startswith("Authorization") for line in fred)


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"GET /v2/user HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n", b"404"),
        (b"POST /v1/user/profile HTTP/1.1\r\n\r\n", b""),
        (b"GET /v1\r\n\r\n", b""),
        (b"", b""),
        (b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 200 + b"\r\n", b""),
        (b"x" * 70_000, b""),
    ],
)
def test_the_stand_in_answers_only_what_it_understands(
    sent: bytes, answered: bytes
) -> None:
    with (
        provider("tradier", KEY) as server,
        socket.create_connection(("127.0.0.1", server.port)) as connection,
    ):
        answer = b""
        with contextlib.suppress(ConnectionError):  # closed with something unread
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(4096)
        assert (answered in answer) if answered else (answer == b"")


# -------------------------------------------------------------------------- bad targets


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("tradier", "status 401"),
        ("yahoo-finance", "status 403"),
        ("fred", "status 400, which names api_key"),
        ("quiver-quant", "status 401"),
    ],
)
def test_a_wrong_key_is_refused_once(
    name: str, detail: str, context: ssl.SSLContext, see: See
) -> None:
    with provider(name, "another", context) as server:
        facts = see(name, server.port, retries=3)
    assert (facts.accepted.value, facts.accepted.detail) == (False, detail)


@pytest.mark.parametrize("name", NAMES)
def test_403_refuses_the_key(name: str, context: ssl.SSLContext, see: See) -> None:
    with provider(name, KEY, context, TROUBLES["forbidden"]) as server:
        assert see(name, server.port).accepted.value is False


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("limited", "the provider answered 429, retry after 42 s"),
        ("broken", "the provider answered 500"),
        ("maintained", "the provider answered 200 with a web page"),
    ],
)
def test_trouble_of_the_providers_own_says_nothing_about_the_key(
    name: str, trouble: str, reason: str, context: ssl.SSLContext, see: See
) -> None:
    with provider(name, KEY, context, TROUBLES[trouble]) as server:
        nothing = why(see(name, server.port))
    assert (nothing.reason, nothing.cause) == (reason, Cause.THIRD_PARTY)
    assert nothing.remedy


@pytest.mark.parametrize(
    ("retry_after", "said"),
    [
        ("Fri, 31 Dec 2027 23:59:59 GMT", ", retry after 2027-12-31 23:59:59+00:00"),
        ("0", ", retry after 0 s"),
        ("soon", ""),
        ("-1", ""),
        ("\u0664", ""),
    ],
)
def test_when_to_look_again_is_told(
    retry_after: str, said: str, context: ssl.SSLContext, see: See
) -> None:
    reply = Reply(503, "{}", headers={"Retry-After": retry_after})
    with provider("tradier", KEY, context, reply) as server:
        assert why(see("tradier", server.port)).reason.endswith(f"answered 503{said}")


def test_a_limit_is_not_tried_again_and_an_error_is(
    context: ssl.SSLContext, see: See
) -> None:
    with provider("fred", KEY, context, TROUBLES["limited"]) as server:
        assert "tries" not in why(see("fred", server.port, retries=2)).reason
    with provider("fred", KEY, context, TROUBLES["broken"]) as server:
        assert "(3 tries)" in why(see("fred", server.port, retries=2)).reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404, "{}"), "/v1/user/profile answered 404"),
        (Reply(400, '{"error": "api_key"}'), "/v1/user/profile answered 400"),
        (Reply(204, ""), "the answer to /v1/user/profile has no profile"),
        (Reply(200, "[]"), "the answer to /v1/user/profile has no profile"),
        (Reply(200, '{"profile": null}'), "the answer to /v1/user/profile has no"),
        (Reply(200, "profile"), "the answer to /v1/user/profile has no profile"),
        (Reply(200, "[" * 100_000), "the answer to /v1/user/profile has no profile"),
        (
            Reply(302, "", headers={"Location": "https://login.example/?k=x"}),
            "/v1/user/profile leads on to login.example",
        ),
        (Reply(301, ""), "/v1/user/profile leads on to elsewhere"),
    ],
)
def test_an_answer_of_another_kind_is_no_acceptance(
    reply: Reply, reason: str, context: ssl.SSLContext, see: See
) -> None:
    with provider("tradier", KEY, context, reply) as server:
        nothing = why(see("tradier", server.port))
    assert nothing.reason.startswith(reason)
    assert nothing.cause is Cause.NO_ANSWER


def test_another_400_of_fred_does_not_refuse_the_key(
    context: ssl.SSLContext, see: See
) -> None:
    reply = Reply(400, '{"error_message": "Bad Request. Invalid series_id."}')
    with provider("fred", KEY, context, reply) as server:
        assert "answered 400" in why(see("fred", server.port)).reason


def test_fred_refuses_in_xml_too(context: ssl.SSLContext, see: See) -> None:
    text = '<error code="400" message="Bad Request.  Variable api_key is not set."/>'
    with provider("fred", KEY, context, Reply(400, text, "text/xml")) as server:
        assert see("fred", server.port).accepted.value is False


def test_a_list_is_expected_where_no_key_is(context: ssl.SSLContext, see: See) -> None:
    for body, accepted in {"[]": True, "{}": True, "1": False, "x": False}.items():
        with provider("quiver-quant", KEY, context, Reply(200, body)) as server:
            seen = see("quiver-quant", server.port).accepted
            assert (seen.value is True) is accepted


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_nothing_is_asked(key: str | None, see: See) -> None:
    facts = see("tradier", 1, key)
    assert facts.key_set.value is False
    assert "env:KEY" in facts.key_set.detail
    assert why(facts).reason == "there is no key to read with"
    assert isinstance(facts.placeholder.value, Unavailable)


@pytest.mark.parametrize("key", ["changeme", "<YOUR_TOKEN>"])
def test_a_placeholder_is_not_sent(key: str, see: See) -> None:
    facts = see("tradier", 1, key)
    assert (facts.key_set.value, facts.placeholder.value) == (True, True)
    assert why(facts).reason == "there is no key to read with"


@pytest.mark.parametrize("key", [f"{KEY}\nX: y", f"{KEY} two", f"{KEY}\u20ac"])
@pytest.mark.parametrize("name", ["tradier", "fred"])
def test_a_key_that_cannot_be_sent_is_refused_here(
    key: str, name: str, see: See
) -> None:
    nothing = why(see(name, 1, key))
    assert nothing.reason.startswith("the key holds blanks or characters")
    assert nothing.cause is Cause.NO_ANSWER


@pytest.mark.parametrize(
    ("url", "live"),
    [
        ("https://api.tradier.com", True),
        ("https://sandbox.tradier.com", False),
        ("https://SANDBOX.tradier.com", False),
        ("https://api-sandbox.example.com", False),
        ("https://api.example.com/sandbox", False),
        ("https://sandboxes.example.com", True),
    ],
)
def test_a_sandbox_is_known_by_its_url(url: str, live: bool) -> None:  # noqa: FBT001
    table: dict[str, object] = {"url": url, "key": Secret(None, "env:KEY")}
    block = ProviderBlock.model_validate(Member(table, "tradier"))
    assert Provider.gather(block, Look("x", 1.0)).live.value is live


def test_a_declared_sandbox_is_one(context: ssl.SSLContext, see: See) -> None:
    with provider("tradier", KEY, context) as server:
        facts = see("tradier", server.port, sandboxes=["localhost"])
    assert (facts.live.value, facts.accepted.value) == (False, True)


# ------------------------------------------------------------------------------ hostile


@pytest.mark.parametrize("name", ["tradier", "fred"])
@pytest.mark.parametrize(
    ("peer", "reason"),
    [
        (hostile.refuses, "connection refused"),
        (hostile.black_holes, "no answer within 0.6 s"),
        (hostile.hangs, "no answer within 0.6 s (in the TLS handshake)"),
        (
            lambda: hostile.dribbles(bytes.fromhex("160303007a0200007603")),
            "no answer within 0.6 s (in the TLS handshake)",
        ),
        (hostile.talks_nonsense, "TLS failed: the answer is not TLS"),
        (hostile.http, "TLS failed: the answer is not TLS"),
        (hostile.floods, "TLS failed: the answer is not TLS"),
        (hostile.breaks_off, "TLS failed: the server closed the connection"),
    ],
)
def test_a_peer_without_tls_is_no_provider(
    name: str, peer: Callable[[], Listener], reason: str, see: See
) -> None:
    with peer() as opened:
        port = opened.port if isinstance(opened, Listener) else opened
        nothing = why(see(name, port, timeout=LIMIT, host="127.0.0.1"))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "the server closed the connection"),
        (b"\x00\xff nonsense\r\n\r\n", "what answers there is not HTTP"),
        (HELLO, "the answer ends in its middle"),
    ],
)
def test_what_is_no_answer_over_tls(
    answer: bytes, reason: str, context: ssl.SSLContext, see: See
) -> None:
    def handle(connection: ssl.SSLSocket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with Listener(handle, context) as server:  # type: ignore[arg-type]  # wrapped
        nothing = why(see("fred", server.port))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


@pytest.mark.parametrize("slow", [hostile.hangs, None])
def test_silence_after_the_handshake_ends_in_time(
    slow: Callable[..., Listener] | None, context: ssl.SSLContext, see: See
) -> None:
    def dribble(connection: ssl.SSLSocket) -> None:
        connection.recv(4096)
        for byte in HELLO:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    server = slow(context) if slow else Listener(dribble, context)  # type: ignore[arg-type]
    with server:
        nothing = why(see("fred", server.port, timeout=LIMIT))
    assert (nothing.reason, nothing.cause) == (
        "no answer within 0.6 s",
        Cause.NO_ANSWER,
    )


def test_an_answer_without_end_is_cut(context: ssl.SSLContext, see: See) -> None:
    def flood(connection: ssl.SSLSocket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(1024):
            connection.sendall(b"x" * 65536)

    with Listener(flood, context) as server:  # type: ignore[arg-type]  # wrapped
        nothing = why(see("quiver-quant", server.port, timeout=10.0))
    assert (nothing.reason, nothing.cause) == (
        "the server sends without end",
        Cause.NO_ANSWER,
    )


def test_an_authority_that_is_not_trusted_gets_no_key(
    context: ssl.SSLContext, see: See
) -> None:
    with provider("tradier", KEY, context) as server:
        nothing = why(see("tradier", server.port, ca_file=None))
    assert "certificate" in nothing.reason


# ------------------------------------------------------------------------ remembering


def test_a_good_key_is_read_with_once_an_hour(
    context: ssl.SSLContext, see: See, tmp_path: Path
) -> None:
    recall = Recall(tmp_path)
    with provider("fred", KEY, context) as server:
        first = see("fred", server.port, recall=recall)
    # The provider is gone, so whoever asks it again gets no answer.
    second = see("fred", server.port, recall=recall)
    other = see("fred", server.port, "another-good-looking-key", recall=recall)

    assert first.accepted.value is True
    assert second.accepted.value is True
    assert second.accepted.detail == "read then; a success holds for an hour"
    assert first.accepted.at is not None
    assert second.accepted.at is not None
    assert abs((second.accepted.at - first.accepted.at).total_seconds()) < 5
    assert isinstance(other.accepted.value, Unavailable)


def test_a_refused_key_is_not_remembered(
    context: ssl.SSLContext, see: See, tmp_path: Path
) -> None:
    recall = Recall(tmp_path)
    with provider("fred", "the-real-key", context) as server:
        refused = see("fred", server.port, recall=recall)

    assert refused.accepted.value is False
    assert list(tmp_path.iterdir()) == []
