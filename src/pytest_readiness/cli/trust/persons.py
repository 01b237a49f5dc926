"""Persons as they are given on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.trust_tables import MACHINE_ROLES, REVOKER
from pytest_readiness.catalogue.item import ROLES
from pytest_readiness.errors import ConfigError
from pytest_readiness.target.values import near

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

__all__ = ["ALL", "PersonGiven", "add_arguments", "person_id", "roles_of"]

ALL = "all"
"""Stands for the checklist's ten roles and the revoker's."""
_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
_KNOWN = (*ROLES, *MACHINE_ROLES)


@dataclass(frozen=True, slots=True)
class PersonGiven:
    """A signer, as somebody enters it."""

    id: str
    name: str = ""
    title: str = ""
    emails: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    machine: bool = False

    def table(self) -> dict[str, object]:
        """Give what a trust file says of it, the keys aside."""
        return {
            "person": self.id,
            "name": self.name or self.id,
            "title": self.title,
            "emails": list(self.emails),
            "kind": "machine" if self.machine else "",
            "roles": list(self.roles),
        }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what a person is called."""
    parser.add_argument("--name", default="", help="as people know it")
    parser.add_argument("--title", default="", help="shown beside the name")
    parser.add_argument(
        "--email",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="as in commits, so that nobody approves an own change; repeatable",
    )
    parser.add_argument(
        "--role",
        action="append",
        default=[],
        metavar="ROLE,...",
        help=f"what the person signs as, or '{ALL}'; repeatable",
    )


def person_id(text: str, where: str) -> str:
    """Check a person's id.

    Raises:
        ConfigError: it is none.
    """
    if not _ID.fullmatch(text):
        what = f"{text!a} is no person's id"
        remedy = "small letters, digits and hyphens, as in `alice` or `jane-doe`"
        raise ConfigError(where, what, remedy)
    return text


def roles_of(texts: Iterable[str], where: str) -> tuple[str, ...]:
    """Read roles, separated by commas.

    Raises:
        ConfigError: one is not known.
    """
    words = [word for text in texts for word in text.replace(",", " ").split()]
    if words == [ALL]:
        return (*ROLES, REVOKER)
    for word in words:
        if word not in _KNOWN:
            meant = near(word, list(_KNOWN))
            remedy = f"is `{meant}` meant?" if meant else f"one of {', '.join(_KNOWN)}"
            raise ConfigError(where, f"there is no role {word!a}", remedy)
    return tuple(dict.fromkeys(words))
