"""Public keys as people hand them on: a line, a file, a key of ssh-agent."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import tomli_w

from pytest_readiness.attest.keys import PublicKey
from pytest_readiness.cli import unlocking
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    import argparse

__all__ = ["VALIDITY", "Public", "of_arguments", "of_text", "trust_lines"]

VALIDITY = dt.timedelta(days=365)
"""How long a key is entered for, where nothing else is said."""
_MAX_FILE = 64 * 1024
_PRIVATE = "PRIVATE KEY-----"


class Public(NamedTuple):
    """A public key and whatever was written beside it."""

    key: PublicKey
    comment: str = ""

    @property
    def line(self) -> str:
        """The key as an OpenSSH line."""
        return self.key.openssh(self.comment)


def of_arguments(arguments: argparse.Namespace) -> Public:
    """Give the public half of the key that ``--key`` or ``--agent`` names.

    The passphrase is only asked where the public half does not lie beside the key.

    Raises:
        AttestationError: there is no such key.
    """
    if arguments.agent is None:
        path: Path = arguments.key or unlocking.default_key()
        found = _beside(path)
        if found is not None:
            return found
    signer = unlocking.unlock(arguments)
    key = PublicKey.from_blob(signer.blob)
    return Public(key, getattr(signer, "comment", ""))


def of_text(text: str) -> Public:
    """Give the key that a text is, or the file that it names holds.

    Raises:
        AttestationError: it is neither; a private key is refused with a word of its
            own, since it has no business there.
    """
    if text.startswith(("ssh-", "ecdsa-", "-----BEGIN ")):
        return _parse(text, "the key")
    found = _beside(Path(text))
    if found is None:
        what = "is no public key, nor a file that holds one"
        raise AttestationError(text, what, "give the line of the `.pub` file")
    return found


def trust_lines(found: Public, now: dt.datetime) -> list[str]:
    """Write the key as a trust file has it."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    end = start + VALIDITY
    return [
        "[[signer.key]]",
        tomli_w.dumps({"key": found.line}).strip(),
        f"not_before = {start:%Y-%m-%dT%H:%M:%SZ}",
        f"not_after = {end:%Y-%m-%dT%H:%M:%SZ}",
    ]


def _beside(path: Path) -> Public | None:
    """Read a public key's file, or the one that lies beside a private key."""
    for place in (path, path.with_name(f"{path.name}.pub")):
        try:
            with place.open("rb") as file:
                text = file.read(_MAX_FILE).decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if _PRIVATE not in text:
            return _parse(text, str(place))
    return None


def _parse(text: str, where: str) -> Public:
    key = PublicKey.load(text, where)
    words = text.strip().split(" ", 2)
    is_pem = text.lstrip().startswith("-----BEGIN ")
    has_comment = not is_pem and len(words) > 2  # noqa: PLR2004 - kind, key, comment
    return Public(key, words[2] if has_comment else "")
