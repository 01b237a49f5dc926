"""Hosts by each backend: the same facts, and a reason wherever there are none.

ssh is Debian's own, against its own server on loopback. Docker and Kubernetes cannot
run here: programs of their names stand in, which take the command lines and give the
messages of the real ones, and run what they are given on this machine.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.prometheus import Prometheus as StandIn, Told
from pytest_readiness.demo.standins.python import hanging_python
from pytest_readiness.errors import ConfigError
from pytest_readiness.probes.dependencies import Dependencies
from pytest_readiness.probes.hosts import Host, commands, opened
from pytest_readiness.probes.hosts.commanded import Here
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.machine import Machine
from pytest_readiness.probes.python import Python
from pytest_readiness.target.blocks import (
    DependenciesBlock,
    HostBlock,
    MachineBlock,
    PrometheusBlock,
    PythonBlock,
    Resources,
)
from tests.integration.conftest import find, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 10.0
THIS = Version(".".join(map(str, sys.version_info[:3])))


def on(
    settings: dict[str, Any],
    interpreter: Path | str = sys.executable,
    prometheus: PrometheusBlock | None = None,
    **python: Any,
) -> PythonBlock:
    """Give the table of an interpreter on a host."""
    block = PythonBlock.model_validate(
        {"interpreter": Path(interpreter), "host": "engine", **python}
    )
    host = HostBlock.model_validate(settings)
    resources = Resources(python=block, hosts={"engine": host}, prometheus=prometheus)
    assert resources.python is not None
    return resources.python


def look(timeout: float = LIMIT) -> Look:
    return Look("engine", timeout)


def unreachable(settings: dict[str, Any], timeout: float = LIMIT) -> Unavailable:
    """Give the reason why a host cannot be looked at: the same for every fact."""
    began = time.monotonic()
    facts = Python.gather(on(settings), look(timeout))
    assert time.monotonic() - began < timeout + 0.7
    nothing = facts.version.value
    assert isinstance(nothing, Unavailable)
    assert facts.exists.value == facts.answers.value == facts.isolated.value == nothing
    assert nothing.cause is Cause.LOCAL
    return nothing


# --------------------------------------------------------------------------------- ssh


@dataclass(frozen=True)
class Sshd:
    """A server of this user's own on loopback."""

    port: int
    folder: Path

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Give a host's table, with changes."""
        given = {
            "backend": "ssh",
            "address": "127.0.0.1",
            "port": self.port,
            "key_file": self.folder / "client",
            "known_hosts": self.folder / "known_hosts",
            **changes,
        }
        return {name: value for name, value in given.items() if value is not None}


SSHD = """
ListenAddress 127.0.0.1:{port}
HostKey {folder}/server
AuthorizedKeysFile {folder}/client.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
"""


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    folder, port = tmp_path_factory.mktemp("ssh server"), free_port()
    program, keygen = find("sshd", "usr/sbin"), find("ssh-keygen")
    for name in ("server", "client", "stranger"):
        key(keygen, folder / name)
    key(keygen, folder / "locked", "a passphrase")
    public = (folder / "server.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}")
    # sshd splits these settings at spaces.
    plain = tmp_path_factory.mktemp("sshd")
    for name in ("server", "client.pub"):
        shutil.copy2(folder / name, plain / name)
    (plain / "config").write_text(SSHD.format(port=port, folder=plain))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with running([program, "-D", "-e", "-f", plain / "config"], plain / "log", port):
        yield Sshd(port, folder)


