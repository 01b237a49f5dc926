"""Environment Setup, dependencies: what is missing, old, or at odds with another."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.servers.engine import REQUIREMENTS
from pytest_readiness.demo.servers.environment import packages_of
from pytest_readiness.demo.standins.python import hanging_python
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_ITEM = "environment-setup.dependencies"
_TOUCHES = frozenset({"dependencies"})


def _require(*lines: str) -> Apply:
    """Have the release require more than it does."""

    def apply(breakage: Breakage) -> None:
        text = "\n".join([f"-r {REQUIREMENTS}", *lines, ""])
        path = breakage.write("requirements.txt", text)
        breakage.set("dependencies", requirements=[str(path)])

    return apply


def _constrain(breakage: Breakage) -> None:
    constraints = breakage.bench.folder / "constraints.txt"
    constraints.write_text("werkzeug<1\n", "utf-8")
    breakage.stack.callback(constraints.unlink)
    _require("-c constraints.txt")(breakage)


def _install(name: str, version: str, *requires: str) -> Apply:
    """Install a package that consists of its metadata."""

    def apply(breakage: Breakage) -> None:
        packages = packages_of(breakage.bench.python.parents[1])
        folder = packages / f"{name}-{version}.dist-info"
        folder.mkdir()
        breakage.stack.callback(lambda: shutil.rmtree(folder))
        head = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
        lines = [*head, *(f"Requires-Dist: {text}" for text in requires), ""]
        (folder / "METADATA").write_text("\n".join(lines), "utf-8")

    return apply


def _no_file(breakage: Breakage) -> None:
    path = breakage.bench.folder / "no-requirements.txt"
    breakage.set("dependencies", requirements=[str(path)])


def _lock(breakage: Breakage) -> None:
    path = breakage.write(
        "pylock.toml",
        'lock-version = "1.0"\n'
        '[[packages]]\nname = "werkzeug"\nversion = "1.0.1"\n'
        '[[packages]]\nname = "pywin32"\nversion = "308"\n'
        "marker = \"sys_platform == 'win32'\"\n",
    )
    breakage.set("dependencies", requirements=[str(path)])


def _interpreter(breakage: Breakage) -> None:
    path = hanging_python(breakage.bench.folder)
    breakage.set("dependencies", interpreter=str(path), timeout="1s")


def _fault(name: str, summary: str, state: State | None, apply: Apply) -> Fault:
    turns = {} if state is None else {_ITEM: state}
    return Fault(f"dependency-{name}", summary, turns, _TOUCHES, apply)


FAULTS = (
    _fault(
        *("missing", "a required package is not installed", State.FAILED),
        _require("polars>=1"),
    ),
    _fault(
        *("extra-missing", "what a required extra needs is missing", State.FAILED),
        _require("redis[hiredis,ocsp]"),
    ),
    _fault(
        *("old", "an installed package is older than required", State.FAILED),
        _require("werkzeug>=99"),
    ),
    _fault(
        *("unconstrained", "an installed package breaks a constraint", State.FAILED),
        _constrain,
    ),
    _fault(
        *("unlocked", "an installed version is not the locked one", State.FAILED),
        _lock,
    ),
    _fault(
        *("conflict", "two installed packages are at odds", State.FAILED),
        _install("tape_reader", "1.0", "werkzeug<1"),
    ),
    _fault(
        *("file-missing", "the requirements file is not there", State.FAILED),
        _no_file,
    ),
    _fault(
        *("unreadable", "a requirement cannot be understood", State.UNKNOWN),
        _require("https://example.com/download"),
    ),
    _fault(
        *("unasked", "the interpreter lists no packages", State.UNKNOWN),
        _interpreter,
    ),
    _fault(
        *("elsewhere", "a requirement of another platform is none here", None),
        _require("pywin32>=308; sys_platform == 'win32'"),
    ),
)
