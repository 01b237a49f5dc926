"""What the repository says about itself is true, and it names no foreign machine."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from packaging.version import Version

import pytest_readiness

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {"__pycache__", "_build", "build", "dist", "readiness-report"}
VISIBLE = {".ci", ".editorconfig", ".gitattributes", ".gitignore"}
RESERVED = ("example", "invalid", "localhost", "test")
"""Top-level names that no machine on the Internet has (RFC 2606)."""
RESERVED_HOSTS = {"example.com", "example.net", "example.org"}
CITED = {
    "api.quiverquant.com",  # providers of data that the checklist names, and their docs
    "api.stlouisfed.org",
    "api.tradier.com",
    "docs.tradier.com",
    "fred.stlouisfed.org",
    "sandbox.tradier.com",
    "yfapi.net",
    "devguide.python.org",
    "in-toto.io",
    "slsa.dev",
    "json-schema.org",
    "pytest-readiness.readthedocs.io",  # the names of our own statement types
    "redis.io",
    "toml.io",
    "www.apache.org",
    "www.postgresql.org",
    "www.rfc-editor.org",
    "api.github.com",
    "www.w3.org",
}
"""Hosts of standards and vendors' pages that texts may cite; none serves packages."""
URL = re.compile(r"(?:https?|ftp|git|ssh)://[^\s\"'<>`)\]}|,]+")


def wanted(path: Path) -> bool:
    """Whether a file is the project's, not a tool's or a build's."""
    return not any(
        part in SKIPPED
        or (part.startswith(".") and part not in VISIBLE)
        or part.endswith(".egg-info")
        for part in path.relative_to(ROOT).parts
    )


FILES = sorted(p for p in ROOT.rglob("*") if wanted(p) and p.is_file())
TEXTS = {str(path.relative_to(ROOT)): path.read_text(errors="ignore") for path in FILES}
PAGES = {name: text for name, text in TEXTS.items() if name.endswith(".md")}
MAKEFILE = TEXTS["Makefile"]


def foreign_hosts(text: str) -> set[str]:
    """Give the hosts of a text's URLs that are neither reserved nor cited."""
    hosts = set()
    for url in URL.findall(text):
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            continue
        named = re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}", host)
        if named is None or host in CITED | RESERVED_HOSTS:
            continue
        registered = ".".join(host.split(".")[-2:])
        if host.split(".")[-1] not in RESERVED and registered not in RESERVED_HOSTS:
            hosts.add(host)
    return hosts


def test_a_foreign_host_is_noticed() -> None:
    # Put together here, so that this file itself names no such host.
    foreign = "packages.somewhere." + "io"
    text = f"see https://{foreign}/x, https://db.example:5432 and http://127.0.0.1/"

    assert foreign_hosts(text) == {foreign}


@pytest.mark.parametrize("name", TEXTS)
def test_file_names_no_registry_or_other_machine(name: str) -> None:
    assert foreign_hosts(TEXTS[name]) == set()


@pytest.mark.parametrize("name", TEXTS)
def test_file_names_no_home_folder(name: str) -> None:
    assert re.findall(r"(?<![\w.])/(?:root|home/\w+|Users/\w+)/", TEXTS[name]) == []


def test_version_is_one_version() -> None:
    assert version("pytest-readiness") == pytest_readiness.__version__
    assert str(Version(pytest_readiness.__version__)) == pytest_readiness.__version__


def test_changelog_fragments_have_a_known_kind_and_a_sentence() -> None:
    towncrier = tomllib.loads(TEXTS["pyproject.toml"])["tool"]["towncrier"]
    kinds = "|".join(kind["directory"] for kind in towncrier["type"])
    fragments = [p for p in (ROOT / "changelog.d").iterdir() if wanted(p)]

    for fragment in fragments:
        assert re.fullmatch(rf"(\d+|\+[a-z0-9-]+)\.({kinds})\.md", fragment.name)
        assert fragment.read_text().rstrip().endswith(".")


@pytest.mark.parametrize("name", PAGES)
def test_page_names_only_make_targets_that_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    commands = re.findall(r"(?:^|`|\$ )make ([a-z]+)", PAGES[name], re.MULTILINE)

    assert set(commands) <= targets


@pytest.mark.parametrize("name", PAGES)
def test_page_links_only_to_files_that_exist(name: str) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", PAGES[name])
    local = [link for link in links if "://" not in link]

    assert [
        link for link in local if not (ROOT / name).parent.joinpath(link).exists()
    ] == []
