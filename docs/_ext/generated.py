"""Tables that the code already holds: no page repeats them, so none can drift.

In a page: a directive ``generated`` whose argument names one of :data:`TABLES`.
"""

from __future__ import annotations

import contextlib
import io
import os
from argparse import ArgumentParser
from importlib import import_module
from typing import TYPE_CHECKING, ClassVar

from sphinx.util.docutils import SphinxDirective

from pytest_readiness.attest.codes import table as signature_codes
from pytest_readiness.cli import COMMANDS, main
from pytest_readiness.cli.trust import ACTIONS
from pytest_readiness.demo import faults
from pytest_readiness.plugin.entry import OPTIONS
from pytest_readiness.target.presets import PRESETS
from pytest_readiness.verdict.codes import MEANING
from pytest_readiness.verdict.gate import GATES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from docutils import nodes
    from sphinx.application import Sphinx

    Rows = Iterable[tuple[str, ...]]


def codes() -> Rows:
    """Give the codes beside a state."""
    yield "code", "means"
    for code, meaning in MEANING.items():
        yield f"`{code}`", meaning


def commands() -> Rows:
    """Give the subcommands."""
    yield "command", "does"
    for name, text in COMMANDS.items():
        yield f"`readiness {name}`", text


def help_of(*words: str) -> str:
    """Give what ``--help`` prints, at 80 columns wherever the page is built."""
    printed = io.StringIO()
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            main([*words, "--help"])
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return printed.getvalue()


SIGNING = {
    "keys": ("new", "show"),
    "trust": tuple(ACTIONS),
    "attest": (),
    "waive": (),
    "revoke": (),
    "todo": (),
    "request": (),
    "sign": (),
    "import": (),
    "export": ("allowed-signers", "statement"),
}
"""The commands that sign, or work on what is signed, with their actions."""


def help_of_signing() -> str:
    """Give the help of those commands, a heading each."""
    calls = [(name, *more) for name in SIGNING for more in _actions(SIGNING[name])]
    return "\n".join(
        f"### `{' '.join(call)}`\n\n```text\n{help_of(*call)}```\n" for call in calls
    )


def _actions(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [(name,) for name in names] or [()]


def gates() -> Rows:
    """Give the built-in gates."""
    yield "gate", "asks the stages"
    for gate in GATES.values():
        yield f"`{gate.name}`", ", ".join(gate.stages)


def options() -> Rows:
    """Give the settings in their three forms."""
    yield "option", "ini key", "variable", "sets"
    for option in OPTIONS:
        flag = f"{option.flag} {option.metavar}".strip()
        # What must come from outside the repository is never read from an ini in it.
        ini = "none" if option.outside else f"`{option.dest}`"
        yield f"`{flag}`", ini, f"`{option.variable}`", option.help


def arguments(command: str) -> Rows:
    """Give a command's arguments."""
    parser = ArgumentParser(add_help=False)
    import_module(f"pytest_readiness.cli.{command}").configure(parser)
    yield "argument", "what it is"
    for action in parser._actions:  # noqa: SLF001  # argparse has no other way
        metavar = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        word = action.option_strings[0] if action.option_strings else ""
        yield f"`{f'{word} {metavar}'.strip()}`", action.help or ""


def presets() -> Rows:
    """Give the facts of each exporter."""
    yield "preset", "facts"
    for name, facts in PRESETS.items():
        yield f"`{name}`", ", ".join(f"`{fact}`" for fact in facts)


def markdown(rows: Rows) -> str:
    """Write rows, the first of which is the head, as a Markdown table."""
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def arguments_of(command: str) -> Callable[[], str]:
    """Give the table of a command's arguments."""
    return lambda: markdown(arguments(command))


TABLES: dict[str, Callable[[], str]] = {
    **{f"arguments-{command}": arguments_of(command) for command in COMMANDS},
    "codes": lambda: markdown(codes()),
    "commands": lambda: markdown(commands()),
    "faults": faults.table,
    "help-of-signing": help_of_signing,
    "signature-codes": signature_codes,
    "gates": lambda: markdown(gates()),
    "options": lambda: markdown(options()),
    "presets": lambda: markdown(presets()),
}


class Generated(SphinxDirective):
    """Put one of :data:`TABLES` into the page."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """Give the table's nodes, parsed as the page's own Markdown is."""
        return self.parse_text_to_nodes(TABLES[self.arguments[0]]())


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
