"""What an interpreter has installed, and whether requirements hold in it.

The service's own interpreter is asked, isolated (``-I``), for the metadata of its
packages and for the values of environment markers (PEP 508); requirements are then
evaluated here, with those values and not with this process's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from pytest_readiness.probes.hosts import commands
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from urllib.parse import SplitResult

    from pytest_readiness.probes.hosts import Host
    from pytest_readiness.probes.look import Look

__all__ = [
    "ARGUMENTS",
    "SCRIPT",
    "Distribution",
    "Installed",
    "Wrong",
    "ask",
    "file_version",
]

SCRIPT = """
import json, os, platform, sys
from importlib import metadata
def number(info):
    level = "" if info.releaselevel == "final" else info.releaselevel[0]
    full = "{0.major}.{0.minor}.{0.micro}".format(info)
    return full + level + str(info.serial) if level else full
environment = {
    "implementation_name": sys.implementation.name,
    "implementation_version": number(sys.implementation.version),
    "os_name": os.name,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "platform_release": platform.release(),
    "platform_system": platform.system(),
    "platform_version": platform.version(),
    "python_full_version": platform.python_version(),
    "python_version": ".".join(platform.python_version_tuple()[:2]),
    "sys_platform": sys.platform,
}
found = []
for one in metadata.distributions():
    folder = os.path.basename(str(getattr(one, "_path", "")))
    try:
        name, version = one.metadata["Name"], one.metadata["Version"]
        if not name or folder.startswith("~"):
            continue
        url = json.loads(one.read_text("direct_url.json") or "{}").get("url")
        found.append([name, version, one.requires or [], url])
    except Exception:
        found.append([folder, None, [], None])
print(json.dumps({"environment": environment, "found": found}))
"""
"""What the interpreter is asked; runs on every Python since 3.8.

pip leaves folders that begin with ``~`` behind where it could not remove them.
"""

ARGUMENTS = ("-I", "-c", SCRIPT)
_INTAKE = 16_000_000
"""Bytes of an answer: a thousand packages take about one million."""


@dataclass(frozen=True)
class Distribution:
    """One installed package."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    url: str | None = None
    """Where it was installed from, unless from an index (PEP 610)."""


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one package: it is missing, or not what is required."""

    missing: bool
    text: str


@dataclass(frozen=True)
class Installed:
    """The packages of one interpreter, and the values of its markers."""

    environment: Mapping[str, str]
    found: Mapping[str, Distribution]
    """By canonical name; of two with one name the first is imported."""

    def applies(self, requirement: Requirement, extra: str = "") -> bool:
        """Whether a requirement's marker holds there."""
        marker = requirement.marker
        if marker is None:
            return True
        try:
            return marker.evaluate({**self.environment, "extra": extra})
        except (InvalidVersion, UndefinedComparison, UndefinedEnvironmentName):
            return True  # nobody can tell: it is looked for

    def wrong(self, requirement: Requirement) -> Iterator[Wrong]:
        """Say what keeps a requirement from holding, its extras' included."""
        yield from self._wrong(requirement, set())

    def against(self, constraint: Requirement) -> Iterator[Wrong]:
        """Say what breaks a constraint: it asks nothing of what is not installed."""
        if canonicalize_name(constraint.name) in self.found:
            yield from self._differs(constraint)

    def conflicts(self) -> Iterator[str]:
        """Say which installed packages do not find what they require installed."""
        for one in self.found.values():
            by = f"{one.name} {one.version}"
            for requirement in _readable(one.requires):
                if self.applies(requirement):
                    for wrong in self.wrong(requirement):
                        yield f"{by} requires {requirement.name}: {wrong.text}"

    def _wrong(
        self, requirement: Requirement, on_the_way: set[tuple[str, str]]
    ) -> Iterator[Wrong]:
        name = canonicalize_name(requirement.name)
        if name not in self.found:
            required = f"{requirement.name}{requirement.specifier}"
            yield Wrong(missing=True, text=f"{required} is not installed")
            return
        yield from self._differs(requirement)
        for extra in sorted(requirement.extras):
            if (name, extra) in on_the_way:
                continue
            on_the_way.add((name, extra))
            for needed in _readable(self.found[name].requires):
                by_extra = self.applies(needed, extra) and not self.applies(needed)
                if by_extra:
                    yield from self._wrong(needed, on_the_way)

    def _differs(self, requirement: Requirement) -> Iterator[Wrong]:
        found = self.found[canonicalize_name(requirement.name)]
        has = f"{found.name} {found.version or 'of no version'}"
        if requirement.url is not None:
            if why := _elsewhere(found, requirement.url):
                yield Wrong(missing=False, text=f"{has} {why}")
        elif not _meets(found, requirement):
            text = f"{has}, required {requirement.specifier}"
            yield Wrong(missing=False, text=text)


def ask(interpreter: Path, host: Host, look: Look) -> Installed:
    """Ask an interpreter what it has, on the host where it is.

    Raises:
        LookError: it does not answer, or not as a Python does.
    """
    command = commands.interpreter(str(interpreter), ARGUMENTS)
    output = host.output(command, look, _INTAKE)
    lines = [line for line in output.decode(errors="replace").split("\n") if line]
    try:
        # A sitecustomize may print too; ours comes last.
        said = json.loads(lines[-1])
        environment = {str(k): str(v) for k, v in said["environment"].items()}
        found: dict[str, Distribution] = {}
        for name, version, requires, url in said["found"]:
            one = Distribution(
                str(name), str(version or ""), tuple(map(str, requires)), url
            )
            found.setdefault(canonicalize_name(one.name), one)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        reason = "it does not list its packages as a Python since 3.8 does"
        raise LookError(reason, final=True) from None
    return Installed(environment, found)


def file_version(path: str) -> tuple[str, Version] | None:
    """Give name and version that the name of a wheel or a source archive tells."""
    name = path.rpartition("/")[2]
    try:
        if name.endswith(".whl"):
            wheel = parse_wheel_filename(name)
            return str(wheel[0]), wheel[1]
        archive = parse_sdist_filename(name)
        return str(archive[0]), archive[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _readable(requires: tuple[str, ...]) -> Iterator[Requirement]:
    """Read what a package's metadata require; old ones hold what nobody can read."""
    for text in requires:
        try:
            yield Requirement(text)
        except InvalidRequirement:
            continue


def _meets(found: Distribution, requirement: Requirement) -> bool:
    if not requirement.specifier:
        return True
    try:
        version = Version(found.version)
    except InvalidVersion:
        return False
    # What is installed was chosen already: a pre-release is as good as its number.
    return requirement.specifier.contains(version, prereleases=True)


def _elsewhere(found: Distribution, url: str) -> str:
    """Say how a package differs from what a URL names; empty where it does not."""
    parts = urlsplit(url.partition("+")[2] if "+" in url.partition(":")[0] else url)
    named = file_version(parts.path)
    if named is not None:
        same = found.version == str(named[1])
        return "" if same else f"is installed, and the URL names {named[1]}"
    if parts.scheme == "file" or "$" in url:
        return ""  # where it comes from tells nothing, or only pip knows
    if found.url is None:
        return f"is from an index, and not from {parts.hostname}"
    was = urlsplit(found.url)
    before, now = _place(was), _place(parts)
    if was.scheme == "file" or before == now:
        return ""  # from a folder: built from there on another machine, perhaps
    return f"is from {before}, and not from {now}"


def _place(parts: SplitResult) -> str:
    """Give what tells one repository from another: no user, no revision, no suffix."""
    path = parts.path.partition("@")[0].rstrip("/").removesuffix(".git")
    return f"{parts.hostname or ''}{path}"
