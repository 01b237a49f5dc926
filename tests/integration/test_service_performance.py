"""Response times, kept connections, caches and load, against real nginx and worse."""

from __future__ import annotations

import datetime as dt
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes.cdn import Cdn, is_hit
from pytest_readiness.probes.connections import Connections
from pytest_readiness.probes.load import Load
from pytest_readiness.probes.look import Facts, Look
from pytest_readiness.probes.responses import Responses
from pytest_readiness.target.blocks import CdnBlock, ReleaseRoute, ServiceBlock
from pytest_readiness.target.blocks.load import LoadTable
from pytest_readiness.target.blocks.routes import RoutesTable
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import contextlib
    import socket
    from collections.abc import Callable, Iterator

    from conftest import Pki, StartNginx

PASSWORD = "correct-horse-battery"
F = TypeVar("F", bound=Facts)
T = TypeVar("T")

SERVERS = """
limit_req_zone $binary_remote_addr zone=few:1m rate=20r/s;
proxy_cache_path {folder}/cache keys_zone=edge:1m;
server {{
    listen 127.0.0.1:{port0} ssl http2;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    root {folder}/www;
    keepalive_requests 100000;
    location = /version {{ return 200 '{{"version": "2.4.0"}}'; }}
    location = /private {{
        if ($http_authorization != "Bearer correct-horse-battery") {{ return 401; }}
        return 200 'yes';
    }}
    location = /moved {{ return 302 /version; }}
    location = /limited {{
        limit_req zone=few;
        limit_req_status 429;
        try_files /small.txt =404;
    }}
    location = /no-store.txt {{ add_header Cache-Control "private, no-store"; }}
    location = /openapi.json {{ }}
    location /static/ {{ expires 1h; add_header Cache-Control public; }}
}}
server {{
    listen 127.0.0.1:{port1} ssl;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    keepalive_timeout 0;
    location / {{ return 200 'bye'; }}
}}
server {{
    listen 127.0.0.1:{port2} ssl http2;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    keepalive_timeout 0;
    location / {{ return 200 'bye'; }}
}}
server {{
    listen 127.0.0.1:{port3} ssl;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    location / {{
        proxy_pass https://127.0.0.1:{port0};
        proxy_cache edge;
        add_header X-Cache-Status $upstream_cache_status;
    }}
}}
"""
OPENAPI = (
    '{"paths": {"/a": {"get": {}, "post": {}, "summary": "x"}, "/b": {"head": {}}}}'
)


@pytest.fixture(scope="module")
def ports(
    start_nginx: StartNginx, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[int]]:
    folder = tmp_path_factory.mktemp("nginx")
    www = folder / "www"
    (www / "static").mkdir(parents=True)
    for name in ("small.txt", "no-store.txt", "static/app.js"):
        (www / name).write_text("some bytes\n")
    (www / "openapi.json").write_text(OPENAPI)
    with start_nginx(folder, SERVERS, 4) as opened:
        yield opened


@pytest.fixture
def service(ports: list[int], pki: Pki) -> Callable[..., ServiceBlock]:
    """Give the table of a service: one of nginx's servers, or what is at a URL."""

    def make(at: int | str = 0, **settings: object) -> ServiceBlock:
        url = at if isinstance(at, str) else f"https://localhost:{ports[at]}"
        usual: dict[str, object] = {
            "url": url,
            "ca_file": pki.ca_file,
            "release": ReleaseRoute(route="/version"),
        }
        return ServiceBlock(**{**usual, **settings})

    return make


def gather(kind: type[F], block: object, now: float | None = None) -> F:
    limit = now or kind.limit(block).total_seconds()
    look = Look(kind.source(block), limit, environment="production")
    facts = kind.gather(block, look)
    assert PASSWORD not in repr(facts)
    return facts


def why(fact: Observed[T]) -> Unavailable:
    assert isinstance(fact.value, Unavailable)
    return fact.value


