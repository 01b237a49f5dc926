"""This machine, and this machine seen from within real control groups."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo import box
from pytest_readiness.demo.standins import hostile
from pytest_readiness.probes.cgroup import own_groups
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.machine import Machine
from pytest_readiness.target.blocks import HostBlock, MachineBlock, Resources
from tests.integration.conftest import find

if TYPE_CHECKING:
    from collections.abc import Iterator

_MB = 1_000_000


def see(path: Path = Path("/"), **more: object) -> Machine:
    block = MachineBlock(**{"path": path, **more})
    return Machine.gather(block, Look(Machine.source(block), 5.0))


def why(facts: Machine, name: str) -> Unavailable:
    value = getattr(facts, name).value
    assert isinstance(value, Unavailable)
    return value


# ------------------------------------------------------------------------- good targets


def test_this_machine_is_seen_as_its_own_tools_see_it(tmp_path: Path) -> None:
    facts = see(tmp_path)
    command = [find("df"), "-B1", "--output=size", tmp_path]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert facts.storage.value == int(told.stdout.split()[-1])
    meminfo = Path("/proc/meminfo").read_text().split()
    total = int(meminfo[meminfo.index("MemTotal:") + 1]) * 1024
    assert 0 < facts.memory.otherwise(0) <= total
    assert 0 < facts.cores.otherwise(0) <= (os.cpu_count() or 0)
    assert "the machine has" in facts.memory.detail
    assert (facts.memory.unit, facts.cores.unit) == ("bytes", "cores")


def test_replicas_are_added_up_but_not_their_storage() -> None:
    one, three = see(), see(replicas=3)
    assert three.memory.value == 3 * one.memory.otherwise(0)
    assert three.cores.value == 3 * one.cores.otherwise(0)
    assert three.storage.value == one.storage.value
    assert three.memory.detail.startswith("3 replicas of ")


# -------------------------------------------------------------------------- bad targets


def test_a_declared_groups_limits_go_before_the_machines(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text(f"{500 * _MB}\n")
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    facts = see(cgroup=[tmp_path])
    assert (facts.memory.value, facts.cores.value) == (500 * _MB, 0.5)
    assert facts.memory.detail.startswith(f"{tmp_path}/memory.max; the machine has ")


def test_a_limit_above_what_there_is_gives_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (tmp_path / "cpu.max").write_text("99900000 100000\n")
    facts = see(cgroup=[tmp_path])
    assert facts.memory.value == psutil.virtual_memory().total
    assert facts.cores.value == psutil.cpu_count()


@contextlib.contextmanager
def real_group(controller: str, **files: str) -> Iterator[Path]:
    """Make a control group below this process's own, where that is allowed."""
    own = [path for path in own_groups(Path("/")) if controller in path.parts]
    folder = (own[0] if own else Path("/sys/fs/cgroup")) / f"readiness-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    try:
        for name, text in files.items():
            (folder / name.replace("__", ".")).write_text(text)
        yield folder
    except OSError as error:
        pytest.skip(f"the control group cannot be limited here: {error}")
    finally:
        folder.rmdir()


SEE = (
    "from pathlib import Path\n"
    "from pytest_readiness.probes.look import Look\n"
    "from pytest_readiness.probes.machine import Machine\n"
    "from pytest_readiness.target.blocks import MachineBlock\n"
    "facts = Machine.gather(MachineBlock(path=Path('/')), Look('x', 5.0))\n"
    "print(facts.memory.value)"
)
LIMIT = 1 << 29


