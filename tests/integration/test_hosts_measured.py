"""Hosts that nobody enters: what Prometheus knows of them, and what it does not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins.prometheus import Prometheus as StandIn, Told
from pytest_readiness.probes.hosts import commands, opened
from pytest_readiness.probes.look import Look, LookError
from pytest_readiness.probes.python import Python
from pytest_readiness.target.blocks import (
    HostBlock,
    PrometheusBlock,
    PythonBlock,
    Resources,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def measured(server: StandIn, preset: str = "node") -> PythonBlock:
    """Give the table of an interpreter on a host by metrics."""
    settings = {"backend": "metrics", "preset": preset, "select": 'job="engine"'}
    block = PythonBlock(interpreter=Path(sys.executable), host="engine")
    found = Resources(
        python=block,
        hosts={"engine": HostBlock.model_validate(settings)},
        prometheus=PrometheusBlock(url=f"http://127.0.0.1:{server.port}"),
    )
    assert found.python is not None
    return found.python


def look() -> Look:
    return Look("engine", 10.0)


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
