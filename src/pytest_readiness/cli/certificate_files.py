"""Where a certificate is: in the report folder, and kept in ``.readiness``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest import appending
from pytest_readiness.attest.certificate import (
    CERTIFICATE,
    CERTIFICATE_PAGE,
    REPORT,
    REPORT_PAGE,
)
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.issued import MAX_SIZE, unverified
from pytest_readiness.attest.provenance import sha256_of
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.errors import StoreError
from pytest_readiness.plugin.vouching import CERTIFICATE_SUFFIX, statements_path
from pytest_readiness.store.files import write

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_readiness.attest.issued import Issued

__all__ = [
    "CERTIFICATE",
    "CERTIFICATE_PAGE",
    "Places",
    "digests_beside",
    "read_certificate",
]

_UNUSUAL = re.compile(r"[^A-Za-z0-9._-]+")
_SHORT = 12


def read_certificate(path: Path) -> bytes:
    """Read a certificate's file.

    Raises:
        StoreError: it cannot be read.
        Refused: TOO_LARGE, or it is no regular file.
    """
    try:
        with open_regular(path, MAX_SIZE) as stream:
            return stream.read()
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        raise StoreError(str(path), what, "name a certificate") from None


def digests_beside(
    certificate: Path, given: Mapping[str, Path | None] | None = None
) -> dict[str, str]:
    """Hash the files that a certificate names and that are at hand.

    Args:
        certificate: Report and page are looked for beside it.
        given: Where they are instead; a file that is named must be there.

    Raises:
        Refused: ARTIFACT_CHANGED, a named file cannot be read.
    """
    found: dict[str, str] = {}
    for name in (REPORT, REPORT_PAGE):
        named = (given or {}).get(name)
        path = named or certificate.with_name(name)
        try:
            found[name] = sha256_of(path)
        except FileNotFoundError:
            if named is not None:
                reason = "is not there"
                raise Refused(Code.ARTIFACT_CHANGED, reason, str(path)) from None
        except OSError as error:
            reason = f"cannot be read ({error.strerror})"
            raise Refused(Code.ARTIFACT_CHANGED, reason, str(path)) from None
    return found


@dataclass(frozen=True)
class Places:
    """The two places of a certificate."""

    folder: Path
    """The report folder."""
    kept: Path
    """``.readiness/certificates``."""

    def kept_path(self, issued: Issued) -> Path:
        """Give where a certificate is kept: named by what it is about."""
        judged = issued.certificate.judged
        words = (judged.environment, judged.release, judged.gate)
        name = "-".join(_UNUSUAL.sub("_", word)[:60].lstrip(".") for word in words)
        file = f"{name}-{issued.digest[:_SHORT]}{CERTIFICATE_SUFFIX}"
        return self.kept / file

    def keep(self, issued: Issued, line: bytes, statements: bytes, page: bytes) -> None:
        """Write a new certificate, its list and its page.

        Raises:
            StoreError: one of them cannot be written.
        """
        shown = self.folder / CERTIFICATE
        write(self.folder, statements_path(shown).name, statements)
        write(self.folder, CERTIFICATE, line + b"\n")
        write(self.folder, CERTIFICATE_PAGE, page)
        kept = self.kept_path(issued)
        try:
            self.kept.mkdir(parents=True, exist_ok=True)
            write_atomically(statements_path(kept), statements)
            write_atomically(kept, line + b"\n")
        except OSError as error:
            what = f"cannot be written: {error.strerror or error}"
            raise StoreError(
                str(kept), what, "free space, or change its mode"
            ) from None

    def add(self, issued: Issued, named: Path, line: bytes) -> list[Path]:
        """Add a signature wherever the same certificate is; give these files.

        Raises:
            AttestationError: one of them is damaged at its end, or cannot be written.
        """
        paths = [named, self.folder / CERTIFICATE, self.kept_path(issued)]
        once = {path.resolve(): path for path in reversed(paths)}
        same = [path for path in once.values() if _is_same(path, issued)]
        for path in same:
            appending.append(path, [line])
        return same


def _is_same(path: Path, issued: Issued) -> bool:
    try:
        return unverified(read_certificate(path)).payload == issued.payload
    except (Refused, StoreError):
        return False
