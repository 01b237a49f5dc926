"""The service's own interpreter: whether it is there, answers, how old, how isolated.

It is run once, isolated (``-I``: no environment, no user's packages, no current
folder), with a script that prints one line of JSON and with nothing of this process's
environment but what a program needs to start.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from packaging.version import InvalidVersion, Version

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.hosts import (
    Host,
    Measured,
    commands,
    opened,
    unseen,
    where,
)
from pytest_readiness.probes.hosts.plans import measured, planned, reached, read
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.support import PYTHON, python_branch, support_note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import PythonBlock

__all__ = ["SCRIPT", "Python", "container_signs"]

SCRIPT = (
    "import json,sys; "
    "print(json.dumps({"
    '"version": list(sys.version_info[:3]), '
    '"prefix": sys.prefix, '
    '"base": getattr(sys, "real_prefix", None) or '
    'getattr(sys, "base_prefix", sys.prefix)'
    "}))"
)
"""What the interpreter is asked; runs on every Python since 2.6.

``real_prefix`` is what virtualenv set before version 20.
"""

ISOLATED = ("-I", "-c", SCRIPT)
OLD = ("-E", "-s", "-c", SCRIPT)
"""Python 2 knows no ``-I``."""
SIGNS = (".dockerenv", "run/.containerenv")
CGROUP, MOUNTS = "proc/1/cgroup", "proc/1/mountinfo"

_SHOWN = 200
"""Characters of a path that evidence shows."""
_MOUNT_POINT = 4
_RUNTIMES = ("docker", "kubepods", "containerd", "crio", "libpod", "lxc", "ecs")


@dataclass(frozen=True, kw_only=True)
class Python(Facts):
    """One interpreter, as its own answers and this host show it.

    That it is missing or hangs is an observation (no); that this run may not start it
    is none.
    """

    block: ClassVar[str] = "python"

    exists: Observed[bool]
    """Whether the path leads to a program."""
    answers: Observed[bool]
    """Whether it ran the script within the look's limit."""
    version: Observed[Version]
    """Its own version; the detail notes the branch's support."""
    isolated: Observed[bool]
    """Whether the system's packages are kept out.

    ``isolation = "venv"``: prefix and base prefix differ (PEP 405). ``"container"``:
    this host shows the signs of a container, see ``container_signs``.
    """

    @classmethod
    def gather(cls, block: PythonBlock, look: Look) -> Self:
        """Run the interpreter, and again after no answer where the block says so."""
        facts = cls.tried(look, block.retries, lambda look: cls._once(block, look))
        nothing = facts.answers.value
        if isinstance(nothing, Unavailable) and nothing.cause is Cause.NO_ANSWER:
            return cls._without_answer(nothing, look, exists=True)
        return facts

    @classmethod
    def _once(cls, block: PythonBlock, look: Look) -> Self:
        host = opened(block, look)
        if isinstance(host, Measured):
            return cls._measured(host, look)
        what_is_there = host.absence(str(block.interpreter), look)
        if what_is_there:
            nothing = Unavailable(what_is_there, Cause.NO_ANSWER)
            return cls._without_answer(nothing, look, exists=False)
        began = time.perf_counter()
        answer, detail = _ask(str(block.interpreter), host, look)
        took = dt.timedelta(seconds=time.perf_counter() - began)
        branch = python_branch(answer.version)
        note = support_note("Python", branch, PYTHON, look.now().date())
        return cls(
            exists=look.seen(True),  # noqa: FBT003  # a value, not a switch
            answers=look.seen(True, detail=detail, duration=took),  # noqa: FBT003
            version=look.seen(answer.version, what="sys.version_info", detail=note),
            isolated=_isolated(block, host, answer, look),
        )

    @classmethod
    def _measured(cls, host: Measured, look: Look) -> Self:
        """See what metrics tell: that it runs, and its version."""
        text = host.version_of("python_info", look)
        try:
            version = Version(text)
        except InvalidVersion:
            raise unseen("python_info tells no version") from None
        note = support_note("Python", python_branch(version), PYTHON, look.now().date())
        unknown = Unavailable("metrics do not tell what keeps it apart", Cause.LOCAL)
        return cls(
            exists=look.seen(True, what="python_info"),  # noqa: FBT003  # a value
            answers=look.seen(True, what="python_info"),  # noqa: FBT003  # as above
            version=look.seen(version, what="python_info", detail=note),
            isolated=look.seen(unknown),
        )

    @classmethod
    def _without_answer(cls, nothing: Unavailable, look: Look, *, exists: bool) -> Self:
        detail = nothing.reason
        return cls(
            exists=look.seen(exists, detail="" if exists else detail),
            answers=look.seen(False, detail=detail),  # noqa: FBT003
            version=look.seen(nothing),
            isolated=look.seen(nothing),
        )

    @classmethod
    def looks(cls, block: PythonBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is started, and what tells of a container."""
        if block.backend is not None and block.backend.backend == "metrics":
            return measured(block, "python_info")
        path = str(block.interpreter)
        asked = planned(block, commands.interpreter(path, ISOLATED))
        older = planned(
            *(block, commands.interpreter(path, OLD)), note="where that gives no answer"
        )
        signs = tuple(f"/{name}" for name in (*SIGNS, CGROUP, MOUNTS))
        return (
            *reached(block, path),
            *asked,
            *older,
            *(read(block, *signs) if block.isolation == "container" else ()),
        )

    @staticmethod
    def source(block: PythonBlock) -> str:
        """Name the interpreter by its path, and its host."""
        return f"{where(block)}{block.interpreter}"


@dataclass(frozen=True)
class _Answer:
    version: Version
    prefix: str
    base: str


def _ask(path: str, host: Host, look: Look) -> tuple[_Answer, str]:
    output = host.output(commands.interpreter(path, ISOLATED), look)
    detail = ""
    if not output:
        # Python 2 says so to standard error only.
        output = host.output(commands.interpreter(path, OLD), look)
        detail = "it knows no -I"
    lines = output.decode(errors="replace").split("\n")
    try:
        # A sitecustomize may print too; ours comes last.
        said = json.loads([line for line in lines if line.strip()][-1])
        major, minor, micro = (int(part) for part in said["version"])
        version = Version(f"{major}.{minor}.{micro}")
        return _Answer(version, str(said["prefix"]), str(said["base"])), detail
    except (ValueError, LookupError, TypeError, RecursionError):
        raise LookError("it does not answer as a Python does", final=True) from None


def _isolated(
    block: PythonBlock, host: Host, answer: _Answer, look: Look
) -> Observed[bool]:
    if block.isolation == "container":
        signs = container_signs(host, look)
        detail = ", ".join(signs) or "no sign of a container on this host"
        return look.seen(bool(signs), what="container", detail=detail)
    isolated = answer.prefix != answer.base
    base = f", base {answer.base}" if isolated else ", which is its base too"
    detail = f"prefix {_shown(answer.prefix)}{_shown(base)}"
    return look.seen(isolated, what="sys.prefix", detail=detail)


def _shown(text: str) -> str:
    """Bound what an interpreter says of itself, and keep control characters out."""
    return "".join(c if c.isprintable() else "?" for c in text[:_SHOWN])


def container_signs(host: Host, look: Look) -> tuple[str, ...]:
    """Give the signs by which a host is seen to be a container.

    Docker leaves ``/.dockerenv``, Podman ``/run/.containerenv``; the first process's
    control group names the runtime (control groups v1, or v2 without a namespace of
    its own); images are mounted as an overlay.
    """
    signs = [f"/{name}" for name in SIGNS if not host.absence(f"/{name}", look)]
    groups = _text(host, CGROUP, look)
    signs += [f"control group {name}" for name in _RUNTIMES if name in groups]
    lines = _text(host, MOUNTS, look).splitlines()
    if any(_is_overlay_root(line.split(" ")) for line in lines):
        signs.append("overlay root")
    return tuple(signs)


def _is_overlay_root(fields: Sequence[str]) -> bool:
    """Read a line of mountinfo: fifth the mount point, the type follows ``-``."""
    if len(fields) <= _MOUNT_POINT or fields[_MOUNT_POINT] != "/" or "-" not in fields:
        return False
    kind = fields[fields.index("-") + 1 :][:1]
    return bool(kind) and kind[0] in {"overlay", "fuse.fuse-overlayfs"}


def _text(host: Host, path: str, look: Look) -> str:
    try:
        return host.read(f"/{path}", look) or ""
    except LookError:
        return ""  # this run may not read it: no sign
