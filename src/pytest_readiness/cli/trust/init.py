"""``readiness trust init``: the small use; one root, who is you, and whom you name."""

from __future__ import annotations

import datetime as dt
import getpass
import re
from typing import TYPE_CHECKING

import tomlkit

from pytest_readiness.attest.trust_file import read_trust
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.catalogue.item import ROLES
from pytest_readiness.cli import console, unlocking
from pytest_readiness.cli.public_keys import of_arguments
from pytest_readiness.cli.trust import persons
from pytest_readiness.cli.trust.editing import key_table, signer_block, write_trust
from pytest_readiness.cli.trust.persons import PersonGiven
from pytest_readiness.cli.trust.place import Place
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_readiness.cli.public_keys import Public

__all__ = ["configure", "run"]

_DAYS = 365
_UNION = "*.intoto.jsonl merge=union\n"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--me", metavar="ID", help="your id, as in `alice`")
    persons.add_arguments(parser)
    parser.add_argument(
        "--signer",
        action="append",
        default=[],
        metavar="ID=ROLE,...",
        help="another person; the key is entered later with `trust add`; repeatable",
    )
    parser.add_argument(
        "--days", type=int, default=_DAYS, help="until the file expires (365)"
    )
    unlocking.add_arguments(parser.add_argument_group("your key"))


def run(arguments: argparse.Namespace) -> int:
    """Write the trust file; exit 0. Never over another one."""
    place = Place.of(arguments)
    path = place.files.trust
    if path.exists():
        what = "is there already"
        remedy = "change it with `readiness trust add` or `trust rotate`"
        raise ConfigError(str(path), what, remedy)
    key = of_arguments(arguments)
    me = _me(arguments)
    others = [_other(text) for text in arguments.signer]
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    text = _text(place, now, arguments.days, me, key, others)
    read_trust(text.encode(), str(path))
    write_trust(path, text)
    attributes = _merge_by_union(place.files.attestations.parent)
    _tell(path, attributes, me, others, as_json=arguments.json)
    return 0


def _me(arguments: argparse.Namespace) -> PersonGiven:
    """Take what was given, and ask for the rest where somebody can be asked."""
    asks = console.interactive()
    usual = re.sub(r"[^a-z0-9-]", "", getpass.getuser().lower()) or "me"
    given = arguments.me or (
        console.ask(f"Your id in the trust file [{usual}]") if asks else ""
    )
    name, roles = arguments.name, arguments.role
    if asks and not name:
        name = console.ask("Your name")
    if asks and not roles:
        console.show(console.wrapped(f"The roles: {', '.join(ROLES)}."))
        roles = [console.ask(f"Your roles, with commas, or '{persons.ALL}'")]
    found = persons.roles_of(roles, "--role")
    if not found:
        what = "you need at least one role, or nothing that you sign counts"
        raise ConfigError("--role", what, f"name some, or '{persons.ALL}'")
    return PersonGiven(
        persons.person_id(given or usual, "--me"),
        name,
        arguments.title,
        tuple(arguments.email),
        found,
    )


def _other(text: str) -> PersonGiven:
    name, separator, roles = text.partition("=")
    if not separator:
        raise ConfigError("--signer", f"{text!a} has no roles", "write ID=ROLE,ROLE")
    found = persons.roles_of([roles], f"--signer {name}")
    return PersonGiven(persons.person_id(name.strip(), "--signer"), roles=found)


def _text(
    place: Place,
    now: dt.datetime,
    days: int,
    me: PersonGiven,
    key: Public,
    others: Sequence[PersonGiven],
) -> str:
    head = tomlkit.document()
    head.add(tomlkit.comment("Whose signature counts; see `readiness trust check`."))
    head["format"] = "pytest-readiness/trust/1"
    head["system"] = place.configuration.system
    head["version"] = 1
    head["issued"] = now
    head["expires"] = now + dt.timedelta(days=days)
    root = tomlkit.table()
    root["threshold"] = 1
    root["people"] = [me.id]
    head["root"] = root
    blocks = [signer_block(me.table(), [key_table(key, now)])]
    blocks += [signer_block(one.table(), []) for one in others]
    return "\n".join([tomlkit.dumps(head), *blocks])


def _merge_by_union(folder: Path) -> Path:
    """Let git join two branches' signatures: the order of the lines has no meaning.

    The rule stands in the ledger's own folder, which is no part of the release: a
    signature does not make a release another one, nor does this.
    """
    path = folder / ".gitattributes"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = path.read_text() if path.exists() else ""
        if _UNION not in text:
            end = "" if not text or text.endswith("\n") else "\n"
            write_atomically(path, f"{text}{end}{_UNION}".encode())
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror})") from None
    return path


def _tell(
    path: Path,
    attributes: Path,
    me: PersonGiven,
    others: Sequence[PersonGiven],
    *,
    as_json: bool,
) -> None:
    if as_json:
        people = [me.id, *(one.id for one in others)]
        console.print_json(
            {"trust": str(path), "attributes": str(attributes), "people": people}
        )
        return
    lines = [
        f"{path} and {attributes} are written. Commit both.",
        f"You are {me.id}, with the roles {', '.join(me.roles)}.",
    ]
    lines += [
        f"{one.id} has no key yet: `readiness trust add {one.id} --public-key KEY`."
        for one in others
    ]
    lines.append(
        "Nobody outside this repository vouches for the file (small use): every report"
        " says so. `readiness trust check` shows who fills which role."
    )
    console.say(line for text in lines for line in console.wrapped(text))
