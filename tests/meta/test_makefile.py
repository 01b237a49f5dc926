"""`make` finds a usable Python on a machine that it has never seen, or says so."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOO_OLD = "#!/bin/sh\nexit 1\n"
MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not on PATH")


def make(*arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    """Run the Makefile with nothing but a PATH."""
    assert MAKE is not None
    return subprocess.run(
        [MAKE, *arguments],
        cwd=ROOT,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a PATH folder with a shell and a `python3` that is too old."""
    shell = shutil.which("sh")
    assert shell is not None
    (tmp_path / "sh").symlink_to(shell)
    old = tmp_path / "python3"
    old.write_text(TOO_OLD)
    old.chmod(0o755)
    return tmp_path


def test_an_old_python3_is_passed_over_for_a_newer_one(folder: Path) -> None:
    (folder / "python3.12").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (folder / "python3.12").chmod(0o755)

    shown = make("--eval", "show: ; @echo $(PYTHON)", "show", path=str(folder))

    assert shown.stdout.strip() == str(folder / "python3.12")


def test_no_usable_python_is_said_with_its_remedy(folder: Path) -> None:
    venv = folder / "venv"

    result = make(f"VENV={venv}", f"{venv}/bin/python", path=str(folder))

    assert result.returncode != 0
    assert "Python 3.11 or newer" in result.stderr
    assert "make PYTHON=/path/to/python3.11" in result.stderr
    assert not venv.exists()
