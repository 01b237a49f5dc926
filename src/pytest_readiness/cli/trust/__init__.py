"""``readiness trust``: whose signature counts: written, changed, approved, checked."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from pytest_readiness.cli.trust.place import add_arguments

if TYPE_CHECKING:
    import argparse
    from types import ModuleType

__all__ = ["ACTIONS", "configure", "run"]

ACTIONS = {
    "init": "write a trust file: you as its root, and who signs in which role",
    "add": "enter a person, a key or a role",
    "rotate": "replace a key or a root, or issue the file anew before it expires",
    "approve": "sign this version of the file, as one of its roots",
    "check": "hold the file against its rules: who, which roles, until when, pinned",
    "snapshot": "sign the list of all statements, so that none can vanish unseen",
}
"""Each is a module here with ``configure(parser)`` and ``run(arguments) -> int``."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in ACTIONS.items():
        action = actions.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        add_arguments(action)
        _module(name).configure(action)
        action.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; see the actions for their exit codes."""
    code: int = _module(arguments.action).run(arguments)
    return code


def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")
