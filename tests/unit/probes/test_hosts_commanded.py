"""What programs and files of a host say, as facts; control groups of both kinds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes.hosts.commanded import Commanded, Here
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.program import Ended
from pytest_readiness.probes.python import Python
from pytest_readiness.target.blocks import (
    HostBlock,
    PrometheusBlock,
    PythonBlock,
    Resources,
)

if TYPE_CHECKING:
    from pytest_readiness.probes.hosts.commands import Command

LOOK = Look("a host", 5.0)
MEMINFO = "MemTotal:       16384000 kB\nMemFree:  1 kB\n"
TCP = """\
  sl  local_address rem_address   st tx_queue
   0: 0100007F:1538 00000000:0000 0A 00000000:00000000
   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000
"""
TCP6 = "   0: 00000000000000000000000000000000:0050 0000:0000 0A 0\n"


class Told(Here):
    """A host with other files, whose programs say what a test wants."""

    def __init__(self, root: Path, **said: Ended) -> None:
        super().__init__(root)
        self._said_by = said

    def run(self, command: Command, look: Look, intake: int = 0) -> Ended:
        del look, intake
        return self._said_by.get(command.words[0], Ended(127, b"", b""))


def said(text: str, status: int = 0, errors: str = "") -> Ended:
    return Ended(status, text.encode(), errors.encode())


def write_all(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


CGROUP = "sys/fs/cgroup"


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8.0),
        ({f"{CGROUP}/cpu.max": "max 100000\n"}, 8.0),
        ({f"{CGROUP}/cpu.max": "250000 100000\n"}, 2.5),
        ({f"{CGROUP}/cpu.max": "9900000 100000\n"}, 8.0),
        ({f"{CGROUP}/cpu.max": "100000 0\n"}, 8.0),
        (
            {
                f"{CGROUP}/cpu/cpu.cfs_quota_us": "150000\n",
                f"{CGROUP}/cpu/cpu.cfs_period_us": "100000\n",
            },
            1.5,
        ),
        (
            {
                f"{CGROUP}/cpu/cpu.cfs_quota_us": "-1\n",
                f"{CGROUP}/cpu/cpu.cfs_period_us": "100000\n",
            },
            8.0,
        ),
    ],
    ids=str,
)
def test_processors_are_those_that_the_control_group_may_use(
    files: dict[str, str], cores: float, tmp_path: Path
) -> None:
    write_all(tmp_path, files)
    assert Told(tmp_path, getconf=said("8\n")).cores(LOOK) == cores


@pytest.mark.parametrize(
    ("files", "memory"),
    [
        ({}, 16_777_216_000),
        ({f"{CGROUP}/memory.max": "max\n"}, 16_777_216_000),
        ({f"{CGROUP}/memory.max": "2000000000\n"}, 2_000_000_000),
        ({f"{CGROUP}/memory/memory.limit_in_bytes": "3000000000\n"}, 3_000_000_000),
        (
            {f"{CGROUP}/memory/memory.limit_in_bytes": "9223372036854771712\n"},
            16_777_216_000,
        ),
    ],
    ids=str,
)
def test_memory_is_what_the_control_group_may_use(
    files: dict[str, str], memory: int, tmp_path: Path
) -> None:
    write_all(tmp_path, {"proc/meminfo": MEMINFO, **files})
    assert Told(tmp_path).memory(LOOK) == memory


def test_the_limits_of_every_group_above_hold_too(tmp_path: Path) -> None:
    group = f"{CGROUP}/system.slice/engine.service"
    files = {
        "proc/meminfo": MEMINFO,
        f"{CGROUP}/system.slice/memory.max": "4000000000\n",
        f"{CGROUP}/system.slice/cpu.max": "300000 100000\n",
        f"{group}/memory.max": "max\n",
        f"{group}/cpu.max": "600000 100000\n",
    }
    write_all(tmp_path, files)
    host = Told(tmp_path, getconf=said("8\n"))
    assert host.memory(LOOK, [f"/{group}"]) == 4_000_000_000
    assert host.cores(LOOK, [f"/{group}"]) == 3.0


def test_several_files_are_told_apart_by_their_headings(tmp_path: Path) -> None:
    text = "==> /a <==\n1\n==> /other <==\n\n==> /b <==\n2\n3\n"

    class Far(Told):
        read_all = Commanded.read_all

    host = Far(tmp_path, head=said(text, 1, "head: /c: No such file"))
    assert host.read_all(["/a", "/b", "/c"], LOOK) == {
        "/a": "1\n==> /other <==\n\n",
        "/b": "2\n3\n",
    }


def test_listening_ports_are_those_of_both_tables(tmp_path: Path) -> None:
    write_all(tmp_path, {"proc/net/tcp": TCP, "proc/net/tcp6": TCP6})
    assert Told(tmp_path).listening(LOOK) == {0x1538, 0x50}


def test_a_disk_is_read_from_the_last_line(tmp_path: Path) -> None:
    text = (
        "Filesystem     1024-blocks     Used Available Capacity Mounted on\n"
        "//share/a b      263896000 64000000 200000000      25% /srv/a b\n"
    )
    disk = Told(tmp_path, df=said(text)).disk("/srv/a b/c", LOOK)
    assert (disk.mount, disk.size, disk.free) == (
        *("/srv/a b", 263_896_000 * 1024),
        200_000_000 * 1024,
    )


@pytest.mark.parametrize(
    ("program", "ended", "words"),
    [
        ("df", said("nonsense\n"), "df tells no file system of /x"),
        ("df", said(""), "df tells no file system of /x"),
        ("df", said("", 1, "df: /x: No such file"), "df ended with 1: df: /x: No such"),
        ("df", said("", 127), "df is not there on this host"),
        ("df", said("", 3), "df ended with 3"),
    ],
)
def test_what_a_program_does_not_tell_is_named(
    program: str, ended: Ended, words: str, tmp_path: Path
) -> None:
    with pytest.raises(LookError, match=words):
        Told(tmp_path, **{program: ended}).disk("/x", LOOK)


def test_what_files_do_not_tell_is_named(tmp_path: Path) -> None:
    host = Told(tmp_path, getconf=said("many\n"))
    for ask, words in (
        (host.cores, "getconf tells no number"),
        (host.memory, "/proc/meminfo tells no MemTotal"),
        (host.listening, "/proc/net/tcp is not there"),
    ):
        with pytest.raises(LookError, match=words):
            ask(LOOK)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    write_all(tmp_path, {"secret": "x"})
    (tmp_path / "secret").chmod(0)
    with pytest.raises(LookError, match="this run may not read /secret"):
        Here(tmp_path).read("/secret", LOOK)


# ------------------------------------------------------------------------------- plans

PYTHON = "/srv/engine/bin/python"


def plan(isolation: str = "venv", **host: object) -> list[tuple[str, str, str]]:
    """Give what is planned for an interpreter: kind, place, and its first word."""
    block = PythonBlock.model_validate(
        {
            "interpreter": Path(PYTHON),
            "isolation": isolation,
            "host": "engine" if host else None,
        }
    )
    hosts = {"engine": HostBlock.model_validate(host)} if host else {}
    prometheus = PrometheusBlock(url="https://p")
    resources = Resources(python=block, hosts=hosts, prometheus=prometheus)
    looks = Python.looks(resources.python or block)
    return [(one.kind, one.where, one.what.split(" ")[0]) for one in looks]


def test_here_an_interpreter_is_started_and_files_are_read() -> None:
    assert plan() == [("program", "", PYTHON)] * 2
    files = [place for kind, _, place in plan("container") if kind == "file"]
    assert "/.dockerenv" in files
    assert "/proc/1/cgroup" in files


def test_elsewhere_everything_is_a_program_of_that_host() -> None:
    planned = plan("container", backend="docker", container="a")
    assert {place for _, place, _ in planned} == {"docker engine"}
    assert {word for _, _, word in planned} == {"echo", "ls", "head", PYTHON}


def test_by_metrics_one_question_is_asked() -> None:
    block = {"backend": "metrics", "preset": "node", "select": 'job="a"'}
    assert plan(**block) == [("request", "metrics engine", "GET")]
