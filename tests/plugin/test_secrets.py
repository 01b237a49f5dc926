"""A canary in every place where secrets are, looked for in every place that is read."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import urllib.parse
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

CANARY = "c4nary/+&pass word"
TOKEN = "t0ken-c4nary-for-the-service"

FORMS = {
    form
    for secret in (CANARY, TOKEN)
    for form in (
        secret,
        urllib.parse.quote(secret),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        base64.b64encode(secret.encode()).decode().rstrip("=")[:-1],
        json.dumps(secret)[1:-1],
        secret.replace("&", "&amp;"),
    )
}


class _Echo(http.server.BaseHTTPRequestHandler):
    """Tells everybody what it was told."""

    def do_GET(self) -> None:
        told = self.headers.get("Authorization", "")
        body = json.dumps({"version": f"1.2.3 for {told} and {CANARY}"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def echo() -> Iterator[int]:
    """Give the port of a service that repeats the token that it gets."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


BODIES = {
    "printed": "import os\nprint(os.environ['DB_PASSWORD'])",
    "to_stderr": "import os, sys\nsys.stderr.write(os.environ['DB_PASSWORD'])",
    "logged": (
        "import logging, os, urllib.parse, base64\n"
        "secret = os.environ['DB_PASSWORD']\n"
        "logging.getLogger('driver').warning('%s', urllib.parse.quote(secret, ''))\n"
        "logging.getLogger('driver').error('%s', base64.b64encode(secret.encode()))"
    ),
    "warned": (
        "import os, warnings\n"
        "warnings.simplefilter('always')\n"
        "warnings.warn(os.environ['DB_PASSWORD'])"
    ),
    "raised": (
        "import os\n"
        "def connect(password): raise RuntimeError('no: ' + password) from None\n"
        "connect(os.environ['DB_PASSWORD'])"
    ),
    "asserted": "import os\nassert os.environ['DB_PASSWORD'] == 'x', os.environ",
    "chained": (
        "import os\n"
        "try: raise OSError(os.environ['DB_PASSWORD'])\n"
        "except OSError as error: raise RuntimeError('no') from error"
    ),
    "observed": (
        "import os\nsecret = os.environ['DB_PASSWORD']\n"
        "check(secret, python.version.map(lambda _: secret)).equals(secret + '?')"
    ),
    "set_up": "",
    "tear_down": 'check("exists", python.exists).is_true()',
    "echoed": 'check("release", service.release).equals("1.2.3")',
    "refused": 'check("version", postgres.version).at_least("1")',
}
ARGUMENTS = {
    "set_up": "check, broken",
    "tear_down": "check, python, breaking",
    "echoed": "check, service",
    "refused": "check, postgres",
}
FIXTURES = """
import os
import pytest

@pytest.fixture
def broken():
    password = os.environ["DB_PASSWORD"]
    raise ConnectionError(password)

@pytest.fixture
def breaking():
    password = os.environ["DB_PASSWORD"]
    yield
    raise ConnectionError(password)
"""


