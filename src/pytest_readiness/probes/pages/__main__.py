"""The program: reads one page, prints it as JSON."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from pathlib import Path
from typing import cast

from pytest_readiness.probes.pages.reading import Markup, read_here

__all__ = ["main"]

_MEMORY = 2_000_000_000


def main(path: str, markup: str) -> None:
    """Print a page."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  # POSIX has it

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    text = Path(path).read_bytes().decode("utf-8-sig")
    page = read_here(text, cast("Markup", markup))
    print(json.dumps(dataclasses.asdict(page)))  # noqa: T201  # its purpose


if __name__ == "__main__":
    main(*sys.argv[1:])
