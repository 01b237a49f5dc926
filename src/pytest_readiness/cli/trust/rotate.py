"""``readiness trust rotate``: another key, another root, or just a later end."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.cli.public_keys import of_text
from pytest_readiness.cli.trust.editing import key_table
from pytest_readiness.cli.trust.place import Place
from pytest_readiness.cli.trust.versions import begin, finish
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.cli.trust.editing import Edit

__all__ = ["configure", "run"]

_DAYS = 365


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    key = parser.add_argument_group("a key")
    key.add_argument("--person", metavar="PERSON", help="whose key is replaced")
    key.add_argument("--public-key", metavar="KEY", help="the new one: line or file")
    old = key.add_mutually_exclusive_group()
    old.add_argument(
        "--end-old",
        action="store_true",
        help="the old keys end now, and with them all that they signed",
    )
    old.add_argument(
        "--compromised",
        action="store_true",
        help="the old keys are somebody else's as well: nothing they signed counts",
    )
    root = parser.add_argument_group("the roots, who approve the next versions")
    root.add_argument("--add-root", action="append", default=[], metavar="PERSON")
    root.add_argument("--remove-root", action="append", default=[], metavar="PERSON")
    root.add_argument("--root-threshold", type=int, metavar="NUMBER")
    parser.add_argument(
        "--days", type=int, default=_DAYS, help="until the file expires (365)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the next version; exit 0."""
    place = Place.of(arguments)
    now = dt.datetime.now(dt.UTC)
    edit = begin(place)
    _rotate_key(edit, arguments, now)
    root = edit.trust.root
    removed = set(arguments.remove_root)
    for name in removed.difference(root.people):
        what = f"{name!a} is no root"
        raise ConfigError("--remove-root", what, f"they are {', '.join(root.people)}")
    people = [one for one in root.people if one not in removed]
    people += [one for one in arguments.add_root if one not in people]
    edit.set_root(people, arguments.root_threshold or root.threshold)
    until = now + dt.timedelta(days=arguments.days)
    finish(place, edit, now, expires=until, as_json=arguments.json)
    return 0


def _rotate_key(edit: Edit, arguments: argparse.Namespace, now: dt.datetime) -> None:
    old = arguments.end_old or arguments.compromised
    if arguments.person is None:
        if arguments.public_key or old:
            what = "whose key it is has not been said"
            raise ConfigError("--person", what, "add --person PERSON")
        return
    if not (arguments.public_key or old):
        what = "what becomes of the key has not been said"
        remedy = "add --public-key, --end-old or --compromised"
        raise ConfigError("--person", what, remedy)
    if old:
        at = None if arguments.compromised else now
        ended = edit.end_keys(
            arguments.person, at=at, compromised=arguments.compromised
        )
        if not ended:
            what = f"{arguments.person} has no key that still counts"
            raise ConfigError("--person", what, "see `readiness trust check`")
    if arguments.public_key:
        edit.add_key(arguments.person, key_table(of_text(arguments.public_key), now))