def key(keygen: Path, path: Path, passphrase: str = "") -> None:
    command = [keygen, "-q", "-t", "ed25519", "-N", passphrase, "-f", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


# -------------------------------------------------------------- docker and Kubernetes

DOCKER = """#!/bin/sh
[ "$1" = exec ] || { echo "unknown command: $*" >&2; exit 1; }
shift
if [ "$1" = -u ]; then
  [ "$2" = nobody ] || { echo "unable to find user $2" >&2; exit 126; }
  shift 2
fi
name=$1; shift
case $name in
engine) exec "$@" ;;
hangs) exec sleep 60 ;;
stopped) echo "Error response from daemon: container 3c4d is not running" >&2; exit 1 ;;
bare) echo 'OCI runtime exec failed: exec failed: unable to start container process:' \\
  'exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown' >&2; exit 127 ;;
*) echo "Error response from daemon: No such container: $name" >&2; exit 1 ;;
esac
"""
KUBECTL = """#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
  -n) namespace=$2; shift 2 ;;
  -c) container=$2; shift 2 ;;
  --context=*) context=${1#--context=}; shift ;;
  exec) shift; break ;;
  *) echo "error: unknown flag: $1" >&2; exit 1 ;;
  esac
done
pod=$1; shift
[ "$1" = -- ] || { echo "error: no command" >&2; exit 1; }
shift
[ "$KUBECONFIG" = /etc/kube/config ] || {
  echo "The connection to the server localhost:8080 was refused" >&2; exit 1; }
[ "$context" = production ] || {
  echo "error: context \\"$context\\" does not exist" >&2; exit 1; }
[ "$namespace" = trading ] || { echo 'Error from server (Forbidden): pods "gateway"' \\
  'is forbidden: User "ci" cannot create resource "pods/exec"' >&2; exit 1; }
[ "$pod" = deployment/gateway ] || {
  echo "Error from server (NotFound): pods \\"$pod\\" not found" >&2; exit 1; }
[ "$container" = gateway ] || {
  echo "error: container $container is not valid for pod gateway" >&2; exit 1; }
exec "$@"
"""
ENGINE = {"backend": "docker", "container": "engine", "user": "nobody"}
GATEWAY = {
    "backend": "kubectl",
    "pod": "deployment/gateway",
    "container": "gateway",
    "namespace": "trading",
    "context": "production",
    "kubeconfig": Path("/etc/kube/config"),
}


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put programs first on PATH; give their folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder, "docker", DOCKER)
    program(folder, "kubectl", KUBECTL)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


# ---------------------------------------------------------------- the same everywhere


@pytest.fixture(params=["this machine", "local", "ssh", "docker", "kubectl"])
def host(request: pytest.FixtureRequest) -> Host:
    """Give this machine, by each way that leads to it."""
    kind = str(request.param)
    if kind == "this machine":
        return Here()
    if kind == "ssh":
        settings = request.getfixturevalue("sshd").settings()
    else:
        request.getfixturevalue("programs")
        known = {"local": {"backend": "local"}, "docker": ENGINE, "kubectl": GATEWAY}
        settings = known[kind]
    return opened(on(settings), look())


def test_processors_memory_and_disk_are_those_of_the_machine(
    host: Host, tmp_path: Path
) -> None:
    assert 0 < host.cores(look()) <= (os.cpu_count() or 1)
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < host.memory(look()) <= total * 1.01
    disk, seen = host.disk(str(tmp_path), look()), os.statvfs(tmp_path)
    assert disk.size == pytest.approx(seen.f_blocks * seen.f_frsize, rel=0.01)
    assert 0 < disk.free <= disk.size
    assert str(tmp_path).startswith(disk.mount)


