"""The report folder: each file written whole or not at all, and read back strictly."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING, cast

from pydantic import ValidationError

from pytest_readiness.catalogue.files import TEMPORARY, write_atomically
from pytest_readiness.catalogue.rendering import printable
from pytest_readiness.errors import StoreError
from pytest_readiness.store.document import FORMAT, Report

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MAX_SIZE", "REPORT", "parse_report", "read_report", "write"]

REPORT = "report.json"
MAX_SIZE = 256 * 1024 * 1024
"""Largest report that is read, in bytes; 10,000 items take about 20 MB."""

_IGNORE = b"# Every run writes its report anew: nothing here belongs into git.\n*\n"
_STALE = 3600.0
_MISTAKES_SHOWN = 3


def write(folder: Path, name: str, data: bytes) -> Path:
    """Write one file of the report folder, which is made where it is missing.

    A folder that was missing or empty gets a ``.gitignore`` of its own; one that has
    something in it does not, because everything in it would vanish from git.

    Raises:
        StoreError: the operating system refuses; the file's last version stays.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if next(folder.iterdir(), None) is None:
            write_atomically(folder / ".gitignore", _IGNORE)
        _sweep(folder, name)
        write_atomically(path, data)
    except OSError as error:
        raise StoreError(
            str(path),
            f"cannot be written: {error.strerror or error}",
            "free space or name another folder with --readiness-out",
        ) from None
    return path


def _sweep(folder: Path, name: str) -> None:
    """Remove what killed runs left half written; younger files may be of one alive."""
    old = time.time() - _STALE
    for left in folder.glob(f".{name}.*{TEMPORARY}"):
        with contextlib.suppress(OSError):
            if left.stat().st_mtime < old:
                left.unlink()


def read_report(path: Path) -> Report:
    """Read a stored report.

    Raises:
        StoreError: it is missing, too large, of another version, or contradicts itself.
    """
    where = str(path)
    try:
        if path.stat().st_size > MAX_SIZE:
            raise StoreError(where, f"is larger than {MAX_SIZE} bytes", "run again")
        data = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise StoreError(where, what, "run `pytest --readiness` first") from None
    return parse_report(data, where)


def parse_report(data: bytes, where: str = REPORT) -> Report:
    """Read a report from its bytes, where these very bytes were hashed before.

    Raises:
        StoreError: it is of another version, or contradicts itself.
    """
    _check_format(data, where)
    try:
        return Report.model_validate_json(data)
    except ValidationError as error:
        raise StoreError(
            where, _mistakes(error), "run again to write it anew"
        ) from None


def _check_format(data: bytes, where: str) -> None:
    try:
        document = json.loads(data.decode())
    except (ValueError, RecursionError) as error:
        what = f"is not JSON: {printable(str(error))}"
        raise StoreError(where, what, "run again to write it anew") from None
    table = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    found = table.get("format")
    if found != FORMAT:
        what = f"is no report of format {FORMAT}, but {printable(repr(found))[:100]}"
        raise StoreError(where, what, "use the version that wrote it, or run again")


def _mistakes(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines: list[str] = []
    for mistake in found:
        place = ".".join(str(part) for part in mistake["loc"]) or "document"
        lines.append(f"{place}: {mistake['msg']}")
    more = len(lines) - _MISTAKES_SHOWN
    shown = "; ".join(printable(line) for line in lines[:_MISTAKES_SHOWN])
    return f"{shown}{f'; and {more} more' if more > 0 else ''}"
