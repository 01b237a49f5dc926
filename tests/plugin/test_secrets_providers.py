"""Keys of providers, a proxy's password, a token in a requirement: in no output.

Every probe that holds one is made to fail in each way, by peers that say all they were
told; what anybody could read is searched.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.parse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from conftest import Project

CANARIES = {
    "BEARER_KEY": "c4nary/bearer+key=",
    "HEADER_KEY": "c4nary-header-k3y",
    "QUERY_KEY": "c4nary&query/key+1",
    "SPACED_KEY": "c4nary with\tblanks",
    "PROXY_PASSWORD": "c4nary:proxy@p4ss",
    "SECRET_URL": "https://c4nary-host.invalid/pr1vate",
    "INDEX_TOKEN": "c4nary-index-t0ken",
}


def forms(secret: str) -> set[str]:
    """Give what a secret looks like in what clients and servers write."""
    coded = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
    return {
        *(secret, coded, json.dumps(secret)[1:-1], secret.replace("&", "&amp;")),
        *(urllib.parse.quote(secret), urllib.parse.quote(secret, safe="")),
        urllib.parse.quote_plus(secret),
    }


FORMS = {form for secret in CANARIES.values() for form in forms(secret)} | {
    base64.b64encode(f"engine:{CANARIES['PROXY_PASSWORD']}".encode()).decode()[:-2]
}


def echo(status: str, *headers: str) -> Listener:
    """Answer with all that one was told, in the body and in the headers."""

    def handle(connection: socket.socket) -> None:
        told = connection.recv(65536).decode("latin-1")
        line = " ".join(told.split())
        keys = "".join(sorted(CANARIES.values()))
        body = json.dumps({"told": told, "error_message": f"api_key {keys}"})
        lines = [
            f"HTTP/1.1 {status} {line}",
            *(header.format(line=line, keys=keys) for header in headers),
            f"X-Told: {line}",
            f"Content-Length: {len(body)}",
        ]
        connection.sendall(("\r\n".join([*lines, "", ""]) + body).encode("latin-1"))

    return Listener(handle)


WAYS: dict[str, Callable[[], Listener]] = {
    "accepted": lambda: echo("200"),
    "unauthorized": lambda: echo("401", "WWW-Authenticate: Bearer {line}"),
    "bad-request": lambda: echo("400"),
    "moved": lambda: echo("302", "Location: https://{keys}.example/{line}"),
    "limited": lambda: echo("429", "Retry-After: {line}"),
    "broken": lambda: echo("500", "Retry-After: {keys}"),
    "page": lambda: echo("200", "Content-Type: text/html; {line}"),
    "absent": lambda: echo("404"),
    "proxy-asks": lambda: echo("407", 'Proxy-Authenticate: Basic realm="{line}"'),
    "hangs": hostile.hangs,
    "nonsense": hostile.talks_nonsense,
    "breaks-off": hostile.breaks_off,
    "refuses": hostile.refuses,  # type: ignore[dict-item]  # a port, not a listener
}
PLACES = {
    "bearer": 'key = "${env:BEARER_KEY}"',
    "header": 'key = "${env:HEADER_KEY}"\nheader = "X-API-KEY"',
    "query": 'key = "${env:QUERY_KEY}"\nquery = "api_key"\nrefusal = "api_key"',
}
PROVIDER = """
[target.here.providers.{name}]
url = "http://127.0.0.1:{port}"
read = "/profile"
expects = "profile"
timeout = "800ms"
{place}
"""
NETWORK = """
[target.here.network]
endpoints = ["feed.example:443"]
proxy = "http://127.0.0.1:{port}"
proxy_user = "engine"
proxy_password = "${{env:PROXY_PASSWORD}}"
connects = 2
connect_timeout = "500ms"
"""
OTHERS = """
[target.here.providers.unsendable]
url = "http://127.0.0.1:1"
read = "/"
key = "${env:SPACED_KEY}"

[target.here.providers.unset]
url = "http://127.0.0.1:1"
read = "/"
key = "${env:NO_SUCH_KEY}"

[target.here.providers.nowhere]
url = "${env:NO_SUCH_URL}"
read = "/"
key = "${env:BEARER_KEY}"

[target.here.providers.hidden]
url = "${secret:env:SECRET_URL}"
read = "/"
key = "${env:BEARER_KEY}"
timeout = "1s"
"""
REQUIREMENTS = """
--extra-index-url https://reader:{token}@packages.example/simple
polars @ git+https://reader:{token}@git.example/t/polars
https://reader:{token}@git.example/download
"""
BODY = """
check("the key is set", provider.key_set).is_true()
check("it is a placeholder", provider.placeholder).is_false()
check("live", provider.live).is_true()
check("accepted", provider.accepted).is_true()
"""
MORE = {
    "network": """
for one in check.each("endpoints", network.endpoints):
    check("lost", one.loss).at_most(0.0)
    check("median", one.median).at_most(limits.network.median)
""",
    "dependencies": """
