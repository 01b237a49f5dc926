"""The release's source digest: equal trees are the same release."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.git import Git, NoRepository
from pytest_readiness.target.loading import load
from pytest_readiness.target.release import Release, read_release
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = '[system]\nname = "engine"\n[target.production]\n'
DIGEST = f"sha256:{'a' * 64}"


class Repository:
    """A git repository with a target file."""

    def __init__(self, folder: Path, below: str = "") -> None:
        self.folder = folder
        self.root = folder / below
        self.root.mkdir(parents=True, exist_ok=True)

    def init(self) -> None:
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        environ = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        return subprocess.run(
            ["git", *identity, *arguments],  # noqa: S607  # the one on PATH
            cwd=self.folder,
            env=environ | {"GIT_CONFIG_GLOBAL": os.devnull},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            self.put(name.replace("__", "/").replace("_dot_", "."), text)

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str = "x") -> str:
        self.git("add", "-A", "-f")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def release(self, table: str = "version = '1'", report: str = "") -> Release:
        self.put("readiness.toml", f"{HEAD}[release]\n{table}\n")
        config = load(self.root / "readiness.toml", Redactor(), {})
        return read_release(config, report=self.root / report if report else None)

    def lines(self, *paths: str) -> str:
        listing = self.git("ls-tree", "-r", "--full-tree", "HEAD", *paths)
        lines = sorted(line.encode() + b"\n" for line in listing.splitlines())
        return f"sha256:{hashlib.sha256(b''.join(lines)).hexdigest()}"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.init()
    made.write(src__a="a", src__b="b", docs__c="c")
    made.commit()
    return made


def test_the_source_is_the_sorted_tree_as_anybody_can_compute_it(
    repository: Repository,
) -> None:
    release = repository.release()
    assert release.source == repository.lines()
    assert release.commit == repository.git("rev-parse", "HEAD")
    assert release.version == "1"
    assert not release.dirty
    assert release.unbound == ""


def test_the_source_is_limited_to_the_paths(repository: Repository) -> None:
    assert repository.release("paths = ['src']").source == repository.lines("src")
    assert repository.release("paths = ['./src/a', 'docs']").source == (
        repository.lines("src/a", "docs")
    )
    assert repository.release("paths = ['src/*']").source == repository.lines("src")
    assert repository.release("paths = ['.']").source == repository.lines()


@pytest.mark.parametrize("ignored", ["docs", "docs/c", "docs/*", "*c"])
def test_what_is_ignored_is_no_part_of_it(repository: Repository, ignored: str) -> None:
    source = repository.release(f"ignore = ['{ignored}']").source
    assert source == repository.lines("src/a", "src/b") == repository.lines("src")


def test_signatures_reports_and_the_target_file_are_no_part_of_it(
    repository: Repository,
) -> None:
    before = repository.release().source
    repository.put(".readiness/attestations.intoto.jsonl", "{}")
    repository.put(".readiness/trust.toml", "x")
    repository.put("readiness-report/report.json", "{}")
    repository.commit()
    after = repository.release("version = '2'")
    assert after.source == before
    assert not after.dirty


def test_signatures_and_reports_elsewhere_are_no_part_of_it_either(
    repository: Repository,
) -> None:
    table = "version = '1'\n[trust]\nfile = 'gov/t.toml'\nattestations = 'gov/signed'\n"
    before = repository.release(table, report="out").source
    repository.put("gov/t.toml", "x")
    repository.put("gov/signed/a/b.json", "x")
    repository.put("out/report.json", "x")
    repository.commit()
    assert repository.release(table, report="out").source == before


def test_a_change_of_content_mode_or_name_is_another_release(
    repository: Repository,
) -> None:
    seen = {repository.release().source}
    repository.put("src/a", "A")
    repository.commit()
    seen.add(repository.release().source)
    (repository.root / "src/a").chmod(0o755)
    repository.commit()
    seen.add(repository.release().source)
    repository.git("mv", "src/a", "src/z")
    repository.commit()
    seen.add(repository.release().source)
    assert len(seen) == 4


def test_equal_trees_are_the_same_release(
    repository: Repository, tmp_path: Path
) -> None:
    source = repository.release().source
    repository.git("checkout", "-q", "-b", "work")
    repository.put("src/a", "other")
    repository.commit()
    repository.put("src/a", "a")
    repository.commit("back")
    assert repository.release().source == source
    repository.git("checkout", "-q", "--orphan", "squashed")
    repository.commit("squashed")
    squashed = repository.release()
    assert squashed.source == source
    clone = Repository(tmp_path / "clone")
    clone.git("clone", "-q", "--depth=1", f"file://{repository.folder}", ".")
    assert clone.release().source == source


CHANGES: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "changed": (lambda root: (root / "src/a").write_text("A"), ("src/a",)),
    "deleted": (lambda root: (root / "src/a").unlink(), ("src/a",)),
    "new": (lambda root: (root / "src/new").write_text("A"), ("src/new",)),
    "renamed": (
        lambda root: (root / "src/a").rename(root / "src/z"),
        ("src/a", "src/z"),
    ),
    "odd name": (lambda root: (root / "src/ä b").write_text("A"), ("src/ä b",)),
    "outside": (lambda root: (root / "docs/c").write_text("C"), ()),
    "signatures": (lambda root: (root / ".readiness").mkdir(), ()),
}


@pytest.mark.parametrize(("change", "paths"), CHANGES.values(), ids=CHANGES)
def test_uncommitted_changes_within_it_are_told(
    repository: Repository, change: Callable[[Path], object], paths: tuple[str, ...]
) -> None:
    change(repository.root)
    release = repository.release("paths = ['src']")
    assert release.dirty_paths == paths
    assert release.dirty is bool(paths)


def test_staged_changes_are_uncommitted_and_ignored_files_are_not(
    repository: Repository,
) -> None:
    repository.put(".gitignore", "*.log\n")
    repository.commit()
    repository.put("src/x.log", "x")
    assert not repository.release().dirty
    repository.put("src/a", "A")
    repository.git("add", "src/a")
    assert repository.release().dirty_paths == ("src/a",)


def test_looking_does_not_touch_the_repository(repository: Repository) -> None:
    index = repository.folder / ".git/index"
    repository.release()
    os.utime(repository.root / "src/a", (1, 1))
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    repository.release()
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before


def test_a_part_of_a_large_repository_has_its_own_paths(tmp_path: Path) -> None:
    repository = Repository(tmp_path, "services/engine")
    repository.init()
    repository.write(src__a="a")
    repository.put("../../lib/b", "b")
    repository.put("../other/c", "c")
    repository.commit()
    assert repository.release().source == repository.lines()
    table = "paths = ['src', '../../lib']"
    assert repository.release(table).source == (
        repository.lines("services/engine/src", "lib")
    )
    assert repository.release("paths = ['.']").source == (
        repository.lines("services/engine")
    )
    repository.put("../../lib/b", "B")
    assert repository.release(table).dirty_paths == ("../../lib/b",)


def test_replaced_objects_do_not_show_another_tree(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD")
    source = repository.release().source
    repository.put("src/a", "evil")
    second = repository.commit()
    repository.git("replace", second, first)
    assert repository.release().source != source


def test_the_environment_does_not_lead_git_astray(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = repository.release().source
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no-index"))
    release = repository.release()
    assert release.source == source
    assert not release.dirty


def test_no_program_of_the_repository_runs(repository: Repository) -> None:
    hook = repository.folder / "monitor"
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    repository.git("config", "core.fsmonitor", str(hook))
    repository.release()
    assert not (repository.folder / "ran").exists()


def test_a_version_may_be_left_to_git(repository: Repository) -> None:
    release = repository.release("")
    assert release.version == repository.git("rev-parse", "HEAD")[:12]


def test_a_digest_that_is_given_goes_first(repository: Repository) -> None:
    release = repository.release(f"version = '1'\ndigest = '{DIGEST}'")
    assert release == Release("1", DIGEST)
    assert repository.release(f"digest = '{DIGEST}'").version == "a" * 12


def test_without_git_the_version_alone_is_unbound(tmp_path: Path) -> None:
    release = Repository(tmp_path).release()
    assert release == Release("1", None, unbound="this is no git repository")
    assert not release.dirty


def test_a_repository_without_a_commit_is_unbound(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.init()
    assert repository.release().unbound == "the repository has no commit"


def test_a_machine_without_git_is_unbound(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    release = repository.release()
    assert release.source is None
    assert release.unbound == "git is not installed here"


def test_no_release_at_all_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        Repository(tmp_path).release("")
    assert str(caught.value) == (
        "readiness.toml [release]: says nothing of the release, and this is no git "
        "repository; set `version`, or `digest` to that of an image or a package"
    )


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "paths = ['scr']",
            (
                "readiness.toml [release] paths: nothing that is committed "
                "matches `scr`; "
                "did you mean `src`?"
            ),
        ),
        (
            "paths = ['src', 'zzzzzzz']",
            (
                "readiness.toml [release] paths: nothing that is committed matches "
                "`zzzzzzz`; name what is committed"
            ),
        ),
        (
            "ignore = ['*']",
            (
                "readiness.toml [release]: no committed file is left in the release; "
                "see `paths` and `ignore`"
            ),
        ),
    ],
)
def test_a_release_that_is_made_of_nothing_is_an_error(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, table: str, message: str
) -> None:
    monkeypatch.chdir(repository.root)
    with pytest.raises(ConfigError) as caught:
        repository.release(table)
    assert str(caught.value) == message


def test_a_name_that_could_stand_for_two_lines_is_an_error(
    repository: Repository,
) -> None:
    repository.put("src/a\n100644 blob x", "x")
    repository.commit()
    with pytest.raises(ConfigError, match="line feed in its name"):
        repository.release()
    assert repository.release("ignore = ['src']").source is not None


def test_a_name_that_is_no_utf8_is_a_name(repository: Repository) -> None:
    before = repository.release().source
    (Path(os.fsdecode(bytes(repository.root) + b"/src/\xff"))).write_text("x")
    repository.commit()
    assert repository.release().source != before
    assert repository.release("ignore = ['src/?']").source is not None


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root")
def test_a_strangers_repository_is_an_error_with_the_way_out(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.release()
    for path in [repository.folder, *repository.folder.rglob("*")]:
        os.chown(path, 12345, 12345)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=r"safe\.directory"):
        repository.release()


def test_a_broken_repository_is_an_error(repository: Repository) -> None:
    repository.release()
    tree = repository.git("rev-parse", "HEAD^{tree}")
    (repository.folder / ".git/objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(ConfigError, match="git ls-tree failed"):
        repository.release()


def test_git_that_hangs_is_an_error(tmp_path: Path) -> None:
    slow = tmp_path / "git"
    slow.write_text("#!/bin/sh\nexec sleep 5\n")
    slow.chmod(0o755)
    with pytest.raises(ConfigError) as caught:
        Git(tmp_path, str(slow), timeout=0.1).ask("status")
    assert str(caught.value) == (
        f"{tmp_path}: git status gave no answer within 0.1 s; repair the repository, "
        "or set `[release] digest`"
    )


def test_git_that_is_missing_is_an_answer(tmp_path: Path) -> None:
    with pytest.raises(NoRepository):
        Git(tmp_path, "no-such-git").ask("status")
