from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins.python import hanging_python, old_python
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.python import Python
from pytest_readiness.target.blocks import PythonBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    See = Callable[..., Python]

LIMIT = 0.6
THIS = Version(".".join(map(str, sys.version_info[:3])))


@pytest.fixture
def see() -> See:
    """Give a look that checks that it is in time."""

    def look(interpreter: Path, timeout: float = 10.0, **more: object) -> Python:
        block = PythonBlock(interpreter=interpreter, **more)
        began = time.monotonic()
        facts = Python.gather(block, Look(Python.source(block), timeout))
        assert time.monotonic() - began < timeout + 0.4
        return facts

    return look


def program(folder: Path, text: str) -> Path:
    path = folder / "program"
    path.write_text(text)
    path.chmod(0o755)
    return path


def why(facts: Python) -> str:
    """Give the reason of an interpreter that does not answer."""
    assert facts.answers.value is False
    reason = facts.version.value
    assert isinstance(reason, Unavailable)
    assert (reason.reason, reason.cause) == (facts.answers.detail, Cause.NO_ANSWER)
    assert facts.isolated.value == reason
    return reason.reason


# ------------------------------------------------------------------------- good targets


def test_a_virtual_environment_is_isolated(tmp_path: Path, see: See) -> None:
    venv.create(tmp_path / "venv", symlinks=True)
    facts = see(tmp_path / "venv/bin/python")
    assert facts.exists.value is True
    assert facts.answers.value is True
    assert facts.answers.duration.total_seconds() > 0
    assert facts.version.value == THIS
    assert facts.isolated.value is True
    assert facts.isolated.detail.startswith(f"prefix {tmp_path / 'venv'}, base ")


def test_the_branch_is_noted(see: See) -> None:
    assert see(Path(sys.executable)).version.detail.startswith(
        f"Python {THIS.major}.{THIS.minor} is supported until"
    )


def test_an_image_is_isolation_too(see: See) -> None:
    facts = see(Path(sys._base_executable), isolation="container")  # noqa: SLF001
    signs = Path("/.dockerenv").exists() or "overlay" in _root_kind()
    if signs:
        assert facts.isolated.value is True
    assert facts.isolated.detail


def _root_kind() -> str:
    lines = Path("/proc/1/mountinfo").read_text().splitlines()
    return next(line for line in lines if line.split()[4] == "/").split(" - ")[1]


def test_it_gets_nothing_of_our_environment(
    tmp_path: Path, see: See, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "correct-horse-battery")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = program(tmp_path, f"#!/bin/sh\nenv > {tmp_path}/env\npwd > {tmp_path}/pwd\n")
    see(path)
    assert "correct-horse" not in (tmp_path / "env").read_text()
    assert "PYTHONPATH" not in (tmp_path / "env").read_text()
    assert (tmp_path / "pwd").read_text() == "/\n"


# -------------------------------------------------------------------------- bad targets


def test_the_systems_interpreter_is_not_isolated(see: See) -> None:
    facts = see(Path(sys._base_executable))  # noqa: SLF001
    assert facts.version.value == THIS
    assert facts.isolated.value is False
    assert facts.isolated.detail.endswith(", which is its base too")


def test_an_old_one_is_seen_for_what_it_is(tmp_path: Path, see: See) -> None:
    facts = see(old_python(tmp_path, "3.8.18", Path(sys.executable)))
    assert facts.version.value == Version("3.8.18")
    assert facts.version.detail == "Python 3.8 has been out of support since 2024-10-07"


def test_one_that_knows_no_isolated_mode_is_asked_again(
    tmp_path: Path, see: See
) -> None:
    script = f'#!/bin/sh\n[ "$1" = -I ] && exit 2\nexec {sys.executable} "$@"\n'
    facts = see(program(tmp_path, script))
    assert facts.answers.value is True
    assert facts.answers.detail == "it knows no -I"


def test_a_missing_one_is_an_observation(tmp_path: Path, see: See) -> None:
    facts = see(tmp_path / "none")
    assert facts.exists.value is False
    assert why(facts) == f"{tmp_path}/none: No such file or directory"


