"""``readiness check``: suite against lock, target file against its types."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.cli import main
from pytest_readiness.plugin.suite import bundled_suite

TARGET = "[system]\nname = 'shop'\n[release]\nversion = '1'\n[target.here]\n"

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project


def _forget_all_but(loaded: set[str]) -> None:
    for name in set(sys.modules) - loaded:
        del sys.modules[name]


def check(
    capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, list[str], list[str]]:
    """Give the exit code and the lines of both outputs."""
    capsys.readouterr()
    loaded = set(sys.modules)
    code = main(["check", *arguments])
    _forget_all_but(loaded)
    out, err = capsys.readouterr()
    return code, out.splitlines(), err.splitlines()


def test_what_agrees_is_ok(ready: Project, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = check(capsys)

    assert (code, err) == (0, [])
    assert out == [
        f"{ready.suite}: 4 items, ok",
        f"{ready.path}/readiness.toml: ok",
    ]


def test_a_difference_is_a_line(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    items = (ready.item("one", owner="dba"), ready.item("two"), ready.item("new"))
    ready.write(ready.module(*items))
    code, out, _ = check(capsys)

    lock = ready.suite / "suite.lock"
    assert code == 1
    assert out[:-2] == [
        f"{lock}: host.one: owner was ops-lead, is dba",
        f"{lock}: host.new: not in the lock",
        f"{lock}: host.three: in the lock, but not in the suite",
        f"{lock}: host.everything: in the lock, but not in the suite",
    ]
    assert out[-2] == f"{ready.suite}: 3 items, 4 to mend"


def test_write_makes_them_agree(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.write(ready.module(ready.item("one"), ready.item("new")))
    lock = ready.suite / "suite.lock"
    assert check(capsys, "--write")[0] == 0
    written = lock.read_bytes()
    assert check(capsys, "--write")[0] == 0

    assert lock.read_bytes() == written
    assert check(capsys)[0] == 0
    assert written.count(b"[[item]]") == 2


def test_write_makes_a_lock_where_there_is_none(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = ready.suite / "suite.lock"
    lock.unlink()
    missing = check(capsys)
    assert missing[0] == 4
    assert "check --write" in missing[2][0]

    assert check(capsys, "--write", str(ready.suite))[0] == 0
    assert 'name = "readiness_suite"' in lock.read_text()


def test_write_keeps_what_is_the_users(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = ready.suite / "suite.lock"
    text = lock.read_text().replace("format = 1", "format = 1\nreviewed = 2026-01-31")
    lock.write_text(text)
    ready.write(ready.module(ready.item("one")))
    check(capsys, "--write")

    assert "reviewed = 2026-01-31" in lock.read_text()


def test_a_suite_with_mistakes_is_not_locked(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (ready.suite / "suite.lock").read_bytes()
    ready.write('"""Host."""\ndef test_one(): pass\n')
    ready.write("import no_such_module\n", "test_broken.py")
    code, out, _ = check(capsys, "--write")

    assert code == 1
    assert (ready.suite / "suite.lock").read_bytes() == before
    assert any("test_host.py:2 test_one: the module has no" in line for line in out)
    assert any("test_broken.py: " in line and "no_such_module" in line for line in out)
    assert out[-2].endswith(" to mend")


def test_json_is_for_scripts(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.write(ready.module(ready.item("one")))
    code, out, err = check(capsys, "--json")

    assert (code, err, len(out)) == (1, [], 1)
    assert json.loads(out[0]) == {
        "suite": str(ready.suite),
        "items": 1,
        "target_file": f"{ready.path}/readiness.toml",
        "problems": [
            f"{ready.suite}/suite.lock: host.{name}: in the lock, but not in the suite"
            for name in ("two", "three", "everything")
        ],
    }


def test_the_target_file_is_held_against_its_types(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.target("[system]\nnam = 'shop'\n[release]\nversion = '1'\n[target.x]\n")
    code, _, err = check(capsys)

    assert code == 4
    assert any("readiness.toml [system] nam" in line for line in err)
    assert not any("Traceback" in line for line in err)


def test_another_target_file_names_its_suite(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    ready.suite.rename(ready.path / "deploy")
    ready.target(f'suite = "."\n{ready.TARGET}', "deploy/its.toml")
    code, out, _ = check(capsys, "--config", "deploy/its.toml")

    assert code == 0
    assert out[-1].endswith("deploy/its.toml: ok")


@pytest.mark.usefixtures("ready")
def test_a_missing_suite_or_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(capsys, "nowhere")[0] == 4
    code, _, err = check(capsys, "--config=nowhere.toml")

    assert code == 4
    assert err[0].startswith("readiness: nowhere.toml: is no file")


def test_without_a_target_file_only_the_suite_is_checked(
    ready: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    (ready.path / "readiness.toml").unlink()
    code, out, _ = check(capsys)

    assert code == 0
    assert len(out) == 1


def test_no_ini_and_no_foreign_conftest_takes_part(
    ready: Project,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready.conftest("raise RuntimeError('a foreign conftest was read')\n")
    ready.ini("addopts = -k nothing", "python_files = nothing.py")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    code, out, _ = check(capsys)

    assert (code, out[0]) == (0, f"{ready.suite}: 4 items, ok")


def test_the_repositorys_own_suite_agrees_with_its_lock(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = check(capsys, str(bundled_suite()))

    assert (code, out[-1].rpartition(", ")[2]) == (0, "ok")


def test_a_suite_elsewhere_is_written_only_when_it_is_named(
    bare: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.write(bare.module(bare.item("one")))
    elsewhere = bare.path / "work"
    elsewhere.mkdir()
    bare.target(f'suite = "../{bare.suite.name}"\n{TARGET}', "work/readiness.toml")
    monkeypatch.chdir(elsewhere)

    code, _, err = check(capsys, "--write")
    assert code == 4
    assert "is not in this folder, so nothing is written into it" in err[0]
    assert not (bare.suite / "suite.lock").exists()

    assert check(capsys, "--write", str(bare.suite))[0] == 0
    assert (bare.suite / "suite.lock").exists()
