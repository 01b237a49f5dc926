"""Reads the target file: TOML, types, inheritance; every mistake in one go.

The way of a file: :func:`.finding.find`, :func:`load`, then
:meth:`.configuration.Configuration.select`, which resolves the references of the one
target that is judged.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.blocks import Block, Resources
from pytest_readiness.target.configuration import Configuration, Targets
from pytest_readiness.target.context import Context
from pytest_readiness.target.finding import display, find
from pytest_readiness.target.inheritance import Merged, inherit, unknown_target
from pytest_readiness.target.mistakes import (
    Problem,
    TargetFileError,
    Unfilled,
    shown,
    translate,
)
from pytest_readiness.target.model import TARGET_NAME, Document, Header, Target
from pytest_readiness.target.references import COMMAND_TIMEOUT, References
from pytest_readiness.target.values import is_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_readiness.target.secret import Redactor

__all__ = ["find", "load"]

B = TypeVar("B", bound=Block)

_NOTHING: Mapping[str, str] = MappingProxyType({})
_MAX_FILE = 1 << 20
_SHARED = ("calendar", "not_applicable")
_POSITION = re.compile(r"\((?:at )?(line \d+, column \d+|at end of document)\)?")
_SYNTAX = (
    ("Cannot overwrite", "sets a key twice"),
    ("Cannot declare", "has a table twice"),
    ("Expected '='", "has a key without a value"),
    ("Invalid value", "has a value that TOML does not know"),
    ("Expected \"'", "has a text that does not end"),
    ("Unclosed", "has a list or table that does not end"),
    ("Unterminated string", "has a text that does not end"),
    ("Illegal character", "has a character that must be escaped"),
    ("Unescaped '\\'", "has a backslash that must be doubled"),
)


def load(
    path: Path,
    redactor: Redactor,
    environ: Mapping[str, str] | None = None,
    *,
    command_timeout: float = COMMAND_TIMEOUT,
) -> Configuration:
    """Read and check a target file.

    ``redactor`` learns every secret that is read, now or when a target is selected;
    ``environ`` is where ``${env:NAME}`` looks (default: the process's own).

    Raises:
        ConfigError: the file cannot be read or has mistakes; all are listed, one line
            each, and no value is quoted.
    """
    path = path.absolute()
    tree = _read(path)
    environ = os.environ if environ is None else environ
    references = References(path.parent, environ, command_timeout)
    return _Reading(path, display(path), tree, redactor, references).configuration()


def _read(path: Path) -> dict[str, object]:
    file = display(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE + 1)
    except OSError as error:
        what = f"cannot be read ({error.strerror or type(error).__name__})"
        raise ConfigError(file, what, "see `readiness example` for a new one") from None
    if len(data) > _MAX_FILE:
        raise ConfigError(file, "is larger than 1 MiB", "keep it to settings")
    try:
        return tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8 in line {line}"
        raise ConfigError(file, what, "save it as UTF-8") from None
    except ValueError as error:  # TOML's rules, or a number of 4,300 digits
        raise _syntax(file, str(error)) from None
    except RecursionError:
        raise ConfigError(file, "is nested too deeply", "keep it to tables") from None


def _syntax(file: str, message: str) -> ConfigError:
    """Say where TOML's rules are broken; the parser's own words quote the line."""
    found = _POSITION.search(message)
    position = f" {found[1]}" if found else ""
    rule = next((ours for theirs, ours in _SYNTAX if message.startswith(theirs)), "")
    what = rule or "is not valid TOML here"
    return ConfigError(f"{file}{position}", what, "see https://toml.io")


@dataclass
class _Reading:
    """One reading of one file."""

    path: Path
    file: str
    tree: dict[str, object]
    redactor: Redactor
    references: References

    def configuration(self) -> Configuration:
        problems: list[Problem] = []
        targets = self._targets(problems)
        head = {k: v for k, v in self.tree.items() if k not in {"target", *_SHARED}}
        context = self._context((), resolve=True)
        header, wrong, unfilled = _check(Header, Document, head, context)
        problems += wrong
        problems += [_unset(one) for one in unfilled]
        merged = {name: self._merged(name, targets, problems) for name in targets}
        for name, one in merged.items():
            problems += _check(Target, Target, one.tree, self._of(name, one))[1]
            problems += self._links(name, targets)
        problems += self._default(targets)
        if problems or header is None:
            raise TargetFileError(problems)
        return Configuration(
            path=self.path,
            system=header.system.name,
            organisation=header.system.organisation,
            release=header.release,
            suite=header.suite,
            gates={name: gate.stages for name, gate in header.gate.items()},
            trust=header.trust,
            approvals=header.approvals,
            store=header.store,
            default=header.default,
            targets=Targets(
                tuple(merged), lambda name: self._resolve(name, merged[name])
            ),
            references=self.references,
        )

    def _context(self, root: tuple[str, ...], *, resolve: bool) -> Context:
        return Context(
            file=self.file,
            base=self.path.parent,
            redactor=self.redactor,
            references=self.references if resolve else None,
            root=root,
        )

    def _of(self, name: str, merged: Merged, *, resolve: bool = False) -> Context:
        context = self._context(("target", name), resolve=resolve)
        context.origins = merged.origins
        return context

    def _targets(self, problems: list[Problem]) -> dict[str, object]:
        """Give the targets by name; say what is wrong with the names."""
        tables = self.tree.get("target", {})
        if not is_table(tables):
            what = "expected a table for each target"
            problems.append(Problem(f"{self.file} target", what, "write [target.NAME]"))
            return {}
        if not tables:
            what = "has no target"
            remedy = "add a table [target.NAME]; see `readiness example`"
            problems.append(Problem(self.file, what, remedy))
        for name in tables:
            if TARGET_NAME.fullmatch(name) is None:
                where = f"{self.file} [target.{shown(name)}]"
                what = "is no name of a target"
                remedy = "use up to 63 letters, digits, dots, hyphens and underscores"
                problems.append(Problem(where, what, remedy))
        return tables

    def _merged(
        self, name: str, targets: dict[str, object], problems: list[Problem]
    ) -> Merged:
        where = f"{self.file} [target.{shown(name)}]"
        if not is_table(targets[name]):
            problems.append(
                Problem(where, "expected a table", "see `readiness example`")
            )
            return Merged()
        shared = {key: self.tree[key] for key in _SHARED if key in self.tree}
        merged, wrong = inherit(name, targets, shared)
        if wrong:
            problems.append(
                Problem(f"{where} extends", wrong, "end the chain somewhere")
            )
        return merged

    def _links(self, name: str, targets: dict[str, object]) -> list[Problem]:
        """Check the names of other targets that a target gives."""
        table = targets[name]
        links = table if is_table(table) else {}
        problems: list[Problem] = []
        for key in ("extends", "candidate"):
            if isinstance(word := links.get(key), str):
                where = f"{self.file} [target.{shown(name)}] {key}"
                problems += filter(None, [unknown_target(where, word, targets)])
        return problems

    def _default(self, targets: dict[str, object]) -> list[Problem]:
        word = self.tree.get("default")
        if not isinstance(word, str) or not targets:
            return []
        found = unknown_target(f"{self.file} default", word, targets)
        return [found] if found else []

    def _resolve(
        self, name: str, merged: Merged, left_out: Mapping[str, str] = _NOTHING
    ) -> Target:
        """Fill in a target's references; leave out the blocks that have unset ones."""
        context = self._of(name, merged, resolve=True)
        context.unresolved = left_out
        target, problems, unfilled = _check(Target, Target, merged.tree, context)
        if target is not None:
            return target
        unset: dict[str, str] = {}
        for one in unfilled:
            table = Resources.table_of(one.path)
            if table is not None:
                unset.setdefault(table, f"{one.where}: {one.reason}")
            else:
                problems.append(_unset(one))
        if problems:
            raise TargetFileError(problems)
        rest = _without(merged.tree, unset)
        return self._resolve(name, Merged(rest, merged.origins), unset)


def _without(tree: Mapping[str, object], gone: Iterable[str]) -> dict[str, object]:
    """Give a target's tree without some of its resources."""
    rest = dict(tree)
    for table in gone:
        name, _, member = table.partition(".")
        several = rest.pop(name)
        if member and is_table(several):
            rest[name] = {key: one for key, one in several.items() if key != member}
    return rest


def _unset(one: Unfilled) -> Problem:
    return Problem(one.where, one.reason, "set it where the run can read it")


def _check(
    model: type[B], known: type[Block], tree: Mapping[str, object], context: Context
) -> tuple[B | None, list[Problem], list[Unfilled]]:
    """Validate one table; ``known`` is the type that says which keys there are."""
    try:
        return model.model_validate(tree, context=context), [], []
    except ValidationError as error:
        problems, unfilled = translate(error, known, context, tree)
        return None, problems, unfilled
