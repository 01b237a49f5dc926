"""Variables in files, processes and manifests: of this machine, and by a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.errors import ConfigError
from pytest_readiness.probes.environment import Environment
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import EnvironmentBlock, HostBlock, Resources
from tests.integration.conftest import find

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "correct-horse-battery"
NAMES = ("DATABASE_URL", "TOKEN")


def block(backend: str = "", **settings: Any) -> EnvironmentBlock:
    if backend:
        settings["host"] = "engine"
    one = EnvironmentBlock.model_validate(settings)
    hosts = (
        {"engine": HostBlock.model_validate({"backend": backend})} if backend else {}
    )
    found = Resources(environment=one, hosts=hosts).environment
    assert found is not None
    return found


def see(backend: str = "", **settings: Any) -> Environment:
    one = block(backend, **settings)
    return Environment.gather(one, Look(Environment.source(one), 10.0))


def why(value: object) -> Unavailable:
    assert isinstance(value, Unavailable)
    return value


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    path = tmp_path / "engine.env"
    path.write_text(f"DATABASE_URL={CANARY}\nTOKEN=b3f7c1d9e8\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    script = "import sys; print(flush=True); sys.stdin.read()"
    environ = {"DATABASE_URL": CANARY, "TOKEN": "b3f7c1d9e8", "EMPTY": ""}
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
        running.kill()


# ------------------------------------------------------------------------------- files


@pytest.mark.parametrize("backend", ["", "local"])
def test_a_file_of_its_owner_is_good(backend: str, env_file: Path) -> None:
    facts = see(backend, file=env_file, names=NAMES)
    assert facts.required.value == NAMES
    assert facts.missing.value == facts.empty.value == facts.placeholders.value == ()
    assert (facts.is_file.value, facts.tracked.value) == (True, False)
    assert facts.open_to_others.value is False
    assert CANARY not in repr(facts)


@pytest.mark.parametrize("backend", ["", "local"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_file_that_others_may_use_is_seen(
    backend: str, mode: int, env_file: Path
) -> None:
    env_file.chmod(mode)
    assert see(backend, file=env_file, names=NAMES).open_to_others.value is True


@pytest.mark.parametrize("backend", ["", "local"])
def test_what_git_keeps_is_seen(backend: str, env_file: Path) -> None:
    git = [find("git"), "-C", env_file.parent]
    subprocess.run([*git, "init", "--quiet"], check=True)
    assert see(backend, file=env_file, names=NAMES).tracked.value is False
    # Neither a monitor of the repository nor its owner decides.
    monitor = env_file.parent / "monitor"
    monitor.write_text(f"#!/bin/sh\ntouch {env_file.parent}/ran\n")
    monitor.chmod(0o755)
    subprocess.run([*git, "config", "core.fsmonitor", monitor], check=True)
    subprocess.run([*git, "-c", "core.fsmonitor=", "add", "-f", env_file], check=True)
    assert see(backend, file=env_file, names=NAMES).tracked.value is True
    assert not (env_file.parent / "ran").exists()


def test_git_that_does_not_tell_leaves_it_unknown(env_file: Path) -> None:
    (env_file.parent / ".git").write_text("gitdir: nowhere\n")
    fact = see(file=env_file, names=NAMES).tracked
    assert isinstance(fact.value, bool | Unavailable)
    assert fact.value is not True


def test_a_file_that_is_not_there_sets_nothing(tmp_path: Path) -> None:
    facts = see(file=tmp_path / ".env", names=NAMES)
    assert facts.missing.value == NAMES
    assert facts.is_file.value is False


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_this_run_may_not_read_is_unknown(env_file: Path) -> None:
    env_file.chmod(0o000)
    facts = see(file=env_file, names=NAMES)
    assert why(facts.missing.value).cause is Cause.LOCAL
    assert facts.open_to_others.value is False


def test_a_file_that_cannot_be_understood_is_unknown(env_file: Path) -> None:
    env_file.write_text(f"TOKEN=x\n={CANARY}\n")
    facts = see(file=env_file, names=NAMES)
    assert why(facts.missing.value).reason == "engine.env: line 2 sets no variable"
    assert facts.is_file.value is True


# ----------------------------------------------------------------------------- example


def test_the_example_says_what_must_be_set(env_file: Path, tmp_path: Path) -> None:
    example = tmp_path / ".env.example"
    example.write_text("# why\nDATABASE_URL=\nTOKEN=changeme\nDEBUG=\nSENTRY=\n")
    facts = see(
        file=env_file, example=example, names=("RISK",), optional=("DEBUG", "SENTRY")
    )
    assert facts.required.value == (*NAMES, "RISK")
    assert facts.missing.value == ("RISK",)


@pytest.mark.parametrize(
    ("text", "reason", "cause"),
    [
        (None, ".env.example: No such file or directory", Cause.LOCAL),
        ("=x", ".env.example: line 1 sets no variable", Cause.LOCAL),
        (b"\xff\xfe", ".env.example: it is no text file", Cause.LOCAL),
        ("", "nobody says what must be set", Cause.UNCONFIGURED),
    ],
)
def test_an_example_that_says_nothing_is_no_list(
    text: str | bytes | None, reason: str, cause: Cause, env_file: Path, tmp_path: Path
) -> None:
    example = tmp_path / ".env.example"
    if text is not None:
        example.write_bytes(text if isinstance(text, bytes) else text.encode())
    facts = see(file=env_file, example=example)
    for fact in (facts.required, facts.missing, facts.empty, facts.placeholders):
        assert (why(fact.value).reason, why(fact.value).cause) == (reason, cause)


# ------------------------------------------------------------------- process, manifests


@pytest.mark.parametrize("backend", ["", "local"])
@pytest.mark.parametrize("way", ["pid", "pid_file"])
def test_a_process_shows_what_it_was_started_with(
    backend: str, way: str, process: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"pid": process.pid}
    if way == "pid_file":
        (tmp_path / "engine.pid").write_text(f"{process.pid}\n")
        settings = {"pid_file": tmp_path / "engine.pid"}
    facts = see(backend, **settings, names=("DATABASE_URL", "EMPTY", "GONE"))
    assert (facts.missing.value, facts.empty.value) == (("GONE",), ("EMPTY",))
    assert facts.is_file.value is False
    assert why(facts.open_to_others.value).reason == "no file keeps them"


def test_a_units_main_process_is_asked_for(
    process: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "systemctl"
    script.write_text(
        "#!/bin/sh\n"
        'for word; do last="$word"; done\n'
        f'case "$last" in engine.service) pid={process.pid};; *) pid=0;; esac\n'
        'echo "MainPID=$pid"; echo "LoadState=loaded"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert see(unit="engine.service", names=NAMES).missing.value == ()
    nothing = why(see(unit="idle.service", names=NAMES).missing.value)
    assert nothing.reason == "idle.service runs no process on this host"


def test_a_process_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    facts = see(pid=2**22 + 1, names=NAMES)
    assert why(facts.missing.value).reason == "there is no process 4194305 on this host"
    path = tmp_path / "engine.pid"
    facts = see(pid_file=path, names=NAMES)
    assert why(facts.missing.value).reason == f"{path} holds no number of a process"


def test_manifests_show_what_a_container_gets(tmp_path: Path) -> None:
    path = tmp_path / "engine.yaml"
    path.write_text(
        "kind: Pod\nspec: {containers: [{name: engine, env: ["
        "{name: TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}},"
        "{name: DATABASE_URL, value: 'postgresql://app:changeme@db'}]}]}"
    )
    facts = see(manifests=(path,), names=NAMES)
    assert facts.missing.value == ()
    assert facts.placeholders.value == ("DATABASE_URL",)
    assert facts.is_file.value is False
    for text in ("a: [", None):
        path.unlink()
        if text:
            path.write_text(text)
        assert why(see(manifests=(path,), names=NAMES).missing.value)


# ------------------------------------------------------------------------------- plans


@pytest.mark.parametrize(
    ("settings", "planned"),
    [
        ({"file": "/x/.env"}, ["/x/.env", "ls -ldL -- /x/.env"]),
        ({"pid": 7}, ["/proc/7/environ"]),
        ({"pid_file": "/run/a.pid"}, ["/run/a.pid", "/proc/{pid}/environ"]),
        ({"manifests": ["/x/a.yaml"]}, ["/x/a.yaml"]),
    ],
)
def test_all_that_is_read_is_planned(
    settings: dict[str, Any], planned: list[str]
) -> None:
    texts = [one.what for one in Environment.looks(block(**settings))]
    assert [text for text in texts if not text.startswith("git")] == planned


def test_a_unit_is_planned_in_systemds_words() -> None:
    asked, _ = Environment.looks(block(unit="engine.service"))
    assert asked.what.startswith("systemctl show")
    assert asked.what.endswith("engine.service")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "says nowhere where they are"),
        ({"pid": 1, "file": "a"}, "sets file and pid"),
        ({"pid": 1, "container": "a"}, "sets container without manifests"),
    ],
)
def test_the_table_names_one_place(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises((ValueError, ConfigError), match=problem):
        block(**settings)