def test_ports_that_are_listened_on_are_seen(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port in host.listening(look())
    assert port not in host.listening(look())


def test_files_are_read_as_they_are(host: Host, tmp_path: Path) -> None:
    path = tmp_path / "it's a $(file) \u2603"
    path.write_text("äöü\n" * 10)
    assert host.read(str(path), look()) == "äöü\n" * 10
    assert host.read(str(tmp_path / "none"), look()) is None
    assert host.absence(str(path), look()) == ""
    assert host.absence(str(tmp_path), look()) == f"{tmp_path}: not a file"
    none = host.absence(str(tmp_path / "none"), look())
    assert none == f"{tmp_path / 'none'}: No such file or directory"


def test_a_long_file_is_read_in_part(host: Host, tmp_path: Path) -> None:
    (tmp_path / "long").write_text("x" * 3_000_000)
    assert len(host.read(str(tmp_path / "long"), look()) or "") == 1_000_000


SYSTEMCTL = """#!/bin/sh
for unit; do :; done
case $unit in
engine.service) printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\n'
  printf 'Result=success\\nNRestarts=2\\n' ;;
broken.service) echo "Failed to connect to bus" >&2; exit 1 ;;
*) printf 'LoadState=not-found\\nActiveState=inactive\\n' ;;
esac
"""


@pytest.mark.parametrize("kind", ["this machine", "local"])
def test_units_are_told_in_systemds_words(kind: str, programs: Path) -> None:
    program(programs, "systemctl", SYSTEMCTL)
    host = (
        Here() if kind == "this machine" else opened(on({"backend": "local"}), look())
    )
    unit = host.unit("engine.service", look())
    assert (unit.active, unit.sub, unit.result, unit.restarts) == (
        *("active", "running", "success"),
        2,
    )
    for name, words in {
        "absent.service": "there is no unit absent.service",
        "broken.service": "systemctl ended with 1: Failed to connect to bus",
        "a b": "it is no name of a unit",
        "-x": "it is no name of a unit",
    }.items():
        with pytest.raises(LookError, match=words) as caught:
            host.unit(name, look())
        assert caught.value.unavailable.cause is Cause.LOCAL


def test_a_program_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LookError, match="systemctl is not there on this host"):
        Here().unit("a.service", look())


@pytest.mark.parametrize("path", ["relative", "/a\nb", "-rf"])
def test_only_absolute_paths_are_looked_at(path: str) -> None:
    with pytest.raises(LookError, match="it is no absolute path"):
        commands.head(path, 10)


# ----------------------------------------------------------------- an interpreter there


@pytest.mark.parametrize("kind", ["local", "ssh", "docker", "kubectl"])
def test_an_interpreter_is_asked_where_it_is(
    kind: str, sshd: Sshd, programs: Path, tmp_path: Path
) -> None:
    assert programs
    venv.create(tmp_path / "venv", symlinks=True)
    settings = {
        "local": {"backend": "local"},
        "ssh": sshd.settings(),
        "docker": ENGINE,
        "kubectl": GATEWAY,
    }[kind]
    interpreter = tmp_path / "venv/bin/python"
    block = on(settings, interpreter)
    facts = Python.gather(block, look())
    assert Python.source(block) == f"{kind} engine:{interpreter}"
    assert (facts.exists.value, facts.answers.value) == (True, True)
    assert facts.version.value == THIS
    assert facts.isolated.value is True
    missing = Python.gather(on(settings, tmp_path / "none"), look())
    assert (missing.exists.value, missing.answers.value) == (False, False)
    contained = Python.gather(on(settings, interpreter, isolation="container"), look())
    assert contained.isolated.value == bool(
        Path("/.dockerenv").exists()
        or "overlay" in Path("/proc/mounts").read_text()[:20]
    )


