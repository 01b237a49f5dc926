"""Configuration Management: secrets in plain text, open files, debugging left on."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.servers.engine import CONFIGURATION
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "configuration-management.security-settings"
_TOUCHES = frozenset({"secrecy"})
_READABLE = 0o644
_ENCRYPTED = "age-encryption.org/v1\n-> X25519 bm90aGluZw\n"

# Put together here, so that no scanner of this repository takes them for real.
_PLANTED = {
    "aws-key": f"access: {'AKIA'}{'QYLPMN5HFIQR7XYA'}",
    "private-key": f"key: '-----BEGIN {'RSA'} PRIVATE KEY-----'",
    "url-password": f"url: postgresql://engine:{'hunter'}{'hunter2'}@db/trading",
    "github-token": f"token: {'ghp'}_{'x9Kq2Lw8' * 4}Ab12",
    "password": f"password: {'s3cr3t'}{'V4lue9'}",
}
"""A secret of five kinds."""


def _written(breakage: Breakage, name: str, text: str, mode: int = 0o600) -> Path:
    return breakage.write(f"configured/{name}", text, mode)


def _beside(line: str) -> Apply:
    """Have another configuration file, with one line."""

    def apply(breakage: Breakage) -> None:
        path = _written(breakage, "trading.yaml", f"{line}\n")
        breakage.tables["configuration"]["files"].append({"path": str(path)})

    return apply


def _readable(text: str) -> Apply:
    """Have a file of secrets that everybody may read."""

    def apply(breakage: Breakage) -> None:
        path = _written(breakage, "engine.secrets", text, _READABLE)
        breakage.set("configuration", secret_files=[str(path)])

    return apply


def _mounted(breakage: Breakage) -> None:
    volumes = [{"name": "a", "secret": {"secretName": "engine"}}]
    pod = {"spec": {"containers": [{"name": "engine"}], "volumes": volumes}}
    path = _written(breakage, "mounted.k8s.yaml", json.dumps({"kind": "Pod", **pod}))
    breakage.set("configuration", manifests=[str(path)])


def _debug(breakage: Breakage) -> None:
    text = CONFIGURATION[0].read_text("utf-8").replace("debug: false", "debug: true")
    path = _written(breakage, "debug.yaml", text)
    breakage.tables["configuration"]["files"].append({"path": str(path)})


def _audited(breakage: Breakage) -> None:
    """Plant what looks like a secret, and have somebody say that it is none."""
    secret = "3f786850e387550fdab836ed7e6dc881de23001b"  # noqa: S105  # looks like one
    _beside(f"revision: {secret}")(breakage)
    # detect-secrets knows a secret by its SHA-1.
    known = hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()
    entry = {
        "type": "Hex High Entropy String",
        "filename": "config/trading.yaml",
        "hashed_secret": known,
        "is_secret": False,
        "line_number": 1,
    }
    results = {"results": {entry["filename"]: [entry]}}
    path = _written(breakage, "secrets.baseline", json.dumps(results))
    breakage.set("configuration", baseline=str(path))


def _fault(name: str, summary: str, apply: Apply, *, good: bool = False) -> Fault:
    turns = {} if good else {_ITEM: State.FAILED}
    return Fault(f"secrecy-{name}", summary, turns, _TOUCHES, apply)


FAULTS = (
    *(
        _fault(f"planted-{kind}", f"a file holds a secret: {kind}", _beside(line))
        for kind, line in _PLANTED.items()
    ),
    _fault("readable", "everybody may read a file of secrets", _readable("a: b\n")),
    _fault("mounted", "a pod mounts a secret for everybody", _mounted),
    _fault("debug", "debugging is on", _debug),
    _fault(
        *("encrypted", "everybody may read an encrypted file: good"),
        _readable(_ENCRYPTED),
        good=True,
    ),
    _fault("audited", "what was audited is no secret: good", _audited, good=True),
)
