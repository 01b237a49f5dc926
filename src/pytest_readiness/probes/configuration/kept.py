"""Files of secrets: kept for their owner, or encrypted by what the field knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.configuration.manifests import mounted_modes
from pytest_readiness.probes.configuration.reading import Malformed, at, parsed_yaml
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_readiness.probes.hosts import Commanded
    from pytest_readiness.probes.look import Look

__all__ = ["is_encrypted", "open_files", "open_mounts"]

_BEGINNINGS = (
    "age-encryption.org/v1",
    "-----BEGIN AGE ENCRYPTED FILE-----",
    "-----BEGIN PGP MESSAGE-----",
    "$ANSIBLE_VAULT;",
    "\0GITCRYPT",
)
_OTHERS = slice(4, None)
"""Of ``-rw-r--r--`` what others than the owner may do."""
_EVERYBODY = 0o007


def is_encrypted(text: str) -> bool:
    """Whether a text is of age, PGP, Ansible Vault, git-crypt, SOPS or sealed secrets.

    SOPS leaves keys readable and has its own record, with a code over all values.
    """
    if text.startswith(_BEGINNINGS):
        return True
    try:
        documents = parsed_yaml(text)
    except Malformed:
        return "sops_mac=ENC[" in text  # its form of `.env` files
    return bool(documents) and all(
        str(at(one, "sops.mac") or "").startswith("ENC[")
        or at(one, "kind") == "SealedSecret"
        for one in documents
    )


def open_files(paths: Sequence[Path], host: Commanded, look: Look) -> tuple[str, ...]:
    """Give those files that others may use, and that are not encrypted."""
    found: list[str] = []
    for path in paths:
        mode = host.mode(str(path), look)
        if mode[_OTHERS].strip("-") == "":
            continue
        if not is_encrypted(host.read(str(path), look) or ""):
            found.append(f"{path} ({mode})")
    return tuple(found)


def open_mounts(manifests: Sequence[Path]) -> tuple[str, ...]:
    """Give the secrets that are mounted for everybody in their container."""
    return tuple(
        f"secret {name} (defaultMode {mode:04o})"
        for path in manifests
        for name, mode in _mounted(path)
        if mode & _EVERYBODY
    )


def _mounted(path: Path) -> Iterator[tuple[str, int]]:
    try:
        return mounted_modes(parsed_yaml(path.read_text("utf-8")))
    except OSError as error:
        reason = f"{path.name}: {error.strerror or 'cannot be read'}"
    except UnicodeDecodeError:
        reason = f"{path.name}: it is no text file"
    except Malformed as error:
        reason = f"{path.name}: {error}"
    raise LookError(reason, Cause.LOCAL, final=True)
