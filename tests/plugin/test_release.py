"""Where the release runs: candidate or target, and no other is judged for it."""

from __future__ import annotations

import http.server
import json
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Project

HEAD = '[system]\nname = "shop"\n[release]\nversion = "1.2.3"\n'


class Deployment(http.server.ThreadingHTTPServer):
    """A service on loopback that tells its version and counts how often it is asked."""

    def __init__(self, version: str) -> None:
        super().__init__(("127.0.0.1", 0), _Version)
        self.version: str | None = version
        self.asked: Counter[str] = Counter()

    def table(self, target: str, release: str = "") -> str:
        """Write the target's block for this service."""
        release = release or f"[target.{target}.service.release]\njson = 'version'\n"
        url = f"http://127.0.0.1:{self.server_address[1]}"
        return f'[target.{target}.service]\nurl = "{url}"\n{release}'


class _Version(http.server.BaseHTTPRequestHandler):
    server: Deployment

    def do_GET(self) -> None:
        self.server.asked[self.path] += 1
        told = {} if self.server.version is None else {"version": self.server.version}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("X-Release", str(self.server.version))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def deployments() -> Iterator[tuple[Deployment, Deployment]]:
    """Give a candidate that runs 1.2.3 and a target that runs the one before."""
    both = Deployment("1.2.3"), Deployment("1.2.2")
    threads = [
        threading.Thread(target=one.serve_forever, args=(0.05,), daemon=True)
        for one in both
    ]
    for thread in threads:
        thread.start()
    yield both
    for one in both:
        one.shutdown()
        one.server_close()
    for thread in threads:
        thread.join()


LOOK = 'check("release", service.release).equals("1.2.3")'


def looking(project: Project, name: str, scope: str) -> str:
    """Write an item that asks the service for its release."""
    mark = f'@item("{name}", owner="dba", scope="{scope}")'
    return project.item(name, LOOK, arguments="check, service", item=mark)


@pytest.fixture
def staged(bare: Project, deployments: tuple[Deployment, Deployment]) -> Project:
    """Give a project whose release runs on staging and not yet in production."""
    candidate, target = deployments
    for stage in ("pre-production", "pre-deployment", "compliance", "daily"):
        items = (looking(bare, scope, scope) for scope in ("release", "environment"))
        text = bare.module(*items, section=stage, stage=stage)
        bare.write(text, f"test_{stage.replace('-', '_')}.py")
    bare.lock()
    bare.target(
        f'default = "live"\n{HEAD}[target.live]\ncandidate = "staging"\n'
        f"{target.table('live')}{candidate.table('staging')}"
    )
    return bare


def test_before_go_live_the_release_is_looked_at_on_the_candidate(
    staged: Project,
) -> None:
    staged.judge("--readiness-gate=all")

    assert staged.states == {
        "pre-production.release": "verified",
        "pre-production.environment": "failed",
        "pre-deployment.release": "verified",
        "pre-deployment.environment": "failed",
        "compliance.release": "unknown",
        "compliance.environment": "failed",
        "daily.release": "unknown",
        "daily.environment": "failed",
    }
    assert staged.report["environment"] == "live"
    assert staged.report["candidate"] == "staging"


def test_another_release_is_unknown_and_says_which(staged: Project) -> None:
    staged.judge("--readiness-gate=all")

    item = staged.items["compliance.release"]
    assert (item["state"], item["code"]) == ("unknown", "WRONG_RELEASE")
    assert "live runs 1.2.2, not 1.2.3" in item["reason"]
    assert item["remedy"] == "deploy 1.2.3 to live, or judge 1.2.2"
    assert "service.json" not in item["reason"]


def test_the_environment_may_run_the_release_before(staged: Project) -> None:
    staged.judge()

    item = staged.items["pre-production.environment"]
    assert item["observations"][0]["observed"] == "1.2.2"
    assert item["code"] == "VIOLATED"


def test_a_resource_is_asked_once_however_many_items_read_it(
    staged: Project, deployments: tuple[Deployment, Deployment]
) -> None:
    staged.judge("--readiness-gate=all", "-n2")

    assert [sum(one.asked.values()) for one in deployments] == [1, 1]


def test_without_a_candidate_the_target_is_it(
    staged: Project, deployments: tuple[Deployment, Deployment]
) -> None:
    candidate, target = deployments
    staged.target(f"{HEAD}{target.table('live')}")
    staged.judge()

    assert staged.items["pre-production.release"]["code"] == "WRONG_RELEASE"
    assert staged.report["candidate"] is None
    assert candidate.asked == {}


