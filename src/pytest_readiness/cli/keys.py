"""``readiness keys``: make a key to sign with, and show what others need of it."""

from __future__ import annotations

import contextlib
import datetime as dt
import getpass
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest.key_files import write_new
from pytest_readiness.attest.keys import KeyKind, PrivateKey
from pytest_readiness.cli import console, unlocking
from pytest_readiness.cli.public_keys import Public, of_arguments, trust_lines
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    import argparse

__all__ = ["add_no_passphrase", "configure", "make", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("new", help="make a key", allow_abbrev=False)
    new.add_argument(
        "--out", type=Path, metavar="FILE", help="where (default: your own folder)"
    )
    new.add_argument(
        "--type", choices=list(map(str, KeyKind)), default=str(KeyKind.ED25519)
    )
    new.add_argument("--format", choices=["openssh", "pem"], default="openssh")
    new.add_argument("--comment", default="", help="beside the public key")
    unlocking.add_passphrase_file(new)
    add_no_passphrase(new)
    new.add_argument("--json", action="store_true", help="for scripts")
    show = actions.add_parser("show", help="show its public half", allow_abbrev=False)
    unlocking.add_arguments(show.add_argument_group("which key"))
    show.add_argument("--json", action="store_true", help="for scripts")


def add_no_passphrase(parser: argparse.ArgumentParser) -> None:
    """Declare that a new key is not protected."""
    parser.add_argument(
        "--no-passphrase",
        action="store_true",
        help="a new key has none: whoever can read its file can sign in your name",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make a key, or show one; exit 0."""
    if arguments.action == "new":
        path: Path = arguments.out or unlocking.default_key()
        comment = arguments.comment or f"{getpass.getuser()}@{platform.node()}"
        pem = arguments.format == "pem"
        kind = KeyKind(arguments.type)
        key = make(path, arguments, kind=kind, comment=comment, pem=pem)
        _show(Public(key.public, comment), path, as_json=arguments.json)
        return 0
    path_or_none = arguments.key or unlocking.default_key()
    if arguments.agent is not None:
        path_or_none = None
    _show(of_arguments(arguments), path_or_none, as_json=arguments.json)
    return 0


def make(
    path: Path,
    arguments: argparse.Namespace,
    *,
    kind: KeyKind = KeyKind.ED25519,
    comment: str = "",
    pem: bool = False,
) -> PrivateKey:
    """Make a key and keep it; it is never written over another.

    Raises:
        AttestationError: there is one already, or nobody can be asked for a passphrase.
    """
    if path.exists():
        # Before anybody thinks of a passphrase for it.
        what = "is there already, and no key is ever overwritten"
        raise AttestationError(str(path), what, "name another file with --out")
    if not comment.isprintable():
        raise AttestationError("--comment", "is not one line of text", "leave it out")
    passphrase = _new_passphrase(path, arguments)
    key = PrivateKey.generate(kind)
    with contextlib.suppress(OSError):  # then the files cannot be written either
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_new(path, key, passphrase=passphrase, comment=comment, pem=pem)
    return key


def _new_passphrase(path: Path, arguments: argparse.Namespace) -> bytes | None:
    if arguments.no_passphrase:
        return None
    given = unlocking.passphrase_given(arguments)
    if given is not None:
        return given() or _empty(path)
    if not console.interactive():
        what = "needs a passphrase, and this is no terminal"
        remedy = "give --passphrase-file, or --no-passphrase"
        raise AttestationError(str(path), what, remedy)
    first = console.ask_secret("passphrase for the new key") or _empty(path)
    if console.ask_secret("the same again") != first:
        what = "is not made: the passphrases differ"
        raise AttestationError(str(path), what, "try again")
    return first


def _empty(path: Path) -> bytes:
    what = "is not made: the passphrase is empty"
    raise AttestationError(str(path), what, "give one, or say --no-passphrase")


def _show(found: Public, path: Path | None, *, as_json: bool) -> None:
    now = dt.datetime.now(dt.UTC)
    lines = trust_lines(found, now)
    if as_json:
        console.print_json(
            {
                "fingerprint": found.key.fingerprint,
                "kind": str(found.key.kind),
                "openssh": found.line,
                "pem": found.key.pem,
                "trust": "\n".join(lines) + "\n",
                "file": None if path is None else str(path),
            }
        )
        return
    where = [] if path is None else [f"private key  {path}"]
    console.say(
        [
            *where,
            f"fingerprint  {found.key.fingerprint}",
            "",
            found.line,
            "",
            *found.key.pem.splitlines(),
            "",
            "For the trust file, below your [[signer]]:",
            "",
            *lines,
        ]
    )
