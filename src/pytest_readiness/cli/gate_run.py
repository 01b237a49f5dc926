"""The gate, run in a clean process of its own, for whoever certifies.

``python -I``: no user site, no variables of Python's own, no present folder among the
modules; then ``readiness run``: our ini, the suite alone, no other plugin. The process
that holds the certifying key runs nothing of the suite. What the run writes goes to a
folder that is this user's alone until it has been read.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.errors import StoreError
from pytest_readiness.plugin.entry import OPTIONS
from pytest_readiness.store.files import REPORT, write

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

__all__ = ["GateRun", "run_gate"]

_OWN = frozenset({"out", "demo-fault", "run-key", "no-gate"})
"""Not handed on: where the report goes is decided here."""


class GateRun:
    """What came of it."""

    def __init__(self, code: int, files: Mapping[str, bytes]) -> None:
        self.code = code
        self.files = files
        """What it wrote, by name; without a report where nothing was judged."""

    def keep(self, folder: Path) -> None:
        """Write all of it into the report folder.

        Raises:
            StoreError: it cannot be written.
        """
        # The report comes last: what renders from it is there when it is.
        for name in sorted(self.files, key=lambda name: name == REPORT):
            write(folder, name, self.files[name])


def run_gate(arguments: argparse.Namespace, suite: Path) -> GateRun:
    """Judge the target as ``readiness run`` does; what it prints is seen.

    Args:
        arguments: The command's; those of the run are handed on.
        suite: The suite that is judged by.

    Raises:
        StoreError: there is no room for the report.
    """
    given: Mapping[str, object] = vars(arguments)
    options = [
        f"{option.flag}={given[option.name]}" if option.metavar else option.flag
        for option in OPTIONS
        if option.stem not in _OWN and given.get(option.name)
    ]
    with tempfile.TemporaryDirectory(prefix="readiness-certify-") as private:
        done = subprocess.run(
            [
                *(sys.executable, "-I", "-m", "pytest_readiness", "run", str(suite)),
                *options,
                f"--readiness-out={private}",
            ],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr.fileno() if _has_number() else None,
        )
        try:
            files = {
                path.name: path.read_bytes()
                for path in Path(private).iterdir()
                if path.is_file() and not path.name.startswith(".")
            }
        except OSError as error:
            what = f"cannot be read: {error.strerror or error}"
            raise StoreError(private, what, "free space") from None
    return GateRun(done.returncode, files)


def _has_number() -> bool:
    """Whether standard error is a file that another process can write to."""
    try:
        sys.stderr.fileno()
    except (OSError, ValueError):
        return False
    return True