@pytest.mark.parametrize("kind", ["local", "ssh", "docker", "kubectl"])
def test_the_machine_and_its_packages_are_seen_where_they_are(
    kind: str, sshd: Sshd, programs: Path, tmp_path: Path
) -> None:
    assert programs
    settings = {"local": {"backend": "local"}, "docker": ENGINE, "kubectl": GATEWAY}
    settings["ssh"] = sshd.settings()
    machine = MachineBlock(path=tmp_path, replicas=2, host="engine")
    packages = DependenciesBlock(
        interpreter=Path(sys.executable), requirements=(), host="engine"
    )
    hosts = {"engine": HostBlock.model_validate(settings[kind])}
    found = Resources(machine=machine, dependencies=packages, hosts=hosts)
    seen = Machine.gather(found.machine, look())
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < seen.memory.value <= 2 * total * 1.01
    assert 0 < seen.cores.value <= 2 * (os.cpu_count() or 1)
    size = os.statvfs(tmp_path)
    assert seen.storage.value == pytest.approx(size.f_blocks * size.f_frsize, rel=0.01)
    assert (seen.storage.unit, seen.memory.detail) == ("bytes", "2 replicas")
    assert Machine.source(found.machine) == f"{kind} engine, {tmp_path}"
    listed = Dependencies.gather(found.dependencies, look(30.0))
    here = Dependencies.gather(
        DependenciesBlock(interpreter=Path(sys.executable)), look()
    )
    assert listed.conflicts.value == here.conflicts.value
    assert listed.conflicts.detail == here.conflicts.detail


@pytest.mark.parametrize("kind", ["ssh", "docker"])
def test_an_interpreter_that_hangs_does_not_answer_and_is_ended(
    kind: str, sshd: Sshd, programs: Path, tmp_path: Path
) -> None:
    assert programs
    settings = sshd.settings() if kind == "ssh" else ENGINE
    path = hanging_python(tmp_path)
    facts = Python.gather(on(settings, path), look(2.0))
    assert (facts.exists.value, facts.answers.value) == (True, False)
    assert facts.answers.detail == "no answer within 2 s"
    over = time.monotonic() + 10
    while runs(str(path)):
        assert time.monotonic() < over, "it still runs on the host"
        time.sleep(0.1)


def runs(words: str) -> bool:
    """Whether a process has these words among its own."""
    found = False
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = entry.read_bytes().split(b"\0")
            found |= words.encode() in line and int(entry.parent.name) != os.getpid()
    return found


def test_what_metrics_know_of_an_interpreter_is_its_version() -> None:
    with StandIn() as server:
        block = measured(server)
        server.tell('python_info{job="engine"}', Told({"version": "3.11.7"}, 1.0))
        facts = Python.gather(block, look())
        assert (facts.exists.value, facts.answers.value) == (True, True)
        assert facts.version.value == Version("3.11.7")
        assert facts.version.detail.startswith("Python 3.11 is supported until")
        assert isinstance(facts.isolated.value, Unavailable)
        server.tell('python_info{job="engine"}', Told({"version": "new"}, 1.0))
        nothing = Python.gather(block, look()).version.value
        assert nothing == Unavailable("python_info tells no version", Cause.LOCAL)


# ---------------------------------------------------------------------------- measured


def measured(server: StandIn, preset: str = "node") -> PythonBlock:
    settings = {"backend": "metrics", "preset": preset, "select": 'job="engine"'}
    prometheus = PrometheusBlock(url=f"http://127.0.0.1:{server.port}")
    return on(settings, prometheus=prometheus)


def test_metrics_tell_processors_memory_disk_and_units() -> None:
    with StandIn() as server:
        block = measured(server)
        asked = PrometheusBlock(url="https://p", presets={"node": 'job="engine"'}).asked
        server.tell(asked["cpu-cores"].promql, Told({}, 8.0))
        server.tell(asked["memory-total"].promql, Told({}, 16e9))
        mounts = {"/": 100e9, "/srv": 500e9}
        told = [Told({"mountpoint": m}, size) for m, size in mounts.items()]
        server.tell(asked["disk-total"].promql, *told)
        used = [Told({"mountpoint": m}, 0.25) for m in mounts]
        server.tell(asked["disk-used"].promql, *used)
        unit = 'node_systemd_unit_state{name="engine.service",job="engine"} == 1'
        server.tell(unit, Told({"state": "active"}, 1.0))
        host = opened(block, look())
        assert (host.cores(look()), host.memory(look())) == (8.0, 16_000_000_000)
        disk = host.disk("/srv/engine", look())
        assert (disk.mount, disk.size, disk.free) == ("/srv", 500e9, 375e9)
        assert host.disk("/srvx", look()).mount == "/"
        assert host.unit("engine.service", look()).active == "active"


