"""The wheel as a user gets it: its suite is its own, whatever lies where it is used."""

from __future__ import annotations

import json
import os
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hatchling.builders.wheel import WheelBuilder

if TYPE_CHECKING:
    from conftest import Project

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that the project's own wheel is installed into."""
    if not (ROOT / "pyproject.toml").is_file():
        pytest.skip("needs the sources that the wheel is built of")
    folder = tmp_path_factory.mktemp("wheel")
    builder = WheelBuilder(str(ROOT))
    (wheel,) = builder.build(directory=str(folder), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def python(project: Project, site: Path, *arguments: str) -> pytest.RunResult:
    """Run Python with the wheel in its path, started in the user's folder."""
    # `-m` and `-c` put the present folder first, as a user's call does.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(site))
        # Else the wheel's files are measured as well, which nobody tests whole.
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            patch.delenv(name)
        return project.pytester.run(sys.executable, *arguments)


def where(project: Project, site: Path, module: str) -> Path:
    """Say where a module is imported from."""
    text = f"import {module} as m; print(m.__file__ or list(m.__path__)[0])"
    result = python(project, site, "-c", text)
    assert result.ret == 0
    return Path(result.outlines[0])


def test_the_wheel_has_one_package_and_the_suite_within_it(site: Path) -> None:
    tops = {path.name for path in site.iterdir() if path.suffix != ".dist-info"}
    ours = {
        path.relative_to(ROOT / "readiness_suite")
        for path in (ROOT / "readiness_suite").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    suite = site / "pytest_readiness" / "suite"
    carried = {path.relative_to(suite) for path in suite.rglob("*") if path.is_file()}

    assert tops == {"pytest_readiness"}
    assert Path("suite.lock") in carried
    assert carried == ours


def test_a_top_level_suite_in_a_wheel_would_be_shadowed_by_the_users_folder(
    ready: Project, site: Path, tmp_path: Path
) -> None:
    other = tmp_path / "site"
    (other / "readiness_suite").mkdir(parents=True)
    (other / "readiness_suite" / "__init__.py").write_text("")
    (ready.suite / "__init__.py").write_text("")

    assert where(ready, other, "readiness_suite") == ready.suite / "__init__.py"
    assert where(ready, site, "pytest_readiness").is_relative_to(site)
    assert where(ready, site, "pytest_readiness.suite").is_relative_to(site)


def test_the_wheels_suite_judges_beside_the_users_folder(
    ready: Project, site: Path
) -> None:
    # The user's own has the same names, and would break every run that imports it.
    bundled = site / "pytest_readiness" / "suite"
    for path in [*bundled.rglob("*.py"), ready.suite / "__init__.py"]:
        name = path.name if path.parent == ready.suite else path.relative_to(bundled)
        ready.write("raise RuntimeError('the folder of the user')\n", str(name))
    lock = tomllib.loads((bundled / "suite.lock").read_text())
    ids = [item["id"] for item in lock["item"]]
    result = python(
        ready, site, "-m", "pytest", "--readiness", "-p", "no:hypothesispytest",
        str(bundled), f"--rootdir={ready.path}",
    )  # fmt: skip

    result.stdout.fnmatch_lines([f"readiness: suite {bundled} ({len(ids)} items)"])
    assert list(ready.states) == ids
    assert ready.states["environment-setup.python-environment"] == "verified"
    assert result.ret == 11


def test_a_folder_without_a_suite_is_judged_by_the_wheels(
    ready: Project, site: Path
) -> None:
    ready.suite.rename(ready.path / "put_away")
    result = python(ready, site, "-m", "pytest", "--readiness", "--collect-only")

    suite = site / "pytest_readiness" / "suite"
    result.stdout.fnmatch_lines(
        [f"readiness: suite {suite} (* items)", "*<ReadinessItem test_database>"]
    )
    assert result.ret == 12


def test_the_wheels_command_is_there(ready: Project, site: Path) -> None:
    result = python(ready, site, "-m", "pytest_readiness", "check", "--json")

    assert json.loads(result.outlines[0])["suite"] == str(ready.suite)
    assert result.ret == 0
