"""Who wrote the change: since the last tag, and None where nobody can say."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.target.authors import authors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Run git in a new repository, as somebody."""

    def git(*words: str, by: str = "ann", days_ago: int = 0) -> None:
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        then = dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago)
        environ |= {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_DATE": then.isoformat(),
            "GIT_COMMITTER_DATE": then.isoformat(),
        }
        identity = ["-c", f"user.name={by}", "-c", f"user.email={by}@example.com"]
        subprocess.run(
            ["git", *identity, *words],  # noqa: S607
            cwd=tmp_path,
            env=environ,
            check=True,
            capture_output=True,
        )

    git("init", "-q", "-b", "main")
    return git


def commit(git: Git, by: str, days_ago: int = 0) -> None:
    git("commit", "--allow-empty", "-m", f"by {by}", by=by, days_ago=days_ago)


def test_they_are_those_since_the_tag_before_this_commit(
    git: Git, tmp_path: Path
) -> None:
    commit(git, "ann")
    git("tag", "v1")
    commit(git, "bob")
    commit(git, "cid")
    assert authors(tmp_path) == {"bob@example.com", "cid@example.com"}
    # The release's own tag is not where the change began.
    git("tag", "v2")
    assert authors(tmp_path) == {"bob@example.com", "cid@example.com"}
    commit(git, "dan")
    assert authors(tmp_path) == {"dan@example.com"}


def test_without_a_tag_it_is_the_last_ninety_days(git: Git, tmp_path: Path) -> None:
    commit(git, "old", days_ago=120)
    commit(git, "new", days_ago=30)
    assert authors(tmp_path) == {"new@example.com"}
    # The commit itself always has an author, however old it is.
    git("reset", "-q", "--hard", "HEAD~1")
    assert authors(tmp_path) == {"old@example.com"}


def test_the_last_release_may_be_named(git: Git, tmp_path: Path) -> None:
    commit(git, "ann")
    git("branch", "went-live")
    commit(git, "bob")
    assert authors(tmp_path, since="went-live") == {"bob@example.com"}


def test_nobody_can_say_without_the_history(git: Git, tmp_path: Path) -> None:
    assert authors(tmp_path) is None  # no commit
    commit(git, "ann")
    commit(git, "bob")
    clone = tmp_path / "clone"
    git("clone", "-q", "--depth=1", f"file://{tmp_path}", str(clone))
    assert authors(clone) is None
    assert authors(tmp_path, since="nonsense") is None
    empty = tmp_path.parent / "empty"
    empty.mkdir()
    assert authors(empty) is None
