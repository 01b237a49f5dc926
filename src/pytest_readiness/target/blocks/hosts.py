"""``[target.NAME.hosts.HOST]``: other machines, and how they are looked at.

A resource that stands on one of them names it: ``host = "HOST"``. What names none is
looked at on the machine that the run is on.
"""

import shlex
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import PrivateAttr, model_validator

from pytest_readiness.target.blocks.block import (
    FilePath,
    Host,
    Port,
    ResourceBlock,
    Text,
    refuse,
)
from pytest_readiness.target.blocks.prometheus import (
    Matchers,
    PresetName,
    PrometheusBlock,
)
from pytest_readiness.target.values import listed, near

__all__ = ["HostBlock", "OnHost", "place"]

Backend = Literal["local", "ssh", "docker", "kubectl", "metrics"]

_NEEDS: Mapping[Backend, tuple[str, ...]] = {
    "local": (),
    "ssh": ("address",),
    "docker": ("container",),
    "kubectl": ("pod",),
    "metrics": ("preset", "select"),
}
_MAY: Mapping[Backend, tuple[str, ...]] = {
    "local": (),
    "ssh": ("port", "user", "key_file", "known_hosts", "host_keys", "config"),
    "docker": ("user",),
    "kubectl": ("container", "namespace", "context", "kubeconfig"),
    "metrics": (),
}
_OF_ALL = frozenset({"backend", "timeout", "retries"})


class HostBlock(ResourceBlock):
    """One host; which keys it has depends on its ``backend``."""

    backend: Backend
    """``local``, ``ssh``, ``docker``, ``kubectl``, or ``metrics``: by Prometheus."""
    address: Host | None = None
    """Of ssh: name or address, or a name that the configuration file knows."""
    port: Port = 22
    """Of ssh: the port."""
    user: Text | None = None
    """Of ssh and docker: the user."""
    key_file: FilePath | None = None
    """Of ssh: the private key, without a passphrase or held by an agent."""
    known_hosts: FilePath | None = None
    """Of ssh: the host keys that are known; else the user's and the system's."""
    host_keys: Literal["known", "new"] = "known"
    """Of ssh: ``known`` takes only known keys, ``new`` learns those of new hosts."""
    config: FilePath | None = None
    """Of ssh: its configuration file, for jump hosts and the like."""
    container: Text | None = None
    """Of docker: the container. Of kubectl: which of the pod's containers."""
    pod: Text | None = None
    """Of kubectl: the pod, or ``deployment/NAME``."""
    namespace: Text | None = None
    """Of kubectl: where the pod is."""
    context: Text | None = None
    """Of kubectl: the context of its configuration."""
    kubeconfig: FilePath | None = None
    """Of kubectl: its configuration file."""
    preset: PresetName | None = None
    """Of metrics: the exporter that measures the host."""
    select: Matchers | None = None
    """Of metrics: the labels that choose this host's series."""

    _prometheus: PrometheusBlock | None = PrivateAttr(default=None)

    @property
    def prometheus(self) -> PrometheusBlock | None:
        """The target's Prometheus, which a host by metrics is looked at through."""
        return self._prometheus

    @model_validator(mode="after")
    def _of_one_backend(self) -> Self:
        needs, may = _NEEDS[self.backend], _MAY[self.backend]
        missing = [name for name in needs if getattr(self, name) is None]
        if missing:
            what = f"misses {', '.join(missing)}"
            raise refuse(what, f"the backend {self.backend} needs {listed(needs)}")
        given = self.model_fields_set - _OF_ALL
        foreign = sorted(given - {*needs, *may})
        if foreign:
            known = listed([*needs, *may]) if needs or may else "nothing more"
            what = f"sets {', '.join(foreign)}"
            raise refuse(what, f"the backend {self.backend} has {known}")
        for name in ("address", "user", "container", "pod", "namespace", "context"):
            if str(getattr(self, name) or "").startswith("-"):
                # The program would take it for an option.
                raise refuse("begins with a hyphen", "give the bare name", key=name)
        if self.context is not None and shlex.quote(self.context) != self.context:
            # testinfra puts it between quotation marks of its own.
            what = "holds a character that would need quoting"
            raise refuse(what, "give the context a plain name", key="context")
        return self


class OnHost(ResourceBlock):
    """A resource that may stand on another host than the run."""

    host: Text | None = None
    """The host of ``[target.NAME.hosts]`` that it stands on; else this one."""

    _backend: HostBlock | None = PrivateAttr(default=None)
    _problem: str = PrivateAttr(default="")

    @property
    def backend(self) -> HostBlock | None:
        """The host's table; none is this machine."""
        return self._backend

    @property
    def problem(self) -> str:
        """Why the host's table is not there, where it is not."""
        return self._problem


def place(
    resources: Mapping[str, object],
    hosts: Mapping[str, HostBlock],
    prometheus: PrometheusBlock | None,
    unresolved: Mapping[str, str],
) -> None:
    """Let resources know the hosts that they name, and hosts their Prometheus.

    Raises:
        PydanticCustomError: there is no such host, or no Prometheus.
    """
    for host in hosts.values():
        host._prometheus = prometheus  # noqa: SLF001  # set here and nowhere else
        absent = prometheus is None and "prometheus" not in unresolved
        if host.backend == "metrics" and absent:
            what = "has a host that is seen by metrics, and no Prometheus"
            raise refuse(what, "add [target.NAME.prometheus]", key="hosts")
    for name, block in resources.items():
        if not isinstance(block, OnHost) or block.host is None:
            continue
        lost = unresolved.get(f"hosts.{block.host}", "")
        if block.host not in hosts and not lost:
            meant = near(block.host, hosts)
            remedy = f"did you mean `{meant}`?" if meant else "add its table to hosts"
            raise refuse("is on a host that is not in hosts", remedy, key=name)
        block._backend = hosts.get(block.host)  # noqa: SLF001  # as above
        block._problem = lost  # noqa: SLF001  # as above
