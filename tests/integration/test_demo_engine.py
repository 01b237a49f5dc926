"""The demo's service, asked over HTTPS as a client would."""

from __future__ import annotations

import contextlib
import http.client
import json as form
import re
import socket
import ssl
import time
from typing import TYPE_CHECKING

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from pytest_readiness.demo.bench import PARTNER_LIMIT
from pytest_readiness.demo.demo import Demo
from pytest_readiness.demo.engine.access import issue
from pytest_readiness.demo.servers.engine import DESCRIPTION, engine_digest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORDER = {"symbol": "DEMO-C100", "side": "buy", "quantity": 5, "limit_price": 6.25}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo.start(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


class Client:
    """One user's session with the service."""

    def __init__(self, demo: Demo, user: str = "") -> None:
        self.base = f"https://127.0.0.1:{demo.bench.engine.port}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = str(demo.bench.ca_file)
        if user:
            credentials = {"name": user, "password": demo.bench.passwords[user]}
            token = self.call("POST", "/login", json=credentials).json()["token"]
            self.session.headers["Authorization"] = f"Bearer {token}"

    def call(
        self,
        method: str,
        path: str,
        json: object = None,
        headers: dict[str, str] | None = None,
    ) -> requests.Response:
        return self.session.request(
            method, self.base + path, json=json, headers=headers, timeout=5
        )


def test_version_is_the_release_of_the_target_file(demo: Demo) -> None:
    said = Client(demo).call("GET", "/version").json()
    assert said["digest"] == engine_digest()
    assert f'version = "{said["version"]}"' in demo.config_path.read_text()
    assert said["digest"] in demo.config_path.read_text()


def test_health_names_its_dependencies(demo: Demo) -> None:
    client = Client(demo)
    assert client.call("GET", "/health/live").json() == {"status": "live"}
    ready = client.call("GET", "/health/ready").json()
    assert ready["status"] == "ready"
    assert {name: one["status"] for name, one in ready["dependencies"].items()} == {
        "database": "up",
        "cache": "up",
    }


def test_orders_are_placed_and_seen_by_whom_they_concern(demo: Demo) -> None:
    trader, risk = Client(demo, "trader"), Client(demo, "risk")
    placed = trader.call("POST", "/orders", json=ORDER)
    assert placed.status_code == 201
    order = placed.json()
    assert order | ORDER == order
    assert order["trader"] == "trader"
    for client in (trader, risk):
        assert client.call("GET", f"/orders/{order['id']}").json() == order
        assert order in client.call("GET", "/orders").json()
    assert risk.call("POST", "/orders", json=ORDER).status_code == 403
    assert Client(demo, "admin").call("GET", "/orders").status_code == 403
    assert trader.call("GET", "/orders/999999").status_code == 404
    assert trader.call("GET", "/orders/first").status_code == 404


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"side": "hold"}, "side"),
        ({"limit_price": -1}, "limit_price"),
        ({"symbol": "x" * 33}, "symbol"),
        ({"symbol": "NONE"}, "there is no contract NONE"),
        ({"note": "hello"}, "missing or unknown: note"),
    ],
    ids=str,
)
def test_wrong_orders_are_refused(
    demo: Demo, change: dict[str, object], says: str
) -> None:
    refused = Client(demo, "trader").call("POST", "/orders", json={**ORDER, **change})
    assert refused.status_code == 400
    assert says in refused.json()["error"]


def test_a_body_must_be_an_object(demo: Demo) -> None:
    refused = Client(demo).call("POST", "/login", json=["name"])
    assert (refused.status_code, refused.json()) == (
        400,
        {"error": "the body is not a JSON object"},
    )


def test_nobody_gets_in_without_a_token_of_ours(demo: Demo) -> None:
    client, key = Client(demo), demo.bench.tokens.private.read_text()
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    forged = jwt.encode({"sub": "trader", "role": "trader"}, key="", algorithm="none")
    good = issue(key, "trader", "trader")
    head, claims, signature = good.split(".")
    tokens = {
        "": "log in first",
        "Basic dHJhZGVy": "log in first",
        "Bearer nonsense": "this token is not ours",
        "Bearer %%%.%%%": "this token is not ours",
        f"Bearer {forged}": "this token is not ours",
        f"Bearer {head}.{claims}.{signature[::-1]}": "this token is not ours",
        f"Bearer {issue(other.decode(), 'trader', 'trader')}": "this token is not ours",
        f"Bearer {issue(key, 'trader', 'trader', -5)}": "this token has expired",
        f"Bearer {issue(key, 'trader', 'trader', audience='crm')}": (
            "this token is not ours"
        ),
    }
    for token, says in tokens.items():
        headers = {"Authorization": token} if token else {}
        refused = client.call("GET", "/orders", headers=headers)
        assert (refused.status_code, refused.json()["error"]) == (401, says)
        assert refused.headers["WWW-Authenticate"] == "Bearer"
    headers = {"Authorization": f"Bearer {good}"}
    assert client.call("GET", "/orders", headers=headers).status_code == 200


