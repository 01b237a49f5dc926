"""Nothing hangs: looks have limits, run together, and say what is awaited."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

HEAD = '[system]\nname = "shop"\n[release]\nversion = "1.2.3"\n'


def hanging(project: Project) -> Path:
    """Write an interpreter that never answers, and leaves its process id."""
    path = project.target(
        f"#!/bin/sh\necho $$ > {project.path}/pid\nexec sleep 300\n", "python3"
    )
    path.chmod(0o755)
    return path


def alive(project: Project) -> bool:
    """Say whether the interpreter still runs a moment later."""
    pid = int((project.path / "pid").read_text())
    over = time.monotonic() + 3
    while time.monotonic() < over:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.02)
    return True


def block(path: Path, more: str = "") -> str:
    """Write the target's block for an interpreter."""
    return f'{HEAD}[target.here.python]\ninterpreter = "{path}"\n{more}'


def test_a_look_ends_at_its_own_limit(bare: Project) -> None:
    mark = '@item("one", owner="dba", reach=True)'
    body = 'check("version", python.version).at_least("3")'
    bare.write(bare.module(bare.item("one", body, item=mark)))
    bare.lock()
    bare.target(block(hanging(bare), 'timeout = "400ms"\n'))
    began = time.monotonic()
    result = bare.judge()

    assert time.monotonic() - began < 3
    assert bare.states == {"host.one": "failed"}
    assert "no answer within 400 ms" in bare.items["host.one"]["reason"].replace(
        "0.4 s", "400 ms"
    )
    assert result.ret == 1
    assert not alive(bare)


def test_a_long_wait_is_announced(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_readiness.plugin.gathering._PATIENCE", 0.1)
    path = hanging(ready)
    ready.target(block(path, 'timeout = "400ms"\n'))
    result = ready.judge()

    waits = [line for line in result.outlines if "waiting for" in line]
    assert len(waits) >= 2
    assert waits[0] == f"readiness: waiting for {path} (0 s)"


def test_without_a_terminal_nothing_is_announced(
    ready: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_readiness.plugin.gathering._PATIENCE", 0.05)
    ready.target(block(hanging(ready), 'timeout = "200ms"\n'))
    result = ready.judge("-p", "no:terminal")

    assert result.outlines == result.errlines == []
    assert result.ret == 0


def test_nothing_is_announced_where_nobody_waits(ready: Project) -> None:
    ready.judge().stdout.no_fnmatch_line("*waiting for*")


def test_dead_resources_cost_one_limit_together(bare: Project) -> None:
    # Each takes 600 ms; seven items and three resources, one after another 12 s.
    path = hanging(bare)
    more = "".join(
        f'[target.here.{name}]\nhost = "192.0.2.1"\ntimeout = "600ms"\n{rest}'
        for name, rest in (
            ("postgres", 'database = "x"\nuser = "x"\nsslmode = "disable"\n'),
            ("redis", ""),
        )
    )
    bare.target(block(path, f'timeout = "600ms"\n{more}'))
    reads = {"python": "version", "postgres": "version", "redis": "version"}
    bare.write(
        bare.module(
            *(
                bare.item(
                    f"{name}_{number}",
                    f'check("version", {name}.{fact}).at_least("1")',
                    arguments=f"check, {name}",
                )
                for name, fact in reads.items()
                for number in range(3)
            )
        )
    )
    bare.lock()
    began = time.monotonic()
    result = bare.judge()

    assert time.monotonic() - began < 4
    assert set(bare.states.values()) == {"unknown"}
    assert result.ret == 11


@pytest.mark.parametrize("how", ["deadline", "ctrl-c"])
def test_a_run_that_ends_before_its_look_leaves_no_process(
    ready: Project, how: str
) -> None:
    ready.target(block(hanging(ready), 'timeout = "60s"\n'))
    deadline = "500ms" if how == "deadline" else "60s"
    process = subprocess.Popen(
        [*ready.command, f"--readiness-deadline={deadline}"],
        cwd=ready.path,
        stdout=subprocess.DEVNULL,
    )
    try:
        over = time.monotonic() + 30
        while not (ready.path / "pid").exists():
            assert time.monotonic() < over
            time.sleep(0.02)
        if how == "ctrl-c":
            process.send_signal(signal.SIGINT)
        code = process.wait(30)
    finally:
        process.kill()

    assert code == (11 if how == "deadline" else 2)
    assert not alive(ready)


def test_retries_are_of_the_look_and_show_in_the_evidence(ready: Project) -> None:
    path = ready.target(
        "#!/bin/sh\n"
        f"cd {ready.path}\n"
        "[ -e tried ] || { touch tried; exec sleep 300; }\n"
        f'exec {sys.executable} "$@"\n',
        "python3",
    )
    path.chmod(0o755)
    ready.target(block(path, 'timeout = "1500ms"\nretries = 1\n'))
    result = ready.judge()

    seen = ready.items["host.one"]["observations"][0]
    assert "try 2 of 2" in seen["detail"]
    assert "no answer within" in seen["detail"]
    assert result.ret == 0