@pytest.fixture
def leaky(bare: Project, echo: int, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a project that lets a secret out wherever one can."""
    monkeypatch.setenv("DB_PASSWORD", CANARY)
    monkeypatch.setenv("SERVICE_TOKEN", TOKEN)
    monkeypatch.setenv("JENKINS_URL", "https://ci.example.com")
    monkeypatch.setenv("GIT_URL", f"https://ci:{TOKEN}@git.example.com/shop.git")
    items = (
        bare.item(name, body or "pass", arguments=ARGUMENTS.get(name, "check, python"))
        for name, body in BODIES.items()
    )
    bare.write(bare.module(*items, head=FIXTURES))
    bare.lock()
    bare.target(
        f"""{bare.TARGET}
[target.here.postgres]
host = "127.0.0.1"
port = 1
database = "${{secret:env:DB_PASSWORD}}"
user = "shop"
password = "${{env:DB_PASSWORD}}"
sslmode = "disable"

[target.here.service]
url = "http://127.0.0.1:{echo}"
token = "${{env:SERVICE_TOKEN}}"
[target.here.service.release]
route = "/version"
json = "version"
"""
    )
    return bare


LOUD = ["-vv", "--showlocals", "--full-trace", "-rA"]
OUTPUTS = {
    "terminal": LOUD,
    "long": [*LOUD, "--tb=long"],
    "native": [*LOUD, "--tb=native"],
    "workers": [*LOUD, "-n2"],
    "no terminal": ["-p", "no:terminal"],
    "junit": [*LOUD, "--junitxml=out.xml", "-o", "junit_logging=all"],
    "old junit": ["--junitxml=out.xml", "-o", "junit_family=xunit1"],
    "html": [*LOUD, "--html=out.html", "--self-contained-html"],
    "html and its files": [*LOUD, "--html=html/out.html"],
    "command line": ["-k", f"not {TOKEN}"],
    "reruns": [*LOUD, "--reruns=1"],
    "warnings": [*LOUD, "--durations=0", "--setup-show"],
}


@pytest.mark.parametrize("arguments", OUTPUTS.values(), ids=OUTPUTS)
def test_no_output_shows_a_secret(leaky: Project, arguments: list[str]) -> None:
    shown = leaky.shown_by(*arguments)
    found = [
        (name, form) for name, text in shown.items() for form in FORMS if form in text
    ]

    assert found == []
    assert set(leaky.states.values()) & {"failed", "unknown"}


def test_it_would_be_shown_without_us(leaky: Project) -> None:
    # Otherwise the test above would prove nothing.
    leaky.pytester.makepyfile(
        test_plain="""
        import os

        def connect(password):
            raise RuntimeError("no") from None

        def test_it():
            connect(os.environ["DB_PASSWORD"])
        """
    )
    result = leaky.pytester.runpytest_inprocess("--html=out.html")

    result.stdout.fnmatch_lines([f"password = '{CANARY}'"])
    assert TOKEN in (leaky.path / "out.html").read_text()


def test_what_a_secret_hides_is_still_told(leaky: Project) -> None:
    leaky.judge()

    assert leaky.states["host.refused"] == "unknown"
    assert "127.0.0.1:1" in json.dumps(leaky.items["host.refused"])
    seen = leaky.items["host.echoed"]["observations"][0]
    assert seen["judged"] == "violated"
    assert seen["observed"].startswith("1.2.3 for Bearer ")
    assert "RuntimeError" in leaky.items["host.raised"]["reason"]


def test_only_system_environment_and_release_are_metadata(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JENKINS_URL", "https://ci.example.com")
    monkeypatch.setenv("GIT_URL", f"https://ci:{TOKEN}@git.example.com/shop.git")
    ready.judge(
        "--html=out.html",
        "--self-contained-html",
        "--junitxml=out.xml",
        "--metadata",
        "Owner",
        "me",
        "-o",
        "junit_family=xunit1",
    )
    page = (ready.path / "out.html").read_text()

    assert "git.example.com" not in page
    assert "Packages" not in page
    for word in ("System", "shop", "Environment", "Release", "1.2.3"):
        assert word in page
    assert "git.example.com" not in (ready.path / "out.xml").read_text()


@pytest.mark.parametrize("order", ["tryfirst", "trylast"])
def test_no_other_plugin_adds_to_the_metadata(ready: Project, order: str) -> None:
    ready.conftest(
        f"""
        import pytest

        @pytest.hookimpl({order}=True)
        def pytest_metadata(metadata):
            metadata["Repository"] = "https://ci:{TOKEN}@git.example.com/shop.git"
        """
    )
    ready.judge("--html=out.html", "--self-contained-html")
    page = (ready.path / "out.html").read_text()

    assert "git.example.com" not in page
    assert "Environment" in page


def test_a_reference_that_is_not_set_hits_only_the_items_that_read_it(
    leaky: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SERVICE_TOKEN")
    leaky.judge()

    item = leaky.items["host.echoed"]
    assert item["state"] == "unknown"
    assert "SERVICE_TOKEN" in item["reason"]
    assert leaky.states["host.printed"] != "not-run"
    assert leaky.items["host.observed"]["state"] == "failed"


def test_an_empty_secret_is_unknown(
    leaky: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", "")
    leaky.judge()

    assert leaky.states["host.echoed"] == "unknown"