def test_a_header_may_tell_the_release(
    staged: Project, deployments: tuple[Deployment, Deployment]
) -> None:
    release = "[target.live.service.release]\nheader = 'X-Release'\nroute = '/'\n"
    staged.target(f"{HEAD}{deployments[0].table('live', release)}")
    staged.judge()

    assert staged.states["pre-production.release"] == "verified"


@pytest.mark.parametrize(
    ("release", "state", "said"),
    [
        ("# nothing\n", "unconfigured", "does not say how the service tells"),
        (
            "[target.live.service.release]\njson = 'build'\n",
            "unknown",
            "tells no release",
        ),
    ],
)
def test_a_release_that_nobody_knows_is_not_taken_for_the_right_one(
    staged: Project,
    deployments: tuple[Deployment, Deployment],
    release: str,
    state: str,
    said: str,
) -> None:
    answers = 'check("answers", service.answers).is_true()'
    answers = looking(staged, "release", "release").replace(LOOK, answers)
    staged.write(
        staged.module(answers, section="pre-production"), "test_pre_production.py"
    )
    staged.lock()
    staged.target(f"{HEAD}{deployments[0].table('live', release)}")
    staged.judge()

    item = staged.items["pre-production.release"]
    assert item["state"] == state
    assert said in item["reason"]


def test_the_backup_before_a_deployment_is_one_of_the_target(
    bare: Project, deployments: tuple[Deployment, Deployment]
) -> None:
    candidate, target = deployments
    mark = '@item("backup-creation", owner="dba", scope="release", candidate=False)'
    backup = bare.item("backup_creation", LOOK, arguments="check, service", item=mark)
    stage = "pre-deployment"
    bare.write(bare.module(backup, section=stage, stage=stage))
    bare.lock()
    bare.target(
        f'default = "live"\n{HEAD}[target.live]\ncandidate = "staging"\n'
        f"{target.table('live')}{candidate.table('staging')}"
    )
    bare.judge()

    assert sum(target.asked.values()) == 1
    assert candidate.asked == {}


def test_a_candidate_that_cannot_be_read_is_a_mistake(staged: Project) -> None:
    text = (staged.path / "readiness.toml").read_text()
    staged.target(
        f"{text}[target.staging.python]\n"
        'interpreter = "/usr/bin/python3"\ntimeout = "${env:NOT_A_TIME}"\n'
    )
    result = staged.pytester.runpytest_inprocess("--readiness")
    assert result.ret in {1, 11}

    staged.target(f"{text}[target.staging.postgres]\nport = 'many'\n")
    result = staged.judge()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*[[]target.staging.postgres] port*"])


@pytest.mark.parametrize("table", ["", "[release]\n", "[release]\nversion = ''\n"])
def test_no_release_at_all_is_a_mistake(ready: Project, table: str) -> None:
    target = ready.TARGET.partition("[target")[2]
    ready.target(f'[system]\nname = "shop"\n{table}[target{target}')
    result = ready.judge()

    assert result.ret == 4
    (line,) = [line for line in result.errlines if line]
    assert "release" in line


def test_a_digest_binds_the_release_without_git(ready: Project) -> None:
    digest = f"sha256:{'ab' * 32}"
    ready.target(
        ready.TARGET.replace(
            'version = "1.2.3"', f'version = "1.2.3"\ndigest = "{digest}"'
        )
    )
    ready.judge()

    assert ready.report["release"]["bound"]
    assert ready.report["release"]["source"] == digest


def test_git_binds_the_release_and_shows_what_is_uncommitted(ready: Project) -> None:
    for command in (
        ["git", "init", "-q"],
        ["git", "add", "."],
        ["git", "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-qm", "x"],
    ):
        assert ready.pytester.run(*command).ret == 0
    result = ready.judge()
    clean = ready.report["release"]
    (ready.suite / "test_host.py").touch()
    ready.target("more\n", "service.py")
    dirty_result = ready.judge()
    dirty = ready.report["release"]

    assert clean["bound"]
    assert not clean["dirty"]
    assert dirty["source"] == clean["source"]
    assert dirty["dirty_paths"] == ["service.py"]
    result.stdout.fnmatch_lines(["readiness: *release 1.2.3 (source sha256:*)"])
    dirty_result.stdout.fnmatch_lines(["readiness: *, 1 uncommitted)"])
    dirty_result.stdout.fnmatch_lines(["shop in here, *uncommitted changes*"])
