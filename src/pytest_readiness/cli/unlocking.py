"""Whose key signs: a file or ssh-agent, unlocked once for a whole command."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from pytest_readiness.attest.agent import Agent
from pytest_readiness.attest.keys import PrivateKey, WrongPassphraseError
from pytest_readiness.cli import console
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_readiness.attest.keys import Signer

__all__ = [
    "PASSPHRASE",
    "add_arguments",
    "add_passphrase_file",
    "default_key",
    "passphrase_given",
    "unlock",
]

PASSPHRASE = "READINESS_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
"""Environment variable that holds the key's passphrase, where nobody can type it."""

_TRIES = 3
_MAX_PASSPHRASE = 4096
_FINGERPRINT = "SHA256:"


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare which key signs."""
    which = group.add_mutually_exclusive_group()
    which.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="private key, PEM or OpenSSH (default: that of `readiness keys new`)",
    )
    which.add_argument(
        "--agent",
        nargs="?",
        const="",
        type=_fingerprint,
        metavar="SHA256:...",
        help="sign through ssh-agent, with this key where it has several",
    )
    add_passphrase_file(group)


def add_passphrase_file(group: argparse._ActionsContainer) -> None:
    """Declare where the passphrase is, when nobody types it."""
    group.add_argument(
        "--passphrase-file",
        type=Path,
        metavar="FILE",
        help=f"holds the key's passphrase (else {PASSPHRASE}, else you are asked)",
    )


def default_key() -> Path:
    """Give where your own key is: in your configuration folder."""
    return platformdirs.user_config_path("pytest-readiness") / "key"


def unlock(arguments: argparse.Namespace, *, known: Iterable[str] = ()) -> Signer:
    """Take the key that was asked for; its passphrase is asked once.

    Args:
        arguments: As :func:`add_arguments` declares them.
        known: Fingerprints among which an agent's only key is looked for.

    Raises:
        AttestationError: there is no such key, or it cannot be unlocked.
    """
    if arguments.agent is not None:
        return _of_agent(arguments.agent, frozenset(known))
    path: Path = arguments.key or default_key()
    if arguments.key is None and not path.exists():
        what = "is not there: you have no key yet"
        remedy = "make one with `readiness keys new`, or name one: --key, --agent"
        raise AttestationError(str(path), what, remedy)
    given = passphrase_given(arguments)
    if given is not None or not console.interactive():
        return PrivateKey.read(path, given or _nobody_to_ask(path))
    return _ask_and_read(path)


def passphrase_given(arguments: argparse.Namespace) -> Callable[[], bytes] | None:
    """Give the passphrase that a file or the environment holds; None where none does.

    Raises:
        AttestationError: when called, where the file cannot be read.
    """
    path: Path | None = arguments.passphrase_file
    if path is not None:
        return lambda: _read_passphrase(path)
    if os.environ.get(PASSPHRASE):
        return os.environ[PASSPHRASE].encode
    return None


def _read_passphrase(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_PASSPHRASE).rstrip(b"\r\n")
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise AttestationError(str(path), what, "name another file") from None


def _ask_and_read(path: Path) -> Signer:
    def ask() -> bytes:
        return console.ask_secret(f"passphrase of {path}")

    for _ in range(_TRIES - 1):
        try:
            return PrivateKey.read(path, ask)
        except WrongPassphraseError as error:
            console.show([f"{error}, or try again"])
    return PrivateKey.read(path, ask)


def _nobody_to_ask(path: Path) -> Callable[[], bytes]:
    def refuse() -> bytes:
        what = "is protected by a passphrase, and this is no terminal"
        remedy = f"give --passphrase-file, {PASSPHRASE} or --agent"
        raise WrongPassphraseError(str(path), what, remedy)

    return refuse


def _fingerprint(text: str) -> str:
    if text and not text.startswith(_FINGERPRINT):
        msg = f"{text!a} is no fingerprint (SHA256:...); put --agent alone last"
        raise argparse.ArgumentTypeError(msg)
    return text


def _of_agent(fingerprint: str, known: frozenset[str]) -> Signer:
    agent = Agent.from_environ(os.environ)
    if fingerprint:
        return agent.key(fingerprint)
    held = agent.keys()
    fitting = [key for key in held if not known or key.fingerprint in known]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(key.fingerprint for key in fitting)
        what, remedy = (
            f"several of its keys could sign: {names}",
            "name one: --agent SHA256:...",
        )
    elif held:
        names = ", ".join(key.fingerprint for key in held)
        what = f"none of its keys is in the trust file: {names}"
        remedy = "add yours with ssh-add"
    else:
        what = "holds no Ed25519 or ECDSA P-256 key"
        remedy = "add yours with ssh-add"
    raise AttestationError("ssh-agent", what, remedy)
