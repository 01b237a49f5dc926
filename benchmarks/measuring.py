"""What the benchmarks share: environments as a user has them, CPU time, bounds.

Ratios between runs that take turns on one machine are compared, never times between
machines: a noisy neighbour slows both sides of a pair.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Environment", "Usage", "bound", "installed", "link", "ratio"]

ROOT = Path(__file__).resolve().parents[1]
RESAMPLES = 4000
CONFIDENCE = 0.95
SEE = "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); "
PYTEST = SEE + "import pytest; sys.exit(pytest.main())"
COMMAND = SEE + "from pytest_readiness.cli import main; sys.exit(main())"


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run took: CPU seconds (user and system), and its peak memory in MB."""

    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Environment:
    """Folders to import from, in the place of site-packages."""

    folders: tuple[Path, ...]

    def run(self, cwd: Path, *arguments: str) -> Usage:
        """Run pytest in a fresh interpreter that sees these folders only.

        Raises:
            RuntimeError: pytest did not exit with 0; its output is shown.
        """
        return self._start(PYTEST, cwd, arguments)

    def command(self, cwd: Path, *arguments: str) -> Usage:
        """Run the ``readiness`` command in the same way."""
        return self._start(COMMAND, cwd, arguments)

    def _start(self, code: str, cwd: Path, arguments: tuple[str, ...]) -> Usage:
        folders = ":".join(map(str, self.folders))
        command = [sys.executable, "-I", "-S", "-c", code, folders, *arguments]
        log = cwd / "benchmark.log"
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=output)
            _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            tail = log.read_text(errors="replace")[-2000:]
            msg = f"{' '.join(arguments)}: exit {process.returncode}\n{tail}"
            raise RuntimeError(msg)
        return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def installed(folder: Path) -> Environment:
    """Give a user's environment: our wheel, unpacked, and what it needs, no more."""
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps"]
    subprocess.run([*command, "--wheel-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    ours = folder / "ours"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(ours)
    (distribution,) = metadata.distributions(path=[str(ours)])
    needs = [need for need in distribution.requires or () if "extra ==" not in need]
    return Environment((link(folder / "needs", needs), ours))


def link(folder: Path, requirements: Iterable[str]) -> Path:
    """Fill a folder with the installed distributions that the requirements need.

    Links, not copies; development tools that happen to be installed stay out.
    """
    folder.mkdir()
    for distribution in _closure(requirements):
        # RECORD names files; what is linked is each file's first folder, or the file.
        tops = {file.parts[0] for file in distribution.files or ()} - {"..", ""}
        for top in sorted(tops - {"__pycache__"}):
            place = folder / top
            if not place.exists():
                place.symlink_to(Path(str(distribution.locate_file(top))))
    return folder


def _closure(requirements: Iterable[str]) -> list[metadata.Distribution]:
    found: dict[str, metadata.Distribution] = {}
    todo = [Requirement(text) for text in requirements]
    done: set[str] = set()
    while todo:
        need = todo.pop()
        if str(need) in done:
            continue
        done.add(str(need))
        name = re.sub(r"[-_.]+", "-", need.name).lower()
        distribution = found.setdefault(name, metadata.distribution(need.name))
        for text in distribution.requires or ():
            inner = Requirement(text)
            extras = ("", *need.extras)
            if not inner.marker or any(
                inner.marker.evaluate({"extra": extra}) for extra in extras
            ):
                todo.append(inner)
    return list(found.values())


def ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Give median of the first over median of the second."""
    first = statistics.median(pair[0] for pair in pairs)
    return first / statistics.median(pair[1] for pair in pairs)


def bound(pairs: Sequence[tuple[float, float]]) -> float:
    """Give the upper 95 % bound of the ratio, by resampling the pairs."""
    chance = random.Random(0)  # noqa: S311  # the same bound from the same times
    figures = sorted(
        ratio(chance.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES)
    )
    return figures[int(CONFIDENCE * len(figures))]
