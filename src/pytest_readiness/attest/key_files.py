"""Writing a new key's two files, as ``ssh-keygen`` lays them out."""

from __future__ import annotations

import errno
import os
import secrets
from typing import TYPE_CHECKING

from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.attest.keys import PrivateKey

__all__ = ["write_new"]


def write_new(
    path: Path,
    key: PrivateKey,
    *,
    passphrase: bytes | None = None,
    comment: str = "",
    pem: bool = False,
) -> Path:
    """Write a new key's two files as ssh-keygen does; give the public one's path.

    The private file (OpenSSH's form, or ``pem``) is readable by its owner only. No file
    is ever overwritten, and each appears whole or not at all.

    Raises:
        AttestationError: one of the files exists, or cannot be written.
    """
    public_path = path.with_name(f"{path.name}.pub")
    line = f"{key.public.openssh(comment)}\n".encode()
    try:
        for taken in filter(os.path.lexists, (path, public_path)):
            raise FileExistsError(errno.EEXIST, "exists already", str(taken))
        private = key.pem(passphrase) if pem else key.openssh(passphrase)
        _write_whole(path, private, 0o600)
        _write_whole(public_path, line, 0o644)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise AttestationError(str(path), what, "choose another name") from None
    return public_path


def _write_whole(path: Path, data: bytes, mode: int) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _name_new(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _name_new(draft: Path, path: Path) -> None:
    # A link, unlike a rename, fails where the name has been taken meanwhile.
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        # No hard links on a memory stick: take the name first, then the place.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        draft.replace(path)
