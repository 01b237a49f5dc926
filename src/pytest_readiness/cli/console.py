"""Talking with whoever runs a command: what they read, what they are asked.

Results go to standard output; questions, and what is shown to decide by, go to standard
error, so that a script can read the one without the other.
"""

from __future__ import annotations

import getpass
import json
import sys
import textwrap
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.rendering import printable
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ask",
    "ask_secret",
    "confirm",
    "interactive",
    "print_json",
    "say",
    "show",
    "wrapped",
]

WIDTH = 80


def interactive() -> bool:
    """Whether somebody sits at a terminal who can be asked."""
    return sys.stdin.isatty()


def wrapped(text: str, indent: str = "") -> list[str]:
    """Break a text into lines of at most 80 columns; words that are longer stay.

    Whatever the text holds, it cannot move the cursor.
    """
    lines = textwrap.wrap(
        printable(" ".join(text.split())),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines or [""]


def say(lines: Iterable[str]) -> None:
    """Print a result."""
    sys.stdout.writelines(f"{line}\n" for line in lines)


def show(lines: Iterable[str]) -> None:
    """Print what is no result: what is asked about, warnings, hints."""
    sys.stderr.writelines(f"{line}\n" for line in lines)


def print_json(value: object) -> None:
    """Print a result for scripts, on one line."""
    sys.stdout.write(json.dumps(value) + "\n")


def ask(question: str) -> str:
    """Ask for a line of text.

    Raises:
        ConfigError: nobody is there to answer.
    """
    if not interactive():
        raise ConfigError(question, "cannot be asked here", "give it as an option")
    sys.stderr.write(f"{printable(question)}: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def ask_secret(question: str) -> bytes:
    """Ask for a passphrase, which is not shown while it is typed."""
    return getpass.getpass(f"{question}: ").encode()


def confirm(question: str, *, yes: bool) -> bool:
    """Ask for a yes; ``yes`` says that it was given beforehand.

    Raises:
        ConfigError: nobody is there to answer, and nobody answered beforehand.
    """
    if yes:
        return True
    if not interactive():
        what = "needs your confirmation, and this is no terminal"
        raise ConfigError(question, what, "add --yes where nobody can be asked")
    return ask(f"{question} [y/N]").lower() in {"y", "yes"}