def value(fact: Observed[T]) -> T:
    assert not isinstance(fact.value, Unavailable), fact.value
    return fact.value


# ----------------------------------------------------------------------- response times


def routes(**settings: object) -> RoutesTable:
    return RoutesTable(**{"samples": 59, **settings})


def test_each_route_has_its_percentile_and_says_what_it_rests_on(
    service: Callable[..., ServiceBlock],
) -> None:
    table = routes(
        timed=("/small.txt", "HEAD /version"), description="/openapi.json", samples=100
    )
    seen = gather(Responses, service(routes=table))
    assert (seen.declared.value, seen.declared.detail) == (2, "2 of 3 operations")
    small, version = value(seen.timed)
    assert (small.name, version.name) == ("/small.txt", "HEAD /version")
    for route in (small, version):
        assert dt.timedelta(0) < value(route.p95) < dt.timedelta(seconds=5)
        assert "100 samples, 95 % sure from" in route.p95.detail
        assert route.errors is not None
        assert route.errors.value == 0


def test_a_token_is_sent(service: Callable[..., ServiceBlock]) -> None:
    token = Secret(PASSWORD, "env:TOKEN")
    table = routes(timed=("/private",))
    (route,) = value(gather(Responses, service(routes=table, token=token)).timed)
    assert route.p95.available


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/private", "/private asks for a token (status 401)"),
        ("/nowhere", "/nowhere is not there (status 404)"),
        ("/moved", "/moved leads elsewhere (status 302)"),
    ],
)
def test_what_is_no_answer_is_not_timed(
    path: str, words: str, service: Callable[..., ServiceBlock]
) -> None:
    (route,) = value(gather(Responses, service(routes=routes(timed=(path,)))).timed)
    assert (why(route.p95).reason, why(route.p95).cause) == (words, Cause.NO_ANSWER)
    assert route.errors is not None
    assert why(route.errors).reason == words


def test_answers_of_a_limiter_are_errors(
    service: Callable[..., ServiceBlock],
) -> None:
    table = routes(timed=("/limited",), parallel=8)
    (route,) = value(gather(Responses, service(routes=table)).timed)
    assert route.errors is not None
    assert value(route.errors) > 0.5
    assert route.errors.detail == "status 429"
    assert "samples are too few" in why(route.p95).reason


def test_without_a_table_nothing_is_asked(
    service: Callable[..., ServiceBlock],
) -> None:
    seen = gather(Responses, service("http://127.0.0.1:9"))
    assert why(seen.timed).cause is Cause.UNCONFIGURED
    empty = gather(Responses, service("http://127.0.0.1:9", routes=routes()))
    assert why(empty.declared).cause is Cause.UNCONFIGURED
    assert value(empty.timed) == value(empty.cacheable) == ()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (hostile.refuses, "connection refused"),
        (hostile.hangs, "no answer within 0.2 s"),
        (lambda: hostile.dribbles(b"HTTP/1.1 200 OK\r\n"), "no answer within 0.2 s"),
    ],
)
def test_a_service_that_does_not_answer_has_no_times(
    bad: Callable[[], contextlib.AbstractContextManager[int | Listener]],
    words: str,
    service: Callable[..., ServiceBlock],
) -> None:
    with bad() as opened:
        port = opened.port if isinstance(opened, Listener) else opened
        block = service(
            f"http://127.0.0.1:{port}",
            routes=routes(timed=("/a",), cacheable=("/b",), description="/c"),
            timeout=dt.timedelta(milliseconds=200),
        )
        began = time.monotonic()
        seen = gather(Responses, block)
        assert time.monotonic() - began < 5
    (route,), (kept,) = value(seen.timed), value(seen.cacheable)
    for fact in (route.p95, kept.validator, kept.not_modified):
        assert words in why(fact).reason
    assert seen.declared.detail == "1 of what /c does not tell"


