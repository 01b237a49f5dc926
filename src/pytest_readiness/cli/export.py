"""``readiness export``: what other people's tools read of ours."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest.envelope import Envelope
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.cli import lines
from pytest_readiness.cli.trust.place import Place, add_arguments
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_readiness.attest.trust import Trust

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="WHAT", required=True)
    signers = actions.add_parser(
        "allowed-signers",
        help="the signers' keys, for `git verify-commit` and `ssh-keygen -Y verify`",
        allow_abbrev=False,
    )
    one = actions.add_parser(
        "statement",
        help="one signed statement, for in-toto and DSSE tools",
        allow_abbrev=False,
    )
    one.add_argument(
        "payload", metavar="PAYLOAD", help="its sha256; eight digits are enough"
    )
    one.add_argument(
        "--decoded",
        action="store_true",
        help="the statement alone, which is signed as it is, without its envelope",
    )
    for action in (signers, one):
        action.add_argument("-o", "--to", type=Path, metavar="FILE")
        add_arguments(action)


def run(arguments: argparse.Namespace) -> int:
    """Print it, or write it to a file; exit 0."""
    place = Place.of(arguments)
    if arguments.action == "allowed-signers":
        text = "".join(f"{line}\n" for line in _allowed(place.trust()))
    else:
        text = _statement(place, arguments.payload, decoded=arguments.decoded)
    path: Path | None = arguments.to
    if path is None:
        sys.stdout.write(text)
        return 0
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror})") from None
    return 0


def _allowed(trust: Trust) -> Iterator[str]:
    """Write the keys as ssh-keygen(1) has them, ALLOWED SIGNERS; compromised ones not.

    Who has no mail address is known by its id.
    """
    for person in trust.people:
        principals = ",".join(filter(_plain, person.emails)) or person.id
        for key in person.keys:
            if key.compromised:
                continue
            window = (
                f'valid-after="{_stamp(key.not_before)}"'
                f',valid-before="{_stamp(key.not_after)}"'
            )
            yield f'{principals} namespaces="git",{window} {key.key.openssh(person.id)}'


def _plain(email: str) -> bool:
    """Whether a mail address is one principal, and nothing else to ssh-keygen."""
    return email.isascii() and not set(email) & set(' ",*?!\\') and email.isprintable()


def _stamp(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y%m%d%H%M%SZ}"


def _statement(place: Place, word: str, *, decoded: bool) -> str:
    if not lines.is_payload(word):
        what = f"{word!a} is no payload's sha256"
        raise ConfigError("PAYLOAD", what, "give at least eight of its digits")
    found = {
        raw.payload_sha256: raw.line
        for raw in lines.raw_lines(place.files)
        if raw.payload_sha256.startswith(word)
    }
    line = found[lines.one_of(list(found), word)]
    if decoded:
        return Envelope.parse(line).payload.decode()
    return json.dumps(json.loads(line)) + "\n"
