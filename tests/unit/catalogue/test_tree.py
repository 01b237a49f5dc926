"""The tree's id is the one that git itself gives."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.tree import git_tree

if TYPE_CHECKING:
    from pathlib import Path


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    done = subprocess.run(
        ["git", *who, *words],  # noqa: S607 - whichever it is
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with all that a tree can hold, and what it never does."""
    folder = tmp_path / "repository" / "suite"
    # Sorted as git does, `a.b` comes before the folder `a`, which sorts as `a/`.
    for name in ("a.b", "a/inner.py", "a0", "é.py", "run.sh", "deep/er/x"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("a.b")
    (folder / "empty").mkdir()
    return folder


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_it_is_the_id_that_git_gives_a_clean_checkout(
    suite: Path, algorithm: str
) -> None:
    root = suite.parent
    git(root, "init", "-q", f"--object-format={algorithm}")
    git(root, "add", ".")
    git(root, "commit", "-qm", "all")

    assert git_tree(suite, algorithm) == git(root, "rev-parse", "HEAD:suite")


def test_what_tools_leave_behind_changes_nothing(suite: Path) -> None:
    before = git_tree(suite)
    (suite / "__pycache__").mkdir()
    (suite / "__pycache__" / "a.cpython-311.pyc").write_bytes(b"x")
    (suite / "stray.pyc").write_bytes(b"x")

    assert git_tree(suite) == before


@pytest.mark.parametrize("what", ["text", "mode", "name", "link", "new"])
def test_everything_else_changes_it(suite: Path, what: str) -> None:
    before = git_tree(suite)
    if what == "text":
        (suite / "a0").write_text("other\n")
    elif what == "mode":
        (suite / "a0").chmod(0o755)
    elif what == "name":
        (suite / "a0").rename(suite / "a1")
    elif what == "link":
        (suite / "link").unlink()
        (suite / "link").write_text("a.b")
    else:
        (suite / "conftest.py").write_text("")

    assert git_tree(suite) != before