check("requirements", dependencies.requirements).at_least(0)
check("missing", dependencies.missing).empty()
check("otherwise", dependencies.mismatched).empty()
""",
    "machine": 'check("cores", machine.cores).at_least(limits.machine.min_cores)',
}


@pytest.fixture
def leaky(bare: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """Give a project whose every provider, proxy and requirement holds a canary."""
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    names = [f"{place}-{way}" for place in PLACES for way in WAYS]
    with ExitStack() as stack:
        ports: dict[str, int] = {}
        for way, peer in WAYS.items():
            opened = stack.enter_context(peer())
            ports[way] = opened.port if isinstance(opened, Listener) else opened
        tables = [
            PROVIDER.format(
                name=f"{place}-{way}",
                port=ports[way],
                place=PLACES[place],
            )
            for place in PLACES
            for way in WAYS
        ]
        items = [
            bare.item(
                name.replace("-", "_"),
                BODY,
                arguments="check, provider",
                item=f'@item("keys.{name}", owner="dev-lead", reach=True)',
            )
            for name in (*names, "unsendable", "unset", "nowhere", "hidden")
        ]
        items += [
            bare.item(name, body, arguments=f"check, {name}, limits")
            for name, body in MORE.items()
        ]
        bare.write(bare.module(*items))
        bare.lock()
        wanted = bare.path / "wanted.txt"
        wanted.write_text(REQUIREMENTS.format(token=CANARIES["INDEX_TOKEN"]))
        interpreter = bare.TARGET.split('interpreter = "')[1].split('"')[0]
        bare.target(
            "\n".join(
                [
                    bare.TARGET,
                    *tables,
                    OTHERS,
                    NETWORK.format(port=ports["proxy-asks"]),
                    "[target.here.dependencies]",
                    f'interpreter = "{interpreter}"',
                    f'requirements = ["{wanted.name}"]',
                    '[target.here.machine]\npath = "/"\ncgroup = ["."]',
                ]
            )
        )
        yield bare


LOUD = ["-vv", "--showlocals", "--full-trace", "-rA"]
OUTPUTS = {
    "terminal": [*LOUD, "-l"],
    "native": [*LOUD, "--tb=native"],
    "junit": [*LOUD, "--junitxml=out.xml", "-o", "junit_logging=all"],
    "html": [*LOUD, "--html=out.html", "--self-contained-html"],
}


@pytest.mark.parametrize("arguments", OUTPUTS.values(), ids=OUTPUTS)
def test_no_output_shows_a_key(leaky: Project, arguments: list[str]) -> None:
    shown = leaky.shown_by(*arguments)
    found = [
        (name, form)
        for name, text in shown.items()
        for form in FORMS
        if form.lower() in text.lower()
    ]

    assert found == []


def test_each_way_to_fail_has_its_state_and_its_reason(leaky: Project) -> None:
    leaky.judge()
    states = {
        way: {leaky.states[f"host.keys.{place}-{way}"] for place in PLACES}
        for way in WAYS
    }
    unknown = {"limited", "broken", "page"}
    assert states == {way: {"unknown" if way in unknown else "failed"} for way in WAYS}
    for name in ("unsendable", "unset", "nowhere"):
        assert leaky.states[f"host.keys.{name}"] == "failed"
    assert "NO_SUCH_KEY" in json.dumps(leaky.items["host.keys.unset"])
    assert (
        "[target.here.providers.nowhere] url"
        in (leaky.items["host.keys.nowhere"]["reason"])
    )
    assert leaky.states["host.network"] == "failed"
    assert "(407)" in json.dumps(leaky.items["host.network"])
    assert leaky.states["host.dependencies"] == "failed"
    assert "polars is not installed" in leaky.items["host.dependencies"]["reason"]
    assert leaky.states["host.machine"] == "unknown"
    assert "Retry-After" not in json.dumps(leaky.items)


def test_no_key_is_on_a_command_line(leaky: Project) -> None:
    seen: set[str] = set()
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_text("latin-1"))
                except OSError:
                    continue
            time.sleep(0.005)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    leaky.judge()
    over.set()
    watching.join()
    assert [text for text in seen for form in FORMS if form in text] == []
    assert len(seen) > 1


def test_an_item_of_ones_own_and_a_table_make_a_provider(
    bare: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(connection: socket.socket) -> None:
        told = connection.recv(65536)
        good = b"GET /v3/me?apikey=s3cret-of-prices" in told
        head = b"HTTP/1.1 200 OK" if good else b"HTTP/1.1 401 No"
        connection.sendall(head + b"\r\nContent-Length: 13\r\n\r\n" + b'{"me": "you"}')

    monkeypatch.setenv("PRICES_KEY", "s3cret-of-prices")
    item = bare.item(
        "prices",
        BODY,
        arguments="check, provider",
        item='@item("api-keys.prices", owner="dev-lead", reach=True)',
    )
    bare.write(bare.module(item, bare.ROLLUP))
    bare.lock()
    with Listener(answer) as server:
        bare.target(
            f"""{bare.TARGET}
[target.here.providers.prices]
url = "http://127.0.0.1:{server.port}"
key = "${{env:PRICES_KEY}}"
read = "/v3/me"
query = "apikey"
expects = "me"
"""
        )
        bare.judge()
        assert bare.states["host.api-keys.prices"] == "verified"
        monkeypatch.setenv("PRICES_KEY", "another-one")
        bare.judge()
    assert bare.states["host.api-keys.prices"] == "failed"
    assert bare.states["host.everything"] == "failed"


def test_a_provider_without_a_table_is_unconfigured(bare: Project) -> None:
    item = bare.item(
        "prices",
        BODY,
        arguments="check, provider",
        item='@item("api-keys.prices", owner="dev-lead", reach=True)',
    )
    bare.write(bare.module(item))
    bare.lock()
    bare.target(bare.TARGET)
    bare.judge()
    told = bare.items["host.api-keys.prices"]
    assert told["state"] == "unconfigured"
    assert "[target.here.providers.prices]" in told["reason"]
