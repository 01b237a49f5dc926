"""The ``readiness`` command: one module a subcommand, loaded when it is called."""

from __future__ import annotations

import argparse
import keyword
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import pytest_readiness

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "check": "hold the suite against its lock, the target file against its types",
    "run": "judge the target: pytest --readiness with nothing foreign around it",
    "plan": "list what a run would connect to, send, start and read",
    "explain": "say what an item asks, of whom, and where it looks",
    "grants": "print the least that the accounts of probes need",
    "keys": "make a key to sign with, or show its public half",
    "trust": "say whose signature counts: write, change, approve, check the file",
    "attest": "sign what no probe can see, or that it does not hold",
    "waive": "approve a deviation that has an end",
    "revoke": "take a signature back",
    "todo": "what waits for whom, what runs out, where the go-live is",
    "request": "ask somebody to sign who has no clone of this repository",
    "sign": "sign what a request asks, with nothing but the request",
    "import": "take in what somebody signed elsewhere",
    "stamp": "say of a file which release it was made from",
    "deployed": "sign when a release was deployed, and where",
    "certify": "judge once more and sign that the release may go live",
    "verify": "check a certificate against what is about to be deployed",
    "bundle": "pack all that was judged, signed and certified, with a script to verify",
    "export": "the signers' keys, or one statement, for other tools",
    "merge": "make one report of signed runs from several vantage points",
    "diff": "what is better, worse, new, gone or stale since an earlier report",
    "render": "write every format again from a report.json",
    "attach": "put the report on a ticket, in the place of the earlier one",
    "badge": "the verdict as a picture, or for shields.io",
    "example": "print an annotated target file, or its JSON Schema",
    "faults": "list the named ways to break the demo target, or run them all",
}
"""Each is a module here with ``configure(parser)`` and ``run(arguments) -> int``."""

_USAGE, _INTERRUPTED = 4, 2
"""As pytest: the user's mistake; the user has stopped it."""


class _Parser(argparse.ArgumentParser):
    """Argparse's own code for a mistake is 2, which is pytest's for an interruption."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(_USAGE, f"{self.prog}: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand and give its exit code; errors are one line, no traceback."""
    from pytest_readiness.errors import ReadinessError  # noqa: PLC0415  # start-up

    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = _Parser(prog="readiness", description="May this system go live?")
    version = f"readiness {pytest_readiness.__version__}"
    parser.add_argument("--version", action="version", version=version)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    chosen = next((word for word in given if word in COMMANDS), None)
    for name, text in COMMANDS.items():
        # No abbreviations: pytest's own `--co` would be `--config` of `run`.
        subparser = subparsers.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        if name == chosen:
            _module(name).configure(subparser)
    namespace, rest = parser.parse_known_args(given)
    if rest and namespace.command != "run":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    namespace.rest = rest
    try:
        code: int = _module(namespace.command).run(namespace)
        sys.stdout.flush()
    except ReadinessError as error:
        sys.stderr.write(f"readiness: {error}\n")
        return _USAGE
    except (KeyboardInterrupt, EOFError):
        sys.stderr.write("\nreadiness: interrupted, nothing was done\n")
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has had enough; the interpreter's own last flush must not
        # complain about it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _USAGE
    return code


def _module(command: str) -> ModuleType:
    # A module cannot be called `import`.
    name = f"{command}_" if keyword.iskeyword(command) else command
    return import_module(f"{__name__}.{name}")
