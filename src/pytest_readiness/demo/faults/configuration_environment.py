"""Configuration Management: variables that are missing, left over, or open to all."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "configuration-management.environment-variables"
_TOUCHES = frozenset({"environment"})
_GOOD = {
    "ENGINE_DATABASE_URL": "postgresql://engine:8f1c22d0@127.0.0.1/trading",
    "ENGINE_TOKEN_SECRET": "b3f7c1d9e8a24f60b3f7c1d9e8a24f61",
    "ENGINE_WORKERS": "11",
}
_OPEN, _CLOSED = 0o644, 0o600
_MANIFEST = """\
kind: Deployment
spec:
  template:
    spec:
      containers:
      - name: engine
        envFrom: [{secretRef: {name: engine}}]
        env:
        - {name: ENGINE_WORKERS, value: "11"}
        - {name: ENGINE_DATABASE_URL, value: ""}
---
kind: Secret
metadata: {name: engine}
stringData: {ENGINE_TOKEN_SECRET: b3f7c1d9}
"""


def _kept_in_file(mode: int = _CLOSED, **changes: str | None) -> Apply:
    """Have the variables in a file, with changes; None leaves one out."""

    def apply(breakage: Breakage) -> None:
        values = {**_GOOD, **changes}
        lines = [f"{name}={v}\n" for name, v in values.items() if v is not None]
        path = breakage.write("configured/.env", "".join(lines), mode)
        breakage.tables["environment"] = {"file": str(path), "names": list(_GOOD)}

    return apply


def _no_file(breakage: Breakage) -> None:
    _kept_in_file()(breakage)
    breakage.set("environment", file=str(breakage.bench.folder / "no.env"))


def _tracked(breakage: Breakage) -> None:
    _kept_in_file()(breakage)
    path = breakage.bench.folder / "configured" / ".env"
    git = shutil.which("git") or "git"
    for words in (("init", "--quiet"), ("add", "--force", path.name)):
        subprocess.run([git, *words], cwd=path.parent, check=True)
    breakage.stack.callback(lambda: shutil.rmtree(path.parent / ".git"))


def _in_manifest(breakage: Breakage) -> None:
    path = breakage.write("configured/engine.k8s.yaml", _MANIFEST)
    breakage.tables["environment"] = {"manifests": [str(path)], "names": list(_GOOD)}


def _wanting(name: str) -> Apply:
    return lambda breakage: breakage.set("environment", names=[name])


def _fault(name: str, summary: str, state: State | None, apply: Apply) -> Fault:
    turns = {} if state is None else {_ITEM: state}
    return Fault(f"environment-{name}", summary, turns, _TOUCHES, apply)


FAULTS = (
    _fault(
        *("unset", "the process lacks a variable", State.FAILED),
        _wanting("ENGINE_RISK_LIMIT"),
    ),
    _fault(
        *("missing", "a line of `.env` is missing", State.FAILED),
        _kept_in_file(ENGINE_TOKEN_SECRET=None),
    ),
    _fault(
        *("empty", "a variable is set to nothing", State.FAILED),
        _kept_in_file(ENGINE_TOKEN_SECRET=""),
    ),
    _fault(
        *("changeme", "a variable has what its example has", State.FAILED),
        _kept_in_file(ENGINE_TOKEN_SECRET="changeme"),  # noqa: S106  # no secret
    ),
    _fault(
        *("changeme-within", "a URL holds the example's password", State.FAILED),
        _kept_in_file(ENGINE_DATABASE_URL="postgresql://engine:changeme@db/trading"),
    ),
    _fault(
        *("readable", "everybody may read `.env`", State.FAILED),
        _kept_in_file(_OPEN),
    ),
    _fault("tracked", "git keeps `.env`", State.FAILED, _tracked),
    _fault("no-file", "`.env` is not there", State.FAILED, _no_file),
    _fault(
        "manifest", "a manifest leaves a variable empty", State.FAILED, _in_manifest
    ),
    _fault(
        "in-file", "a `.env` that only its owner reads: good", None, _kept_in_file()
    ),
    _fault(
        *("no-names", "nobody says what must be set", State.UNCONFIGURED),
        lambda breakage: breakage.tables["environment"].pop("example"),
    ),
)
