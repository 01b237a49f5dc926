"""``readiness trust add``: a person, a key, a role; a new version each time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.cli.public_keys import of_text
from pytest_readiness.cli.trust import persons
from pytest_readiness.cli.trust.editing import key_table, signer_block
from pytest_readiness.cli.trust.persons import PersonGiven
from pytest_readiness.cli.trust.place import Place
from pytest_readiness.cli.trust.versions import begin, finish

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("person", metavar="PERSON", help="the id, as in `alice`")
    persons.add_arguments(parser)
    parser.add_argument(
        "--public-key",
        metavar="KEY",
        help="the OpenSSH line in quotes, or a file (.pub, PEM); never a private key",
    )
    parser.add_argument(
        "--machine", action="store_true", help="a job, which never attests items"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the next version; exit 0."""
    place = Place.of(arguments)
    now = dt.datetime.now(dt.UTC)
    edit = begin(place)
    person = PersonGiven(
        persons.person_id(arguments.person, "PERSON"),
        arguments.name,
        arguments.title,
        tuple(arguments.email),
        persons.roles_of(arguments.role, "--role"),
        arguments.machine,
    )
    text = arguments.public_key
    keys = [] if text is None else [key_table(of_text(text), now)]
    if person.id not in edit.trust.by_id:
        edit.append(signer_block(person.table(), keys))
    else:
        edit.describe(
            person.id,
            {
                "name": person.name,
                "title": person.title,
                "emails": list(person.emails),
                "kind": "machine" if person.machine else "",
            },
        )
        if person.roles:
            edit.add_roles(person.id, person.roles)
        for key in keys:
            edit.add_key(person.id, key)
    finish(place, edit, now, as_json=arguments.json)
    return 0
