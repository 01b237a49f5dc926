"""Who wrote the change: those who may not approve what they wrote themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.git import Git, NoRepository

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["authors"]

_DAYS = 90
"""How far to look back where no release was tagged before."""


def authors(root: Path, *, since: str = "") -> frozenset[str] | None:
    """Give the mail addresses of the authors of the commits that are to go live.

    Args:
        root: a folder of the repository.
        since: the commit that went live last; without it the last tag before this
            commit, else all of the last 90 days.

    Returns:
        None where nobody can say: no repository, or a clone that lacks the history.
    """
    git = Git(root)
    try:
        head, *parents = git.ask("rev-list", "--parents", "-n1", "HEAD").split()
        if git.ask("rev-parse", "--is-shallow-repository").strip() == b"true":
            return None
        since = since or _last_tag(git, parents)
        reach = [f"{since}..HEAD"] if since else [f"--since={_DAYS}.days", "HEAD"]
        mails = git.ask("log", "--format=%ae", *reach, "--")
        mails += git.ask("log", "-n1", "--format=%ae", head.decode(), "--")
    except (NoRepository, ConfigError, ValueError):
        return None
    return frozenset(mails.decode(errors="replace").split())


def _last_tag(git: Git, parents: list[bytes]) -> str:
    if not parents:
        return ""
    try:
        tag = git.ask("describe", "--tags", "--abbrev=0", parents[0].decode())
    except ConfigError:  # how git says that there is none
        return ""
    return tag.decode().strip()
