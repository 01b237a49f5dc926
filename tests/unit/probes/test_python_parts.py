from __future__ import annotations

from pathlib import Path

import pytest

from pytest_readiness.probes.hosts.commanded import Here
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.python import Python, container_signs
from pytest_readiness.target.blocks import PythonBlock

ROOT_LINE = "29 1 0:27 / {point} rw,relatime shared:1 - {kind} {kind} rw,lowerdir=/l\n"


def signs(root: Path) -> tuple[str, ...]:
    return container_signs(Here(root), Look("this host", 5.0))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "run").mkdir()
    return tmp_path


def test_a_plain_host_shows_no_sign(root: Path) -> None:
    (root / "proc/1/cgroup").write_text("0::/init.scope\n")
    (root / "proc/1/mountinfo").write_text(ROOT_LINE.format(point="/", kind="ext4"))
    assert signs(root) == ()


@pytest.mark.parametrize("name", [".dockerenv", "run/.containerenv"])
def test_runtimes_leave_a_file(name: str, root: Path) -> None:
    (root / name).touch()
    assert signs(root) == (f"/{name}",)


@pytest.mark.parametrize(
    ("line", "runtime"),
    [
        ("12:cpuset:/docker/3c4d\n", "docker"),
        ("0::/kubepods.slice/kubepods-burstable.slice/cri-3c4d.scope\n", "kubepods"),
        ("0::/machine.slice/libpod-3c4d.scope\n", "libpod"),
    ],
)
def test_the_first_processes_control_group_names_the_runtime(
    line: str, runtime: str, root: Path
) -> None:
    (root / "proc/1/cgroup").write_text(line)
    assert signs(root) == (f"control group {runtime}",)


def test_an_images_root_is_an_overlay(root: Path) -> None:
    lines = ROOT_LINE.format(point="/", kind="overlay")
    (root / "proc/1/mountinfo").write_text(lines)
    assert signs(root) == ("overlay root",)


@pytest.mark.parametrize(
    "line", [ROOT_LINE.format(point="/var", kind="overlay"), "29 1 0:27 / /\n", "\n"]
)
def test_overlays_elsewhere_and_odd_lines_are_no_sign(line: str, root: Path) -> None:
    (root / "proc/1/mountinfo").write_text(line)
    assert signs(root) == ()


def test_a_host_without_proc_shows_no_sign(tmp_path: Path) -> None:
    assert signs(tmp_path) == ()


def test_the_source_is_the_path() -> None:
    block = PythonBlock(interpreter=Path("/srv/engine/venv/bin/python"))
    assert Python.source(block) == "/srv/engine/venv/bin/python"