@pytest.mark.parametrize("name", ["memory__limit_in_bytes", "memory__max"])
def test_a_process_in_a_limited_group_sees_its_limit(name: str) -> None:
    """Start one whose group the kernel limits: it finds that out by itself."""
    with real_group("memory", **{name: str(LIMIT)}) as folder:
        said = subprocess.run(
            [
                *("/bin/sh", "-c", 'echo $$ >"$1/cgroup.procs"; exec "$2" -c "$3"'),
                *("sh", str(folder), sys.executable, SEE),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        assert see(cgroup=[folder]).memory.value == LIMIT
    assert int(said.stdout) == LIMIT


# ------------------------------------------------------------------------- other hosts


def elsewhere(settings: dict[str, object], **more: object) -> Machine:
    """See a machine by a backend."""
    block = MachineBlock.model_validate({"path": Path("/"), "host": "engine", **more})
    hosts = {"engine": HostBlock.model_validate(settings)}
    resources = Resources(machine=block, hosts=hosts)
    assert resources.machine is not None
    source = Machine.source(resources.machine)
    return Machine.gather(resources.machine, Look(source, 20.0))


def test_another_host_tells_the_same() -> None:
    here, there = see(), elsewhere({"backend": "local"})
    assert there.storage.otherwise(0) == pytest.approx(here.storage.value, rel=1e-4)
    assert there.memory.otherwise(0) >= here.memory.otherwise(0)
    assert there.cores.otherwise(0) >= here.cores.otherwise(0)
    assert there.memory.source == "local engine, /"


def test_a_host_that_is_not_reached_leaves_all_unknown() -> None:
    with hostile.refuses() as port:
        facts = elsewhere({"backend": "ssh", "address": "127.0.0.1", "port": port})
    assert why(facts, "memory") == why(facts, "cores") == why(facts, "storage")
    assert why(facts, "memory").cause is Cause.LOCAL
    assert "ssh" in why(facts, "memory").reason


# ------------------------------------------------------------- what cannot be looked at


def test_a_folder_that_is_no_group_says_so(tmp_path: Path) -> None:
    facts = see(cgroup=[tmp_path / "none"])
    assert "is no control group on this host" in why(facts, "memory").reason
    assert why(facts, "cores").cause is Cause.LOCAL
    assert facts.storage.available


def test_a_path_that_is_not_there_takes_the_others_not_along(tmp_path: Path) -> None:
    facts = see(tmp_path / "none")
    assert why(facts, "storage").reason == f"there is no {tmp_path / 'none'}"
    assert facts.memory.available
    assert facts.cores.available


def test_what_the_system_refuses_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(psutil, "disk_usage", refuse)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical: None if logical else 0)
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: (_ for _ in ()).throw(OSError)
    )
    facts = see()
    assert why(facts, "storage").reason == "Permission denied"
    assert why(facts, "cores").reason == "the machine does not tell its processors"
    assert why(facts, "memory").reason == "OSError"


def test_what_is_read_is_said_beforehand(tmp_path: Path) -> None:
    planned = {look.what for look in Machine.looks(MachineBlock(path=tmp_path))}
    assert {"/proc/meminfo", "/proc/self/cgroup", str(tmp_path)} <= planned
    block = MachineBlock(path=tmp_path, cgroup=(tmp_path / "group",))
    assert str(tmp_path / "group") in {look.what for look in Machine.looks(block)}


# ------------------------------------------------------------------- the demo's own box


def test_what_a_smaller_box_lacks_is_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "cpu_count", lambda **_: 2)
    facts = see(tmp_path)
    lacking = box.loosened(tmp_path)
    assert lacking["min_cores"] == facts.cores.value
    assert set(lacking) <= {"min_memory", "min_cores", "min_storage"}
    assert box.is_smaller_box()


def test_a_machine_that_meets_the_floors_lacks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plenty = type("Plenty", (), {"total": 10**12})
    monkeypatch.setattr(psutil, "cpu_count", lambda **_: 64)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: plenty)
    monkeypatch.setattr(psutil, "disk_usage", lambda _: plenty)
    monkeypatch.setattr("pytest_readiness.probes.machine.own_groups", lambda _: ())
    assert box.loosened(tmp_path) == {}
    assert not box.is_smaller_box()


def test_the_demo_is_waived_on_a_smaller_box_and_ready_on_any_other(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:randomly"),
            *("--readiness", "--readiness-target=demo"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    assert ("READY WITH WAIVERS" in done.stdout) == box.is_smaller_box()
    assert (f"{box.ITEM} (raw failed LOOSENED)" in done.stdout) == box.is_smaller_box()
