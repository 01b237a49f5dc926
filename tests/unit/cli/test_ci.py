"""The job's address, as each CI system gives it, without what is secret in it."""

from __future__ import annotations

import pytest

from pytest_readiness.cli.ci import job_url

GITHUB = {
    "GITHUB_SERVER_URL": "https://forge.example",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_RUN_ID": "7",
}


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, ""),
        (GITHUB, "https://forge.example/acme/shop/actions/runs/7"),
        ({**GITHUB, "GITHUB_RUN_ID": ""}, ""),
        ({"CI_JOB_URL": "https://ci.example.com/7"}, "https://ci.example.com/7"),
        ({"BUILD_URL": "http://me:secret@ci/job/7?x=1#y"}, "http://ci/job/7"),
        ({"CI_JOB_URL": "ftp://ci/7", "BUILD_URL": "https://ci/8"}, ""),
        ({"BUILD_URL": "https://[ci"}, ""),
        ({"BUILD_URL": "https://ci/\x1b[31m"}, ""),
    ],
)
def test_the_job_s_address(environ: dict[str, str], url: str) -> None:
    assert job_url(environ) == url
