"""``readiness attach`` on a real ticket system: roundup, started here."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.cli import main
from pytest_readiness.plugin.suite import bundled_suite

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("roundup")

SECRET = "c4nary-correct-horse"
LIMIT = 60.0


@dataclass
class Tracker:
    """A tracker with an issue, its administrator and another user."""

    url: str

    def ask(
        self, method: str, route: str, document: object = None, user: str = "admin"
    ) -> Any:
        """Ask it as a user, past the command."""
        pair = base64.b64encode(f"{user}:{SECRET}".encode()).decode()
        request = urllib.request.Request(  # noqa: S310
            f"{self.url}/{route}",
            method=method,
            data=None if document is None else json.dumps(document).encode(),
            headers={
                "Authorization": f"Basic {pair}",
                "Content-Type": "application/json",
                "Accept": "application/octet-stream, */*"
                if route.endswith("binary_content")
                else "application/json",
                "X-Requested-With": "rest",
                "Origin": self.url.removesuffix("/shop"),
                "Referer": f"{self.url}/",
            },
        )
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:  # noqa: S310
            data = answer.read()
        return data if route.endswith("binary_content") else json.loads(data)["data"]

    def files(self, issue: str) -> dict[str, str]:
        """Give the ids of an issue's files by name."""
        listed = self.ask("GET", f"rest/data/issue/{issue}")["attributes"]["files"]
        return {
            self.ask("GET", f"rest/data/file/{one['id']}")["attributes"]["name"]: one[
                "id"
            ]
            for one in listed
        }

    def content(self, number: str) -> bytes:
        data: bytes = self.ask("GET", f"rest/data/file/{number}/binary_content")
        return data


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracker]:
    """Set one up, serve it on loopback, stop it at the end."""
    home = tmp_path_factory.mktemp("roundup") / "shop"
    home.mkdir()
    bin_, port = Path(sys.executable).parent, free_port()
    url = f"http://127.0.0.1:{port}/shop"
    settings = f"tracker_web={url}/,mail_domain=example.com,mail_host=localhost"
    user = ["username=ann", f"password={SECRET}", "address=a@example.com", "roles=User"]
    for words in (
        ["install", "classic", "anydbm", settings],
        ["initialise", SECRET],
        ["create", "user", *user],
    ):
        done = subprocess.run(
            [str(bin_ / "roundup-admin"), "-i", str(home), *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    # It refuses to serve as root, so root is somebody else in a namespace of its own.
    root = os.getuid() == 0
    other = ["unshare", "-U", "--map-user=1000", "--map-group=1000"] if root else []
    server = subprocess.Popen(
        [
            *other,
            str(bin_ / "roundup-server"),
            *("-n", "127.0.0.1", "-p", str(port)),
            f"shop={home}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found = Tracker(url)
    try:
        over = time.monotonic() + LIMIT
        while True:
            with contextlib.suppress(OSError):
                found.ask("GET", "rest/data/issue")
                break
            assert time.monotonic() < over, "roundup did not start"
            time.sleep(0.1)
        yield found
    finally:
        server.terminate()
        server.wait(LIMIT)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def issue(tracker: Tracker) -> str:
    """Give a new issue."""
    made = tracker.ask("POST", "rest/data/issue", {"title": "Release 1.4.0"})
    return str(made["id"])


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Judge the demo, whose run is signed and certified."""
    folder = tmp_path_factory.mktemp("run")
    command = [sys.executable, "-m", "pytest", "--readiness", "-q"]
    done = subprocess.run(
        [*command, "--readiness-target=demo"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return folder / "readiness-report"


@pytest.fixture
def attach(tracker: Tracker, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Attach the run's files as a user."""
    monkeypatch.setenv("READINESS_TICKET_TOKEN", SECRET)

    def attach(issue: str, *more: str, user: str = "admin") -> int:
        words = ["attach", "roundup", issue, str(run_folder), "--url", tracker.url]
        return main([*words, "--user", user, *more])

    return attach


def test_attached_again_it_is_one_attachment(
    tracker: Tracker,
    issue: str,
    attach: Any,
    run_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert attach(issue) == 0
    first = tracker.files(issue)
    assert attach(issue) == 0
    second = tracker.files(issue)

    assert first.keys() == second.keys()
    assert "demo.go-live.report.html" in second
    assert set(first.values()).isdisjoint(second.values())
    for name, number in second.items():
        data = tracker.content(number)
        plain = name.removeprefix("demo.go-live.")
        (tmp_path / plain).write_bytes(data)
        expected = (run_folder / plain).read_bytes()
        assert hashlib.sha256(data).digest() == hashlib.sha256(expected).digest()
    out, err = capsys.readouterr()
    assert "removed the earlier demo.go-live.report.json" in out
    assert SECRET not in out + err


def test_what_was_downloaded_is_verified(
    tracker: Tracker,
    issue: str,
    attach: Any,
    run_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    attach(issue)
    for name, number in tracker.files(issue).items():
        plain = name.removeprefix("demo.go-live.")
        (tmp_path / plain).write_bytes(tracker.content(number))
    report = json.loads((tmp_path / "report.json").read_bytes())
    code = main(
        [
            "verify",
            str(tmp_path / "certificate.intoto.jsonl"),
            f"--trust={run_folder / 'signed' / 'trust.toml'}",
            f"--system={report['system']}",
            f"--target={report['environment']}",
            f"--release={report['release']['source']}",
            f"--suite={bundled_suite()}",
        ]
    )
    assert code == 0, capsys.readouterr().err


def test_another_s_file_of_the_same_name_is_left_alone(
    tracker: Tracker, issue: str, attach: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attach(issue, "--file=report.json", user="ann") == 0
    (theirs,) = tracker.files(issue).values()
    assert attach(issue, "--file=report.json") == 0
    listed = tracker.ask("GET", f"rest/data/issue/{issue}")["attributes"]["files"]

    assert len(listed) == 2
    assert theirs in {one["id"] for one in listed}
    assert "left demo.go-live.report.json of" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(
    tracker: Tracker, issue: str, attach: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert attach(issue, "--dry-run") == 0

    assert tracker.files(issue) == {}
    assert capsys.readouterr().out.startswith("dry run: nothing is changed\n")


def test_a_refusal_is_one_line(
    issue: str,
    attach: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert attach("999999") == 1
    assert "answered 404" in capsys.readouterr().err
    monkeypatch.setenv("READINESS_TICKET_TOKEN", "wrong-password")
    assert attach(issue) == 1
    err = capsys.readouterr().err
    assert "check the token and its user" in err
    assert "wrong-password" not in err