def test_who_asks_too_often_is_told_to_wait(demo: Demo) -> None:
    partner, trader = Client(demo, "partner"), Client(demo, "trader")
    answers = [partner.call("GET", "/orders") for _ in range(PARTNER_LIMIT + 1)]
    assert [one.status_code for one in answers] == [*([200] * PARTNER_LIMIT), 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert trader.call("GET", "/orders").status_code == 200


def test_the_page_shows_what_was_asked_as_text(demo: Demo) -> None:
    client = Client(demo)
    page = client.call("GET", "/contracts?q=%3Cb%3Eacme%22")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "&lt;b&gt;acme&quot;" in page.text
    assert "<b>" not in page.text
    assert "ACME-P050" in client.call("GET", "/contracts?q=acme").text
    assert client.call("GET", "/contracts?q=a%00b").status_code == 400
    assert client.call("GET", "/contracts?p=a").status_code == 400


def test_plain_http_is_sent_on(demo: Demo) -> None:
    engine = demo.bench.engine
    moved = requests.get(
        f"http://127.0.0.1:{engine.plain_port}/contracts?q=x",
        allow_redirects=False,
        timeout=5,
    )
    to = f"https://127.0.0.1:{engine.port}/contracts?q=x"
    assert (moved.status_code, moved.headers["Location"]) == (308, to)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/orders/99999999999999999999", ""),
        ("GET", "/orders/9223372036854775808", ""),
        ("GET", "/quotes/%00", ""),
        ("GET", "/quotes/%FF", ""),
        ("POST", "/orders", "[" * 60_000),
        ("POST", "/login", '{"name": "\\ud800", "password": "\\ud800"}'),
        ("POST", "/login", '{"name": "\\u0000", "password": "x"}'),
    ],
)
def test_what_cannot_be_stored_is_the_client_s_fault(
    demo: Demo, method: str, path: str, body: str
) -> None:
    client = Client(demo, "trader")
    answer = client.session.request(
        method,
        client.base + path,
        data=body or None,
        headers={"Content-Type": "application/json"},
        timeout=5,
    )
    assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("name", ["trader", "nobody"])
def test_a_wrong_password_and_an_unknown_name_look_the_same(
    demo: Demo, name: str
) -> None:
    wrong = {"name": name, "password": "guess"}
    refused = Client(demo).call("POST", "/login", json=wrong)
    assert refused.status_code == 401
    assert refused.json() == {"error": "wrong name or password"}


def test_quotes_are_cached_for_a_while(demo: Demo) -> None:
    client = Client(demo)
    first = client.call("GET", "/quotes/ACME-P050")
    second = client.call("GET", "/quotes/ACME-P050")
    assert (first.headers["X-Cache"], second.headers["X-Cache"]) == ("miss", "hit")
    assert first.json() == second.json()
    assert first.json()["price"] > 0
    assert -1 < first.json()["delta"] < 0
    assert client.call("GET", "/quotes/NONE").status_code == 404


def test_the_released_description_is_the_one_that_is_served(demo: Demo) -> None:
    served = Client(demo).call("GET", "/openapi.json").json()
    released = form.loads(DESCRIPTION.read_text("utf-8"))
    assert released == served, f"write what is served into {DESCRIPTION}"


def test_openapi_describes_every_route_and_no_other(demo: Demo) -> None:
    client = Client(demo, "trader")
    document = client.call("GET", "/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = {
        (method, path)
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert ("post", "/orders") in operations
    for method, path in operations:
        answer = client.call(method.upper(), re.sub("{.*}", "1", path), json={})
        assert answer.status_code in {200, 400, 404}
    assert client.call("GET", "/admin").status_code == 404
    refused = client.call("DELETE", "/orders")
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}
    place = document["paths"]["/orders"]["post"]
    assert place["security"] == [{"token": []}]
    assert "201" in place["responses"]