class Awkward(BaseHTTPRequestHandler):
    """Hangs from its second request on, or answers by a script."""

    protocol_version = "HTTP/1.1"
    answered = 0

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection, ("127.0.0.1", 0), None)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        type(self).answered += 1
        if type(self).answered > 1:
            time.sleep(0.5)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def test_a_route_that_no_longer_answers_is_not_asked_to_the_end(
    service: Callable[..., ServiceBlock],
) -> None:
    Awkward.answered = 0
    with Listener(lambda connection: (Awkward(connection), None)[1]) as server:
        block = service(
            f"http://127.0.0.1:{server.port}",
            routes=routes(timed=("/",)),
            timeout=dt.timedelta(milliseconds=100),
        )
        (route,) = value(gather(Responses, block).timed)
    assert route.errors is not None
    assert route.errors.value == 1.0
    assert "no answer" in route.errors.detail
    assert Awkward.answered < 20


# ------------------------------------------------------------------------------ caching


@pytest.mark.parametrize(
    ("path", "validator", "not_modified"),
    [
        ("/small.txt", True, True),
        ("/no-store.txt", False, True),
        ("/version", False, False),
    ],
)
def test_what_clients_may_keep(
    path: str,
    *,
    validator: bool,
    not_modified: bool,
    service: Callable[..., ServiceBlock],
) -> None:
    seen = gather(Responses, service(routes=routes(cacheable=(path,))))
    (kept,) = value(seen.cacheable)
    assert (kept.validator.value, kept.not_modified.value) == (validator, not_modified)


# -------------------------------------------------------------------------- connections


def test_a_connection_is_kept_or_not(service: Callable[..., ServiceBlock]) -> None:
    kept = gather(Connections, service())
    assert (kept.kept_alive.value, kept.kept_alive.detail) == (
        True,
        "Connection: keep-alive",
    )
    closed = gather(Connections, service(1))
    assert (closed.kept_alive.value, closed.kept_alive.detail) == (
        False,
        "Connection: close",
    )
    multiplexed = gather(Connections, service(2))
    assert (multiplexed.kept_alive.value, multiplexed.kept_alive.detail) == (
        True,
        "HTTP/2",
    )


def test_a_service_that_is_down_says_nothing_of_connections(
    service: Callable[..., ServiceBlock],
) -> None:
    with hostile.refuses() as port:
        seen = gather(Connections, service(f"http://127.0.0.1:{port}"))
    assert why(seen.kept_alive).reason == "connection refused"


# --------------------------------------------------------------------------------- load


def load(**settings: object) -> LoadTable:
    usual: dict[str, object] = {
        "routes": ("/small.txt",),
        "rate": 6000.0,
        "duration": dt.timedelta(seconds=1),
        "late": dt.timedelta(seconds=1),
    }
    return LoadTable(**{**usual, **settings})


def test_a_load_reaches_its_rate(service: Callable[..., ServiceBlock]) -> None:
    seen = gather(Load, service(load=load()))
    assert seen.lasted.value == dt.timedelta(seconds=1)
    assert value(seen.reached) == pytest.approx(6000, rel=0.3)
    assert seen.errors.value == 0
    assert value(seen.p95) < dt.timedelta(seconds=2)
    assert seen.lasted.detail == "100 of 100 requests sent"


def test_a_server_that_sheds_is_seen(service: Callable[..., ServiceBlock]) -> None:
    table = load(routes=("/limited", "/small.txt"))
    seen = gather(Load, service(load=table))
    assert value(seen.errors) > 0.05
    assert value(seen.reached) < 5900


