"""A real target file for Debian's own servers, and the real command that judges it.

PostgreSQL 15, Redis 7 with TLS and ACL, nginx, and an interpreter in a virtual
environment; the servers themselves are those of the folder above.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import pytest
import tomli_w

from pytest_readiness.demo.pki import Authority, pem

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from conftest import Nginx, Pki, PostgresServer, RedisServer, StartRedis

SUITE = Path(__file__).parents[3] / "readiness_suite"
PASSWORD = "correct-horse-battery"
WRONG = "not-the-password"
DATABASE, CACHE = "DEBIAN_DB_PASSWORD", "DEBIAN_CACHE_PASSWORD"
"""Variables that the target file refers to."""

ITEMS = {
    "python": "environment-setup.python-environment",
    "postgres": "environment-setup.database",
    "redis": "environment-setup.cache",
    "tls": "environment-setup.ssl-certificates",
}
ROLLUP = "final-verification.all-checklist-items"
GOOD = dict.fromkeys([*ITEMS.values(), ROLLUP], "verified")
SOURCES = (
    "pre_production/test_environment_setup.py",
    "sign_off/test_final_verification.py",
)
RUN = ("pytest_readiness", "run")
EXITS = {"failed": 1, "unknown": 11}


@dataclass(frozen=True)
class Debian:
    """The servers, all in the state in which they are good."""

    pki: Pki
    postgres: PostgresServer
    redis: RedisServer
    plain: RedisServer
    nginx: Nginx
    start_redis: StartRedis
    interpreter: Path
    suite: Path

    def tables(self) -> dict[str, dict[str, Any]]:
        """Give the target's tables."""
        ca_file = str(self.pki.ca_file)
        database, cache = self.postgres.port, self.redis.port
        return {
            "python": {"interpreter": str(self.interpreter), "isolation": "venv"},
            "postgres": {
                "host": "localhost",
                "port": database,
                "database": "app",
                "user": "app",
                "password": f"${{env:{DATABASE}}}",
                "sslmode": "verify-full",
                "ca_file": ca_file,
            },
            "redis": {
                "host": "localhost",
                "port": cache,
                "username": "app",
                "password": f"${{env:{CACHE}}}",
                "tls": True,
                "ca_file": ca_file,
            },
            "tls": {
                "endpoints": [
                    {
                        "name": "nginx",
                        "host": "localhost",
                        "port": self.nginx.ports["good"],
                    },
                    {
                        "name": "database",
                        "host": "localhost",
                        "port": database,
                        "starttls": "postgres",
                    },
                    {"name": "cache", "host": "localhost", "port": cache},
                ],
                "ca_file": ca_file,
            },
            # How fast a busy machine answers is not what is judged here.
            "limits": {"redis": {"round_trip": "1s"}},
        }


def cut_suite(folder: Path) -> Path:
    """Write a suite of just these items, word for word those of the checklist."""
    wanted = {f"test_{id_.partition('.')[2].replace('-', '_')}" for id_ in GOOD}
    for name in SOURCES:
        tree = ast.parse((SUITE / name).read_text("utf-8"))
        tree.body = [
            node
            for node in tree.body
            if not isinstance(node, ast.FunctionDef) or node.name in wanted
        ]
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ast.unparse(tree), "utf-8")
    shutil.copy(SUITE / "conftest.py", folder)
    command = [sys.executable, "-m", "pytest_readiness", "check", "--write", folder]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder


