"""Writing to a ledger: nothing is lost when two write, or when one is killed.

A line is whole or it does not count. A killed append leaves at the end of the file the
first bytes of a line, without an end of line. Readers say so and go on; the next append
takes those bytes away, and only those: a whole line without its end gets its end, and
anything else is a reason to stop, since it is not ours to remove.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from pytest_readiness.attest import envelope, strict_json
from pytest_readiness.attest.codes import Foreign, Malformed, Refused
from pytest_readiness.attest.ledger import STATEMENT_SUFFIX
from pytest_readiness.attest.line import is_torn
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

__all__ = ["append", "write_statement"]

_SHORT_DIGEST = 12


def append(path: Path, lines: Sequence[bytes]) -> None:
    """Append envelopes to a ledger file, all in one go, and see them on the disk.

    Raises:
        AttestationError: one of them is no envelope on one line, the file's end is
            damaged, or the file cannot be written.
    """
    for line in lines:
        envelope.Envelope.parse(line)
        if b"\n" in line or b"\r" in line:
            raise Malformed("the envelope is not on one line")
    try:
        with _locked(path) as descriptor:
            repair = _repair(descriptor, str(path))
            data = repair + b"".join(line + b"\n" for line in lines)
            while data:
                data = data[os.write(descriptor, data) :]
            os.fsync(descriptor)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise AttestationError(str(path), what) from None


@contextlib.contextmanager
def _locked(path: Path) -> Generator[int]:
    """Open a file for appending and hold its lock."""
    import fcntl  # noqa: PLC0415 - there is none on Windows, where nothing else needs it

    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        is_new = not path.exists()
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # While we waited another file may have been put in its place (git does
            # so): what is locked must be what the path names.
            if not _is_at(descriptor, path):
                continue
            yield descriptor
            if is_new:
                _sync_folder(path.parent)
        finally:
            os.close(descriptor)
        return


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _repair(descriptor: int, where: str) -> bytes:
    """Make the file end with a whole line; give what must be written before others."""
    size = os.fstat(descriptor).st_size
    longest = strict_json.LINE.size + 2
    start = max(0, size - longest)
    end = os.pread(descriptor, longest, start)
    tail = end[end.rfind(b"\n") + 1 :]
    if not tail:
        return b""
    if is_torn(tail):
        os.ftruncate(descriptor, size - len(tail))
        return b""
    with contextlib.suppress(Foreign):
        try:
            envelope.Envelope.parse(tail)
        except Malformed as error:
            what = f"the last line is damaged ({error.reason})"
            remedy = "restore it from the version control, or remove it if it is junk"
            raise AttestationError(where, what, remedy) from None
    return b"\n"


def write_statement(folder: Path, group: str, line: bytes) -> Path:
    """Write one envelope as a file of its own, for teams that sign by pull requests.

    Args:
        folder: The ledger's folder.
        group: The item's id; for statements about no item, what they are.
        line: The envelope.

    Returns:
        The file, ``<folder>/<group>/<first 12 digits of the payload's digest>``.

    Raises:
        AttestationError: it is no envelope, or cannot be written.
    """
    digest = envelope.Envelope.parse(line).payload_sha256
    path = folder / group / f"{digest[:_SHORT_DIGEST]}{STATEMENT_SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if _holds_another(path, digest):
            path = path.with_name(f"{digest}{STATEMENT_SUFFIX}")
        write_atomically(path, line + b"\n")
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise AttestationError(str(path), what) from None
    return path


def _holds_another(path: Path, digest: str) -> bool:
    """Whether another statement has the same short name: nothing is written over."""
    try:
        return envelope.Envelope.parse(path.read_bytes()).payload_sha256 != digest
    except FileNotFoundError:
        return False
    except Refused:
        return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
