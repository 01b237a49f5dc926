"""The release as artefacts are held against it: its commit's time, and its stamps."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.predicates import Provenance, ReleaseRef
from pytest_readiness.attest.provenance import stamp_of, stamp_path
from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.plugin.gathering import Need
from pytest_readiness.plugin.origins import origins_of
from pytest_readiness.probes.artefacts.provenance import Inside, Origin, Origins

if TYPE_CHECKING:
    from pathlib import Path

NEEDS = [Need("junit", "production", "unit-tests")]
FIRST = dt.datetime(2026, 11, 1, 12, 0, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 11, 3, 12, 0, tzinfo=dt.UTC)
SOURCE = "a" * 64


def git(folder: Path, *arguments: str, at: dt.datetime = FIRST) -> str:
    who = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@example.com"}
    who |= {name.replace("AUTHOR", "COMMITTER"): of for name, of in who.items()}
    when = {"GIT_COMMITTER_DATE": at.isoformat(), "GIT_AUTHOR_DATE": at.isoformat()}
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607  # whichever there is
        cwd=folder,
        env=os.environ | who | when,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(folder: Path, name: str, at: dt.datetime) -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(at.isoformat())
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", name, at=at)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    commit(folder, "app/service.py", FIRST)
    return folder


def run(folder: Path, commit: str | None, *, paths: tuple[str, ...] = ()) -> Any:
    table = SimpleNamespace(paths=paths, ignore=("docs",))
    source = f"sha256:{SOURCE}"
    return SimpleNamespace(
        release=SimpleNamespace(version="1.0", source=source, commit=commit),
        configuration=SimpleNamespace(path=folder / "readiness.toml", release=table),
        signing=SimpleNamespace(signatures=SimpleNamespace(trust=None)),
    )


def asked(*arguments: Any, **keys: Any) -> Origins:
    origins = origins_of(run(*arguments, **keys), NEEDS)
    assert origins is not None
    return origins


def test_nothing_is_asked_where_no_artefact_is_needed(tmp_path: Path) -> None:
    assert origins_of(run(tmp_path, None), [Need("redis", "production")]) is None


def test_the_release_is_as_old_as_its_last_commit(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    origins = asked(repository, head)
    assert (origins.committed, origins.whole_history) == (FIRST, True)
    assert (origins.version, origins.commit) == ("1.0", head)


@pytest.mark.parametrize(
    "name", [".readiness/a.jsonl", "readiness.toml", "docs/index.md"]
)
def test_signing_makes_no_release_younger(repository: Path, name: str) -> None:
    head = commit(repository, name, LATER)
    assert asked(repository, head).committed == FIRST


def test_the_paths_of_the_release_say_what_belongs_to_it(repository: Path) -> None:
    head = commit(repository, "other/x.py", LATER)
    assert asked(repository, head).committed == LATER
    assert asked(repository, head, paths=("app",)).committed == FIRST


def test_a_shallow_clone_is_not_certain(repository: Path, tmp_path: Path) -> None:
    head = commit(repository, ".readiness/a.jsonl", LATER)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), str(clone))
    origins = asked(clone, head)
    assert (origins.committed, origins.whole_history) == (LATER, False)


def test_without_git_there_is_no_such_time(tmp_path: Path) -> None:
    assert asked(tmp_path, None).committed is None
    assert asked(tmp_path, "c" * 40).committed is None


def stamped(path: Path, source: str = SOURCE, data: str | None = None) -> None:
    path.write_text("<testsuites/>")
    said = Provenance(
        release=ReleaseRef(version="1.0", source=source), issued_at=FIRST, data=data
    )
    stamp_path(path).write_bytes(stamp_of(path, said) + b"\n")


def test_a_stamp_says_whose_a_file_is(tmp_path: Path) -> None:
    origins, path = asked(tmp_path, None), tmp_path / "unit.xml"
    stamped(path, data="masked-production")
    assert origins.of(path, Inside()) == Origin(
        *(True, "stamped for 1.0, not signed", FIRST, "masked-production")
    )
    stamped(path, "b" * 64)
    other = origins.of(path, Inside())
    assert isinstance(other, Origin)
    assert not other.ours


def test_a_file_that_is_not_the_stamped_one_is_nobodys(tmp_path: Path) -> None:
    origins, path = asked(tmp_path, None), tmp_path / "unit.xml"
    stamped(path)
    path.write_text("<testsuite/>")
    nobodys = origins.of(path, Inside())
    assert isinstance(nobodys, Unavailable)
    assert "unit.xml is not the file that was stamped" in nobodys.reason
    assert nobodys.remedy.startswith("run `readiness stamp unit.xml`")


def test_without_a_stamp_nobody_knows(tmp_path: Path) -> None:
    path = tmp_path / "unit.xml"
    path.write_text("<testsuites/>")
    unknown = asked(tmp_path, None).of(path, Inside())
    assert isinstance(unknown, Unavailable)
    assert "nothing says which release unit.xml was made from" in unknown.reason