@dataclass
class Target:
    """A target file under change, and what must be undone after the run."""

    debian: Debian
    folder: Path
    stack: contextlib.ExitStack
    # Test modules cannot import this one (importlib mode), so they find it all here.
    GOOD: ClassVar = GOOD
    PASSWORD: ClassVar = PASSWORD
    tables: dict[str, dict[str, Any]] = field(init=False)
    environ: dict[str, str] = field(init=False)
    others: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Further targets, such as a candidate."""

    def __post_init__(self) -> None:
        self.tables = self.debian.tables()
        self.environ = {DATABASE: PASSWORD, CACHE: PASSWORD}

    def set(self, table: str, **settings: object) -> None:
        """Change settings; None takes one out."""
        changed = self.tables[table] | settings
        self.tables[table] = {k: v for k, v in changed.items() if v is not None}

    def move(self, table: str, port: int) -> None:
        """Have a server, or the first endpoint, be at another port."""
        if table == "tls":
            self.tables["tls"]["endpoints"][0]["port"] = port
        else:
            self.set(table, port=port)

    def limit(self, table: str, **limits: object) -> None:
        """Set limits."""
        before = self.tables["limits"].get(table, {})
        self.set("limits", **{table: before | limits})

    def elsewhere(self, table: str, opened: Any) -> None:
        """Have something else stand where a server is looked for."""
        entered = self.stack.enter_context(opened)
        self.move(table, entered if isinstance(entered, int) else entered.port)

    def distrust(self, table: str) -> None:
        """Trust another authority than the one that the servers have."""
        ca_file = self.folder / "other.pem"
        ca_file.write_bytes(pem(Authority.create("Other").root))
        self.set(table, ca_file=str(ca_file))

    def mistake(self, variable: str) -> None:
        """Have a wrong password in a variable."""
        self.environ[variable] = WRONG

    def shipped_cache(self) -> None:
        """Look at a cache as Redis ships it: no TLS, no users, no memory limit."""
        self.move("redis", self.debian.plain.port)
        self.set("redis", **dict.fromkeys(("tls", "ca_file", "username", "password")))

    def context(self) -> ssl.SSLContext:
        """Give the TLS context of a stand-in with a good certificate."""
        return self.debian.pki.authority.issue().server_context(self.folder, "own")

    def judge(self, *command: str) -> Run:
        """Judge the target in a process of its own."""
        document = {
            "system": {"name": "shop"},
            "release": {"version": "1.2.3"},
            "default": "debian",
            "target": {"debian": self.tables, **self.others},
        }
        (self.folder / "readiness.toml").write_text(tomli_w.dumps(document))
        shutil.copytree(self.debian.suite, self.folder / "readiness_suite")
        done = subprocess.run(
            [sys.executable, "-m", *(command or RUN), "readiness_suite"],
            cwd=self.folder,
            env={**_outside(), **self.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        report = self.folder / "readiness-report" / "report.json"
        assert report.exists(), done.stdout + done.stderr
        written = report.read_text()
        for secret in (PASSWORD, WRONG):
            assert secret not in done.stdout + done.stderr + written
        return Run(done.returncode, done.stdout, json.loads(written))


class Run(NamedTuple):
    """What a run left."""

    code: int
    stdout: str
    report: dict[str, Any]

    @property
    def states(self) -> dict[str, str]:
        """Every item's state."""
        return {item["id"]: item["state"] for item in self.report["items"]}

    def item(self, name: str) -> dict[str, Any]:
        """Give one item of the report."""
        (found,) = (item for item in self.report["items"] if item["id"] == name)
        return found

    def only(self, table: str, state: str) -> dict[str, Any]:
        """Give a table's item, after all others were seen to be as they were."""
        assert self.states == GOOD | {ITEMS[table]: state, ROLLUP: state}
        assert self.report["verdict"] == "NOT READY"
        assert self.code == self.report["exit_code"] == EXITS[state]
        assert "NOT READY" in self.stdout
        return self.item(ITEMS[table])


def _outside() -> dict[str, str]:
    """Give our environment without the developer's own settings."""
    foreign = ("READINESS_", "PYTEST_", "PG")
    return {k: v for k, v in os.environ.items() if not k.startswith(foreign)}


@pytest.fixture(scope="session")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("service") / "venv"
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return cut_suite(tmp_path_factory.mktemp("cut") / "readiness_suite")


@pytest.fixture
def target(  # noqa: PLR0913  # every server there is
    *,
    pki: Pki,
    postgres_server: PostgresServer,
    redis_server: RedisServer,
    redis_plain: RedisServer,
    nginx: Nginx,
    start_redis: StartRedis,
    interpreter: Path,
    suite: Path,
    tmp_path: Path,
) -> Iterator[Target]:
    debian = Debian(
        pki,
        postgres_server,
        redis_server,
        redis_plain,
        nginx,
        start_redis,
        interpreter,
        suite,
    )
    with contextlib.ExitStack() as stack:
        yield Target(debian, tmp_path, stack)