def test_a_server_that_is_lost_meanwhile_is_left_alone(
    service: Callable[..., ServiceBlock],
) -> None:
    class Lost(Awkward):
        def do_GET(self) -> None:
            type(self).answered += 1
            self.send_response(200 if type(self).answered < 10 else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with Listener(lambda connection: (Lost(connection), None)[1]) as server:
        table = load(duration=dt.timedelta(seconds=30))
        seen = gather(Load, service(f"http://127.0.0.1:{server.port}", load=table))
    assert seen.lasted.detail == "most requests got no good answer"
    assert value(seen.errors) > 0.5
    assert value(seen.lasted) < dt.timedelta(seconds=10)


def test_a_generator_that_is_late_says_nothing_of_the_service(
    service: Callable[..., ServiceBlock],
) -> None:
    seen = gather(Load, service(load=load(late=dt.timedelta(0))))
    for fact in (seen.lasted, seen.reached, seen.errors, seen.p95):
        assert why(fact).reason.startswith("generator saturated: requests left")
        assert why(fact).cause is Cause.LOCAL


def test_a_load_ends_with_its_look(service: Callable[..., ServiceBlock]) -> None:
    block = service(load=load(duration=dt.timedelta(seconds=60)))
    look = Look("load", 100.0)
    threading.Timer(0.4, look.abandoned.set).start()
    began = time.monotonic()
    seen = Load.gather(block, look)
    assert time.monotonic() - began < 10
    assert seen.lasted.detail == "its time was over"


def test_a_load_without_routes_is_not_made(
    service: Callable[..., ServiceBlock],
) -> None:
    for block in (service(), service(load=load(routes=()))):
        assert why(gather(Load, block).p95).cause is Cause.UNCONFIGURED
    gone = gather(Load, service(load=load(routes=("/nowhere",))))
    assert why(gone.p95).reason == "/nowhere is not there (status 404)"
    timed = service(load=load(routes=()), routes=routes(timed=("/version",)))
    assert gather(Load, timed).p95.available


# ---------------------------------------------------------------------------------- cdn


def assets(port: int, pki: Pki, path: str = "/static/app.js") -> CdnBlock:
    return CdnBlock(assets=(f"https://localhost:{port}{path}",), ca_file=pki.ca_file)


def test_a_cache_in_front_is_hit(ports: list[int], pki: Pki) -> None:
    (asset,) = value(gather(Cdn, assets(ports[3], pki)).assets)
    assert (asset.cacheable.value, asset.hit.value) == (True, True)
    assert "x-cache-status: HIT" in asset.hit.detail


def test_an_origin_is_no_cache(ports: list[int], pki: Pki) -> None:
    (asset,) = value(gather(Cdn, assets(ports[0], pki)).assets)
    assert (asset.cacheable.value, asset.hit.value) == (True, False)
    assert asset.hit.detail == "no header says that a cache answered"


def test_what_may_not_be_kept(ports: list[int], pki: Pki) -> None:
    for path in ("/no-store.txt", "/small.txt"):
        (asset,) = value(gather(Cdn, assets(ports[3], pki, path)).assets)
        assert asset.cacheable.value is False


def test_an_asset_that_is_gone_is_not_known(ports: list[int], pki: Pki) -> None:
    (asset,) = value(gather(Cdn, assets(ports[0], pki, "/gone.js")).assets)
    assert why(asset.hit).reason == why(asset.cacheable).reason == "it answered 404"


@pytest.mark.parametrize(
    ("headers", "hit"),
    [
        ({"cf-cache-status": "HIT"}, True),
        ({"cf-cache-status": "DYNAMIC", "age": "9"}, False),
        ({"x-cache": "Hit from cloudfront"}, True),
        ({"x-cache": "Miss from cloudfront"}, False),
        ({"x-cache": "HIT, MISS"}, False),
        ({"x-cache": "TCP_REFRESH_HIT from a23"}, True),
        ({"x-cache": "TCP_MISS from a23"}, False),
        ({"cache-status": "origin; fwd=miss, edge; hit; ttl=3"}, True),
        ({"server-timing": "cdn-cache; desc=HIT, edge; dur=1"}, True),
        ({"server-timing": "db; dur=53"}, False),
        ({"age": "12"}, True),
        ({"age": "-1"}, False),
        ({}, False),
    ],
)
def test_the_vendors_words(headers: dict[str, str], *, hit: bool) -> None:
    assert is_hit(headers) is hit
