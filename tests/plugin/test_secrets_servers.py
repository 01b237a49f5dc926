"""Passwords and tokens of every kind of server, whatever it does: in no output."""

from __future__ import annotations

import base64
import urllib.parse
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from conftest import Project

PASSWORD = "c4nary/p@ss+w0rd"  # to be looked for
TOKEN = "c4nary-t0ken-of-a-server"  # likewise
FORMS = {
    form
    for secret in (PASSWORD, TOKEN)
    for form in (
        secret,
        urllib.parse.quote(secret, safe=""),
        base64.b64encode(secret.encode()).decode().rstrip("=")[:-1],
        base64.b64encode(f"readiness:{secret}".encode()).decode().rstrip("=")[:-2],
    )
}

SERVERS = """
[target.here.postgres]
host = "127.0.0.1"
port = {port}
database = "app"
user = "readiness"
password = "${{env:CANARY_PASSWORD}}"
sslmode = "disable"
timeout = "500ms"
[target.here.pgbouncer]
host = "127.0.0.1"
port = {port}
user = "readiness"
password = "${{env:CANARY_PASSWORD}}"
sslmode = "disable"
timeout = "500ms"
[target.here.pgbouncer.client]
database = "app"
user = "readiness"
password = "${{env:CANARY_PASSWORD}}"
[target.here.redis]
host = "127.0.0.1"
port = {port}
username = "readiness"
password = "${{env:CANARY_PASSWORD}}"
timeout = "500ms"
[target.here.service]
url = "http://127.0.0.1:{port}"
token = "${{env:CANARY_TOKEN}}"
timeout = "500ms"
[target.here.service.release]
route = "/version"
json = "version"
[target.here.prometheus]
url = "http://127.0.0.1:{port}"
username = "readiness"
password = "${{env:CANARY_PASSWORD}}"
tenant = "${{env:CANARY_TOKEN}}"
timeout = "500ms"
[target.here.prometheus.queries]
up = 'up'
"""

BODIES = {
    "postgres": 'check("it answers", postgres.answers).is_true()',
    "pgbouncer": 'check("it lets through", pgbouncer.lets_through).is_true()',
    "redis": 'check("it answers", redis.answers).is_true()',
    "service": 'check("its release", service.release).equals("1")',
    "prometheus": 'check("up", prometheus.value("up")).equals(1.0)',
}

WAYS: dict[str, Callable[[], AbstractContextManager[Listener | int]]] = {
    "refuses": hostile.refuses,
    "hangs": hostile.hangs,
    "talks-nonsense": hostile.talks_nonsense,
    "floods": hostile.floods,
    "is-a-web-server": hostile.http,
    "breaks-off": hostile.breaks_off,
}
LOUD = ["-vv", "-l", "--full-trace", "-rA", "--junitxml=out.xml"]
LOUD += ["-o", "junit_logging=all", "--html=out.html", "--self-contained-html"]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_no_output_shows_what_a_server_was_given(
    bare: Project,
    way: Callable[[], AbstractContextManager[Listener | int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CANARY_PASSWORD", PASSWORD)
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)
    items = [
        bare.item(name, body, arguments=f"check, {name}", owner="dba")
        for name, body in BODIES.items()
    ]
    bare.write(bare.module(*items))
    bare.lock()
    with ExitStack() as stack:
        opened = stack.enter_context(way())
        port = opened.port if isinstance(opened, Listener) else opened
        bare.target(bare.TARGET + SERVERS.format(port=port))
        shown = bare.shown_by(*LOUD)

    assert len(bare.states) == len(BODIES)
    assert set(bare.states.values()) <= {"failed", "unknown"}
    names = {name.rpartition("/")[2] for name in shown}
    assert {"report.json", "out.xml", "out.html"} <= names
    found = [
        (name, form) for name, text in shown.items() for form in FORMS if form in text
    ]
    assert found == []
