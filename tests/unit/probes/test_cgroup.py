"""Control groups of both versions, as the kernel's files and mounts show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.cgroup import (
    Allowance,
    allowance,
    is_group,
    own_groups,
)
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pathlib import Path

V2 = "30 23 0:26 {root} {point} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "31 23 0:27 {root} {point} rw shared:5 - cgroup cgroup rw,{controllers}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "proc/self").mkdir(parents=True)
    return tmp_path


def tell(root: Path, groups: str, mounts: str) -> None:
    (root / "proc/self/cgroup").write_text(groups)
    (root / "proc/self/mountinfo").write_text(f"29 1 0:2 / / rw - ext4 x rw\n{mounts}")


def group(folder: Path, **files: str) -> Path:
    """Make a control group with its files; ``memory__max`` is ``memory.max``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.procs").touch()
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")
    return folder


# -------------------------------------------------------------------- which group it is


def test_a_host_of_version_2(root: Path) -> None:
    folder = group(root / "sys/fs/cgroup/system.slice/engine.service")
    tell(
        root,
        "0::/system.slice/engine.service\n",
        V2.format(root="/", point="/sys/fs/cgroup"),
    )
    assert own_groups(root) == (folder,)


def test_a_container_of_version_2_sees_its_own_group_at_the_top(root: Path) -> None:
    top = group(root / "sys/fs/cgroup")
    tell(root, "0::/\n", V2.format(root="/", point="/sys/fs/cgroup"))
    assert own_groups(root) == (top,)


@pytest.mark.parametrize("path", ["/../../other.scope", "/.."])
def test_what_a_namespace_hides_is_not_climbed_to(path: str, root: Path) -> None:
    top = group(root / "sys/fs/cgroup")
    tell(root, f"0::{path}\n", V2.format(root="/", point="/sys/fs/cgroup"))
    assert own_groups(root) == (top,)


@pytest.mark.parametrize(
    ("mounted", "path", "below"),
    [
        ("/docker/3c4d", "/docker/3c4d", ""),
        ("/docker/3c4d", "/docker/3c4d/inner", "inner"),
        ("/docker/3c4d", "/docker/3c4dee", ""),
        ("/docker/3c4d", "/elsewhere", ""),
        ("/", "/docker/3c4d", ""),  # not mounted as far down: the top is what there is
    ],
)
def test_a_container_without_a_namespace(
    mounted: str, path: str, below: str, root: Path
) -> None:
    memory = group(root / "sys/fs/cgroup/memory")
    group(memory / "inner")
    tell(
        root,
        f"4:memory:{path}\n",
        V1.format(root=mounted, point="/sys/fs/cgroup/memory", controllers="memory"),
    )
    assert own_groups(root) == (memory / below,)


def test_version_1_has_one_group_a_controller(root: Path) -> None:
    cpu = group(root / "sys/fs/cgroup/cpu,cpuacct/app")
    memory = group(root / "sys/fs/cgroup/my memory/job")
    group(root / "sys/fs/cgroup/unified")
    tell(
        root,
        "5:memory:/job\n3:cpu,cpuacct:/app\n1:name=systemd:/\n0::/app\n\nodd\n",
        V1.format(
            root="/", point="/sys/fs/cgroup/cpu,cpuacct", controllers="cpuacct,cpu"
        )
        + V1.format(
            root="/", point="/sys/fs/cgroup/my\\040memory", controllers="memory"
        )
        + V1.format(root="/", point="/sys/fs/cgroup/pids", controllers="pids")
        + "odd\n",
    )
    assert own_groups(root) == (cpu, memory)


def test_without_control_groups_there_are_none(root: Path) -> None:
    tell(root, "", "")
    assert own_groups(root) == ()
    (root / "proc/self/cgroup").unlink()
    (root / "proc/self/mountinfo").unlink()
    assert own_groups(root) == ()


# ----------------------------------------------------------------------- what it limits


def test_the_smallest_limit_on_the_way_up_holds(tmp_path: Path) -> None:
    top = group(tmp_path / "cgroup", memory__max="max", cpu__max="max 100000")
    middle = group(top / "slice", memory__max="2000000000", cpu__max="150000 100000")
    inner = group(middle / "app", memory__max="3000000000", cpu__max="max 100000")
    assert allowance([inner], "memory") == Allowance(2e9, str(middle / "memory.max"))
    assert allowance([inner], "cores") == Allowance(1.5, str(middle / "cpu.max"))


def test_folders_outside_the_hierarchy_have_no_say(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1\n")
    inner = group(tmp_path / "cgroup", memory__max="5")
    assert allowance([inner], "memory").amount == 5


@pytest.mark.parametrize(
    ("files", "what", "amount"),
    [
        ({"memory__max": "max"}, "memory", None),
        ({"memory__limit_in_bytes": "1000000000"}, "memory", 1e9),
        ({"memory__limit_in_bytes": "9223372036854771712"}, "memory", 2.0**63),
        ({"memory__limit_in_bytes": "-1"}, "memory", None),
        ({"cpu__max": "50000 100000"}, "cores", 0.5),
        ({"cpu__cfs_quota_us": "-1", "cpu__cfs_period_us": "100000"}, "cores", None),
        ({"cpu__cfs_quota_us": "250000", "cpu__cfs_period_us": "50000"}, "cores", 5.0),
        ({"cpu__cfs_quota_us": "250000"}, "cores", None),
        ({"cpuset__cpus__effective": "0-3,6"}, "cores", 5.0),
        ({"cpuset__effective_cpus": "2"}, "cores", 1.0),
        ({"cpuset__cpus__effective": ""}, "cores", None),
        ({"cpuset__cpus__effective": "0-7", "cpu__max": "200000 100000"}, "cores", 2.0),
    ],
)
def test_each_form_of_a_limit(
    files: dict[str, str], what: str, amount: float | None, tmp_path: Path
) -> None:
    folder = group(tmp_path / "group", **files)
    assert is_group(folder)
    assert allowance([folder], what).amount == pytest.approx(amount)


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("memory.max", "plenty", "memory"),
        ("memory.limit_in_bytes", "", "memory"),
        ("cpu.max", "100000", "cores"),
        ("cpu.max", "\u0663 100000", "cores"),
        ("cpuset.cpus.effective", "0-", "cores"),
    ],
)
def test_a_limit_that_cannot_be_read_is_no_limit_at_all(
    name: str, text: str, what: str, tmp_path: Path
) -> None:
    folder = group(tmp_path / "group")
    (folder / name).write_text(text)
    with pytest.raises(LookError, match="holds no number") as raised:
        allowance([folder], what)
    assert raised.value.unavailable.cause is Cause.LOCAL


def test_a_limit_that_this_run_may_not_read_is_unknown(tmp_path: Path) -> None:
    folder = group(tmp_path / "group")
    (folder / "memory.max").mkdir()
    with pytest.raises(LookError, match=r"memory\.max: Is a directory"):
        allowance([folder], "memory")


def test_a_folder_of_no_group_is_none(tmp_path: Path) -> None:
    assert not is_group(tmp_path)
    assert not is_group(tmp_path / "none")
    (tmp_path / "memory.max").touch()
    assert is_group(tmp_path)
