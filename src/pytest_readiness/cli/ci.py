"""What the job that runs us is called, where its system says so."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["job_url"]

_VARIABLES = ("CI_JOB_URL", "CI_PIPELINE_URL", "BUILD_URL", "CIRCLE_BUILD_URL")
"""GitLab, GitLab, Jenkins, CircleCI."""
_GITHUB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")


def job_url(environ: Mapping[str, str]) -> str:
    """Give the address of the CI job; empty where there is none.

    Whatever stands before an ``@`` is left out: it may be a token.
    """
    server, repository, run = (environ.get(name, "") for name in _GITHUB)
    if server and repository and run:
        return _without_user(f"{server}/{repository}/actions/runs/{run}")
    given = (environ.get(name, "") for name in _VARIABLES)
    return next((_without_user(url) for url in given if url), "")


def _without_user(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not url.isprintable():
        return ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