def test_a_broken_link_is_named(tmp_path: Path, see: See) -> None:
    (tmp_path / "python").symlink_to(tmp_path / "gone")
    facts = see(tmp_path / "python")
    assert facts.exists.value is False
    assert why(facts).endswith("a link to nothing")


def test_a_folder_is_no_interpreter(tmp_path: Path, see: See) -> None:
    facts = see(tmp_path)
    assert facts.exists.value is False
    assert why(facts).endswith("not a file")


def test_one_that_hangs_is_an_observation(tmp_path: Path, see: See) -> None:
    facts = see(hanging_python(tmp_path), timeout=LIMIT)
    assert facts.exists.value is True
    assert why(facts) == "no answer within 0.6 s"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "#!/bin/sh\nwhile :; do printf x; sleep 0.2; done\n",
            "no answer within 0.6 s",
        ),
        ("#!/bin/sh\nexec yes\n", "its output has no end"),
        ("#!/bin/sh\nexit 3\n", "it does not answer as a Python does"),
        ("#!/bin/sh\necho '[1]'\n", "it does not answer as a Python does"),
        ("#!/bin/sh\necho '{}'\n", "it does not answer as a Python does"),
        (
            '#!/bin/sh\necho \'{"version": ["x"], "prefix": 1, "base": 2}\'\n',
            "it does not answer as a Python does",
        ),
        ("#!/nowhere/python\n", "it cannot be started: No such file or directory"),
        ("\x7fELF garbage", "it cannot be started: Exec format error"),
    ],
)
def test_whatever_it_does_instead_is_an_observation(
    text: str, reason: str, tmp_path: Path, see: See
) -> None:
    facts = see(program(tmp_path, text), timeout=LIMIT)
    assert facts.exists.value is True
    assert why(facts).startswith(reason)


def test_what_it_started_ends_with_it(tmp_path: Path, see: See) -> None:
    script = f"#!/bin/sh\nsleep 60 &\necho $! > {tmp_path}/pid\nsleep 60\n"
    see(program(tmp_path, script), timeout=LIMIT)
    pid = int((tmp_path / "pid").read_text())
    stat = Path(f"/proc/{pid}/stat")
    over = time.monotonic() + 5
    while stat.exists() and " Z " not in stat.read_text() and time.monotonic() < over:
        time.sleep(0.01)
    assert not stat.exists() or " Z " in stat.read_text()


def test_one_that_this_run_may_not_start_is_no_observation(
    tmp_path: Path, see: See
) -> None:
    path = program(tmp_path, "#!/bin/sh\n")
    path.chmod(0o644)
    for fact in vars(see(path)).values():
        assert isinstance(fact.value, Unavailable)
        assert fact.value.cause is Cause.LOCAL
        assert fact.value.reason == f"this run may not start {path}"


def test_one_that_this_run_may_not_look_at_is_no_observation(tmp_path: Path) -> None:
    """As another user, where this is root; who is none already cannot look either."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o000)
    script = (
        "import os, sys\n"
        "sys.path[:0] = sys.argv[1].split(':')\n"
        "from pathlib import Path\n"
        "from pytest_readiness.probes.look import Look\n"
        "from pytest_readiness.probes.python import Python\n"
        "from pytest_readiness.target.blocks import PythonBlock\n"
        "os.geteuid() or (os.setgroups([]), os.setegid(65534), os.seteuid(65534))\n"
        "block = PythonBlock(interpreter=Path(sys.argv[2]))\n"
        "value = Python.gather(block, Look('x', 1.0)).exists.value\n"
        "print(value.cause, value.reason)\n"
    )
    paths = ":".join(path for path in sys.path if path)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
        if folder.name.startswith("pytest-of"):
            break
    closed.chmod(0o000)
    shown = subprocess.run(
        [sys.executable, "-c", script, paths, str(closed / "python")],
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout == f"local this run may not look at {closed / 'python'}\n"