def test_what_metrics_do_not_tell_is_named() -> None:
    with StandIn() as server:
        host = opened(measured(server), look())
        asked = PrometheusBlock(url="https://p", presets={"node": 'job="engine"'}).asked
        two = (Told({"instance": "a"}, 1.0), Told({"instance": "b"}, 1.0))
        server.tell(asked["cpu-cores"].promql, *two)
        server.tell(asked["memory-total"].promql, Told({}, 1.0, age=290.0))
        reasons: dict[str, Callable[[], object]] = {
            "has 2 series of cpu-cores: select one host": lambda: host.cores(look()),
            "has no disk-total: no series": lambda: host.disk("/", look()),
            "tells nothing of ports": lambda: host.listening(look()),
            "tells nothing of /etc/x": lambda: host.read("/etc/x", look()),
            "tells nothing of /bin/x": lambda: host.absence("/bin/x", look()),
            "runs no echo": lambda: host.output(commands.echo(), look()),
            "it is no name of a unit": lambda: host.unit('a"b', look()),
            "has no unit: no series": lambda: host.unit("a", look()),
        }
        for words, ask in reasons.items():
            with pytest.raises(LookError) as caught:
                ask()
            assert words in caught.value.unavailable.reason
            assert caught.value.unavailable.cause is Cause.LOCAL
        postgres = opened(measured(server, "postgres"), look())
        with pytest.raises(LookError, match="has no cpu-cores by the preset postgres"):
            postgres.cores(look())


def test_a_prometheus_that_is_down_leaves_its_hosts_unknown() -> None:
    with StandIn() as server:
        block = measured(server)
    nothing = Python.gather(block, look()).version.value
    assert isinstance(nothing, Unavailable)
    assert nothing.reason == "connection refused"


# ------------------------------------------------------------------------- unreachable


@pytest.mark.parametrize(
    ("changes", "words", "remedy"),
    [
        ({"key_file": "stranger"}, "Permission denied", "check user and key_file"),
        ({"key_file": "locked"}, "Permission denied", "a passphrase needs an agent"),
        ({"known_hosts": "none"}, "Host key verification failed.", "add the host's"),
        ({"known_hosts": "other"}, "Host key verification failed.", "add the host's"),
        ({"user": "no-such-user"}, "Permission denied", "check user and key_file"),
        ({"user": "a:b"}, "Permission denied", "check user and key_file"),
    ],
    ids=str,
)
def test_a_host_that_lets_nobody_in_says_why_and_asks_nothing(
    changes: dict[str, str], words: str, remedy: str, sshd: Sshd, tmp_path: Path
) -> None:
    stranger = (sshd.folder / "stranger.pub").read_text()
    (tmp_path / "other").write_text(f"[127.0.0.1]:{sshd.port} {stranger}")
    places = {"key_file": sshd.folder, "known_hosts": tmp_path}
    given = {k: places[k] / v if k in places else v for k, v in changes.items()}
    nothing = unreachable(sshd.settings(**given))
    assert nothing.reason.startswith("ssh engine cannot be looked at: ")
    assert words in nothing.reason
    assert remedy in nothing.remedy
    assert not (tmp_path / "none").exists()


def test_a_new_hosts_key_is_learnt_where_the_target_says_so(
    sshd: Sshd, tmp_path: Path
) -> None:
    known = tmp_path / "learnt"
    settings = sshd.settings(known_hosts=known, host_keys="new")
    assert Python.gather(on(settings), look()).answers.value is True
    assert (sshd.folder / "server.pub").read_text().split()[1] in known.read_text()


def test_nothing_of_ssh_stays_behind(sshd: Sshd) -> None:
    Python.gather(on(sshd.settings()), look())
    assert not runs("-oBatchMode=yes")