def test_metrics_count_by_route_not_by_path(demo: Demo) -> None:
    client = Client(demo)
    for number in range(3):
        client.call("GET", f"/quotes/NONE-{number}")
    client.call("BREW", "/version")
    answer = client.call("GET", "/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    label = r'\w+="[^"]*"'
    pattern = rf"(# (HELP|TYPE) \w+ .+|\w+({{{label}(,{label})*}})? [\d.]+)"
    assert all(re.fullmatch(pattern, line) for line in lines)
    route = 'method="GET",route="/quotes/{symbol}",status="404"'
    assert any(route in line for line in lines)
    assert 'method="-",route="-",status="405"' in answer.text
    assert "NONE-1" not in answer.text
    assert "BREW" not in answer.text
    inf = next(line for line in lines if 'le="+Inf"' in line).split()[-1]
    count = next(line for line in lines if "seconds_count" in line).split()[-1]
    assert inf == count


def test_answers_carry_the_headers_of_a_careful_service(demo: Demo) -> None:
    headers = Client(demo).call("GET", "/version").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=31536000")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "engine"


def test_a_silent_client_stops_nobody(demo: Demo) -> None:
    port = demo.bench.engine.port
    with socket.create_connection(("127.0.0.1", port)):
        began = time.monotonic()
        assert Client(demo).call("GET", "/health/live").status_code == 200
    assert time.monotonic() - began < 2


def test_old_tls_is_refused(demo: Demo) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(demo.bench.ca_file)
    with (
        socket.create_connection(("127.0.0.1", demo.bench.engine.port), 5) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as stream,
    ):
        assert stream.version() == "TLSv1.3"


def test_without_its_cache_it_is_not_ready_and_still_quotes(tmp_path: Path) -> None:
    with Demo.start(tmp_path) as demo:
        demo.bench.valkey.stop()
        client = Client(demo)
        ready = client.call("GET", "/health/ready")
        assert ready.status_code == 503
        assert ready.json()["dependencies"]["cache"]["status"] == "down"
        assert ready.json()["dependencies"]["database"]["status"] == "up"
        assert client.call("GET", "/quotes/DEMO-C100").headers["X-Cache"] == "miss"
        demo.bench.postgres.stop()
        refused = Client(demo, "trader").call("GET", "/orders")
        assert refused.status_code == 503
        assert refused.json() == {"error": "the database does not answer"}


def test_a_connection_is_kept_for_the_next_request(demo: Demo) -> None:
    bench = demo.bench
    trust = ssl.create_default_context(cafile=str(bench.ca_file))
    line = http.client.HTTPSConnection("127.0.0.1", bench.engine.port, context=trust)
    with contextlib.closing(line):
        opened = set()
        for method, path, body in (
            ("GET", "/version", None),
            ("POST", "/login", b'{"name": "x", "password": "y"}'),
            ("HEAD", "/version", None),
            ("GET", "/nowhere", None),
            ("GET", "/version", None),
        ):
            line.request(method, path, body, {"Content-Type": "application/json"})
            opened.add(line.sock)
            answer = line.getresponse()
            said = answer.read()
            assert (said == b"") == (method == "HEAD")
        assert (answer.status, len(opened)) == (200, 1)
        # What is too long is not read, and so nothing can come after it.
        line.putrequest("POST", "/login")
        line.putheader("Content-Length", str(5 << 20))
        line.endheaders()
        assert line.getresponse().headers["Connection"] == "close"


def test_who_has_the_description_is_not_sent_it_again(demo: Demo) -> None:
    client = Client(demo)
    first = client.call("GET", "/openapi.json")
    tag = first.headers["ETag"]
    again = client.call("GET", "/openapi.json", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = client.call("GET", "/openapi.json", headers={"If-None-Match": '"x"'})
    assert (other.status_code, other.content) == (200, first.content)


def test_the_process_tells_of_itself(demo: Demo) -> None:
    lines = Client(demo).call("GET", "/metrics").text.splitlines()
    told = dict(line.rsplit(" ", 1) for line in lines if line[:1] != "#")
    assert float(told["process_resident_memory_bytes"]) > 1e7
    assert 0 < time.time() - float(told["process_start_time_seconds"]) < 600
    assert int(told['python_gc_collections_total{generation="2"}']) >= 0
    assert 0 <= float(told["engine_gc_seconds_total"]) < 60
