"""Hosts that nobody enters: facts from what Prometheus knows of them.

On Kubernetes or a platform this is often the only way. What no exporter measures cannot
be told this way, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.probes.hosts.host import Disk, Host, Unit, unseen
from pytest_readiness.target.blocks import PrometheusQuery
from pytest_readiness.target.presets import PRESETS, filled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.probes.hosts.commands import Command
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.prometheus.series import Series
    from pytest_readiness.target.blocks import HostBlock, PrometheusBlock

__all__ = ["SIZES", "Measured"]

SIZES = ("cpu-cores", "memory-total", "disk-total", "disk-used")
"""The facts of a preset that tell how large a host is."""

_MOUNT = ("mountpoint", "volume")
_UNITS = 'node_systemd_unit_state{{name="{}"{}}} == 1'


class Measured(Host):
    """A host by metrics."""

    def __init__(self, name: str, block: HostBlock) -> None:
        super().__init__(f"metrics {name}")
        if block.prometheus is None or block.preset is None:
            raise unseen("the target's Prometheus is not there to ask")
        self._prometheus: PrometheusBlock = block.prometheus
        self._preset = block.preset
        self._select = block.select or ""

    def output(self, command: Command, look: Look, intake: int = 0) -> NoReturn:
        """Run no program."""
        del look, intake
        raise self._mute(f"runs no {command.words[0]}")

    def absence(self, path: str, look: Look) -> NoReturn:  # noqa: ARG002  # it cannot
        """Tell of no file."""
        raise self._mute(f"tells nothing of {path}")

    def read(self, path: str, look: Look) -> NoReturn:  # noqa: ARG002  # it cannot
        """Read no file."""
        raise self._mute(f"tells nothing of {path}")

    def listening(self, look: Look) -> NoReturn:  # noqa: ARG002  # it cannot
        """Tell of no port."""
        raise self._mute("tells nothing of ports")

    def cores(self, look: Look, groups: Sequence[str] = ()) -> float:
        """Give the processors, or the container's share of them."""
        del groups  # an exporter measures one thing: the machine, or the container
        return self._number("cpu-cores", look)

    def memory(self, look: Look, groups: Sequence[str] = ()) -> int:
        """Give the memory, or the container's limit, in bytes."""
        del groups  # as above
        return round(self._number("memory-total", look))

    def disk(self, path: str, look: Look) -> Disk:
        """Give the file system that a path is on: the longest mount point before it."""
        sizes = self._mounts("disk-total", look)
        used = self._mounts("disk-used", look)
        on = [m for m in sizes if m in used and _is_under(path, m)]
        if not on:
            raise self._mute(f"measures no file system of {path}")
        mount = max(on, key=len)
        return Disk(mount, round(sizes[mount]), round(sizes[mount] * (1 - used[mount])))

    def unit(self, name: str, look: Look) -> Unit:
        """Give the state of a systemd unit, where the exporter collects them."""
        select = f",{self._select}" if self._select else ""
        if '"' in name or "\\" in name or not name.isprintable():
            raise unseen("it is no name of a unit")
        (one,) = self._ask("unit", _UNITS.format(name, select), look, one=True)
        return Unit(one.labels.get("state", ""))

    def version_of(self, metric: str, look: Look) -> str:
        """Give the label ``version`` of an info metric, such as ``python_info``."""
        promql = f"{metric}{{{self._select}}}"
        (one,) = self._ask(metric, promql, look, one=True)
        return one.labels.get("version", "")

    def _number(self, fact: str, look: Look) -> float:
        (one,) = self._ask(fact, self._of_preset(fact), look, one=True)
        return _value(one)

    def _mounts(self, fact: str, look: Look) -> dict[str, float]:
        found: dict[str, float] = {}
        for one in self._ask(fact, self._of_preset(fact), look):
            mount = next((one.labels[n] for n in _MOUNT if n in one.labels), "/")
            found[mount] = _value(one)
        return found

    def _of_preset(self, fact: str) -> str:
        known = PRESETS[self._preset].get(fact)
        if known is None:
            raise self._mute(f"has no {fact} by the preset {self._preset}")
        return filled(known, self._select)

    def _ask(
        self, name: str, promql: str, look: Look, *, one: bool = False
    ) -> tuple[Series, ...]:
        # HTTP is loaded where a host is seen this way only.
        from pytest_readiness.probes.prometheus.api import Api  # noqa: PLC0415
        from pytest_readiness.probes.prometheus.series import Query  # noqa: PLC0415

        query = Query(
            name, PrometheusQuery(promql=promql), self._prometheus.freshness, look
        )
        with Api.open(self._prometheus, look) as api:
            series = query.ask(api, api.now()).series.value
        if isinstance(series, Unavailable):
            raise self._mute(f"has no {name}: {series.reason}")
        if one and len(series) > 1:
            raise self._mute(f"has {len(series)} series of {name}: select one host")
        return series

    def _mute(self, what: str) -> Exception:
        return unseen(f"{self.source} {what}")


def _value(series: Series) -> float:
    value = series.value.value
    if isinstance(value, Unavailable):
        raise unseen(value.reason, value.remedy)
    return value


def _is_under(path: str, mount: str) -> bool:
    """Whether a path is below a mount point, or on a drive such as ``C:``."""
    return path == mount or path.startswith((mount.rstrip("/") + "/", mount + "\\"))