def test_a_configuration_file_is_obeyed(sshd: Sshd, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"Host gate\n  HostName 127.0.0.1\n  HostKeyAlias [127.0.0.1]:{sshd.port}\n"
    )
    settings = sshd.settings(address="gate", config=config)
    assert Python.gather(on(settings), look()).answers.value is True


def test_ports_that_are_no_ssh_are_named_in_time() -> None:
    find("ssh")

    def settings(port: int) -> dict[str, Any]:
        there = {"address": "127.0.0.1", "port": port, "timeout": "1s"}
        return {"backend": "ssh", **there}

    with hostile.refuses() as port:
        assert "Connection refused" in unreachable(settings(port)).reason
    with hostile.hangs() as server:
        reason = unreachable(settings(server.port), 4.0).reason
        assert "no answer within 1 s" in reason or "timed out" in reason
    with hostile.black_holes() as port:
        reason = unreachable(settings(port), 4.0).reason
        assert "no answer within 1 s" in reason or "timed out" in reason
    with hostile.talks_nonsense() as server:
        assert unreachable(settings(server.port)).reason


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({**ENGINE, "container": "other"}, "No such container: other"),
        ({**ENGINE, "container": "stopped"}, "is not running"),
        ({**ENGINE, "container": "bare"}, "stat /bin/sh: no such file or directory"),
        ({**ENGINE, "user": "somebody"}, "unable to find user somebody"),
        ({**ENGINE, "container": "hangs", "timeout": "1s"}, "no answer within 1 s"),
        ({**GATEWAY, "pod": "other"}, '(NotFound): pods "other" not found'),
        ({**GATEWAY, "namespace": "shop"}, "cannot create resource"),
        ({**GATEWAY, "container": "side"}, "container side is not valid"),
        ({**GATEWAY, "context": "else"}, 'context "else" does not exist'),
        ({**GATEWAY, "kubeconfig": Path("/none")}, "localhost:8080 was refused"),
    ],
    ids=lambda one: one if isinstance(one, str) else one["backend"],
)
def test_a_container_that_cannot_be_entered_says_why(
    settings: dict[str, Any], words: str, programs: Path
) -> None:
    assert programs
    nothing = unreachable(settings)
    name = f"{settings['backend']} engine"
    assert nothing.reason.startswith(f"{name} cannot be looked at: ")
    assert words in nothing.reason


def test_the_real_docker_without_its_daemon_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("docker") is None:
        pytest.skip("docker is not installed here")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    nothing = unreachable({"backend": "docker", "container": "engine"})
    assert "docker daemon" in nothing.reason.lower()


@pytest.mark.parametrize("tool", ["ssh", "docker", "kubectl"])
def test_a_tool_that_is_not_installed_is_named(
    tool: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = {"ssh": {"backend": "ssh", "address": "a"}, "docker": ENGINE}
    nothing = unreachable(settings.get(tool, GATEWAY))
    assert nothing.reason == f"{tool} is not installed on this machine"


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("testinfra")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "testinfra", None)
    nothing = unreachable({"backend": "local"})
    assert nothing.reason.endswith("testinfra is not installed")
    assert nothing.remedy == "pip install 'pytest-readiness[hosts]'"


def test_what_a_host_is_sent_is_planned(sshd: Sshd) -> None:
    block = on(sshd.settings(), "/srv/python")
    shown = [(one.where, one.what.split(" ")[0]) for one in Python.looks(block) or ()]
    assert ("ssh engine", "echo") in shown
    assert ("ssh engine", "ls") in shown
    assert ("ssh engine", "/srv/python") in shown
    assert {where for where, _ in shown} == {"ssh engine"}


def test_a_host_is_needed_for_its_name() -> None:
    with pytest.raises((ConfigError, ValueError), match="is on a host that is not in"):
        Resources(python=PythonBlock(interpreter=Path("/p"), host="other"))
