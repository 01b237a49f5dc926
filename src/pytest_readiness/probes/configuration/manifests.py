"""Kubernetes manifests: what their containers get in their environment, and as files.

Fields by Kubernetes' API reference (``Container`` and ``PodSpec`` of ``core/v1``). What
a secret holds is not in a manifest that anybody may read: that it is set is all that
can be told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["KEPT_SECRET", "environment", "mounted_modes", "pods"]

KEPT_SECRET = "(kept in a secret)"  # noqa: S105  # stands for one
"""Stands for a value that a manifest refers to and does not show."""
_DEFAULT_MODE = 0o644
"""Of a mounted secret, where the manifest says nothing."""


def pods(documents: Sequence[Any]) -> Iterator[Mapping[str, Any]]:
    """Give every pod's ``spec``, however deep in a Deployment, CronJob or List."""
    waiting = list(documents)
    while waiting:
        one = waiting.pop()
        if is_list(one):
            waiting += one
        elif is_table(one):
            if is_list(one.get("containers")):
                yield one
            waiting += [v for v in one.values() if is_table(v) or is_list(v)]


def environment(documents: Sequence[Any], container: str | None) -> dict[str, str]:
    """Give the variables of a container, or of all of them together."""
    known = {
        (str(one.get("kind")), str(one.get("metadata", {}).get("name"))): one
        for one in _objects(documents)
    }
    found: dict[str, str] = {}
    for pod in pods(documents):
        for one in _tables(pod["containers"]):
            if container is None or one.get("name") == container:
                for source in _tables(one.get("envFrom")):
                    found |= _all_of(source, known)
                for variable in _tables(one.get("env")):
                    found[str(variable.get("name"))] = _value(variable, known)
    return found


def mounted_modes(documents: Sequence[Any]) -> Iterator[tuple[str, int]]:
    """Give the mode with which each secret is mounted, by the secret's name."""
    for pod in pods(documents):
        for volume in _tables(pod.get("volumes")):
            secret = volume.get("secret")
            if is_table(secret):
                mode = secret.get("defaultMode", _DEFAULT_MODE)
                yield str(secret.get("secretName")), _as_mode(mode)
            for source in _tables(_table(volume.get("projected")).get("sources")):
                if is_table(source.get("secret")):
                    mode = _table(volume["projected"]).get("defaultMode", _DEFAULT_MODE)
                    yield str(source["secret"].get("name")), _as_mode(mode)


def _as_mode(mode: object) -> int:
    """Read a mode; what is none of them is open to everybody."""
    return mode if isinstance(mode, int) else 0o777


def _value(variable: Mapping[str, Any], known: _Known) -> str:
    source = variable.get("valueFrom")
    if not is_table(source):
        return str(variable.get("value") or "")
    reference = source.get("configMapKeyRef")
    if is_table(reference):
        data = _data("ConfigMap", reference, known)
        # A map that is not among the manifests cannot be looked into.
        return (
            KEPT_SECRET if data is None else str(data.get(reference.get("key")) or "")
        )
    return KEPT_SECRET


def _all_of(source: Mapping[str, Any], known: _Known) -> dict[str, str]:
    """Give what ``envFrom`` brings, as far as the manifests show it."""
    prefix = str(source.get("prefix") or "")
    reference = _table(source.get("configMapRef"))
    plain = _table(_data("ConfigMap", reference, known))
    found = {f"{prefix}{name}": str(value or "") for name, value in plain.items()}
    for kind, place in _SECRETS:
        secret = known.get((kind, str(_table(source.get("secretRef")).get("name"))))
        for name in _names(secret, place):
            found[f"{prefix}{name}"] = KEPT_SECRET
    return found


_Known = dict[tuple[str, str], dict[str, Any]]

_SECRETS = (
    ("Secret", ("data",)),
    ("Secret", ("stringData",)),
    ("SealedSecret", ("spec", "encryptedData")),
    ("ExternalSecret", ("spec", "data")),
)
"""What makes a secret, and where it has its names."""


def _names(secret: dict[str, Any] | None, place: Sequence[str]) -> list[str]:
    data: Any = secret or {}
    for part in place:
        data = data.get(part) or {}
    if is_list(data):
        return [str(one.get("secretKey")) for one in _tables(data)]
    return [str(name) for name in data]


def _data(kind: str, reference: Mapping[str, Any], known: _Known) -> Any:  # noqa: ANN401  # a manifest's
    one = known.get((kind, str(reference.get("name"))))
    return None if one is None else _table(one.get("data"))


def _objects(documents: Sequence[Any]) -> Iterator[dict[str, Any]]:
    for one in _tables(list(documents)):
        yield one
        yield from _objects(_tables(one.get("items")))


def _table(value: object) -> dict[str, Any]:
    return value if is_table(value) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [one for one in value if is_table(one)] if is_list(value) else []
