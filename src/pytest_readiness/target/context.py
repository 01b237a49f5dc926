"""What the typed fields know while a file is read: where they stand, how to fill in.

Passed to pydantic as the validation context. It follows the fields from table to key,
so that a limit and a secret can say where they were written.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_readiness.target.references import Filled, check_references, is_reference
from pytest_readiness.target.secret import Secret
from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from pytest_readiness.target.references import References
    from pytest_readiness.target.secret import Redactor

__all__ = ["Context", "Keys", "Member", "Trail", "Unset", "place"]

Keys = tuple[str, ...]
"""Where a key stands: the tables around it, then itself."""
Trail = tuple[str | int, ...]
"""The same, into lists."""


class Member(dict[str, object]):
    """A table within a list or a table, which remembers its place there."""

    def __init__(self, table: dict[str, object], index: int | str) -> None:
        super().__init__(table)
        self.index = index


class Unset(ValueError):
    """A reference has no value here; ``reason`` says which and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def place(path: Keys) -> str:
    """Write where a key stands as a person looks for it: ``[table.table] key``."""
    *tables, key = path
    return f"[{'.'.join(tables)}] {key}" if tables else key


@dataclass
class Context:
    """One reading of one table.

    ``references`` is None where only the structure is checked: then every reference is
    unset. ``origins`` maps paths within the table to the table that wrote them, for
    targets that extend others; ``hidden`` collects the paths of secrets in fields that
    are not secret by type, with their names.
    """

    file: str
    base: Path
    redactor: Redactor
    references: References | None = None
    root: Keys = ()
    origins: Mapping[Keys, Keys] = field(default_factory=dict[Keys, Keys])
    hidden: dict[Trail, str] = field(default_factory=dict[Trail, str])
    unresolved: Mapping[str, str] = field(default_factory=dict[str, str])
    path: Trail = ()

    @contextmanager
    def at(self, key: str | int) -> Generator[None]:
        """Be within one key of a table, or one member of a list."""
        before = self.path
        self.path = (*before, key)
        try:
            yield
        finally:
            self.path = before

    @property
    def where(self) -> str:
        """The file, table and key of the present field."""
        keys = tuple(key for key in self.path if isinstance(key, str))
        return f"{self.file} {place(self.written(keys))}"

    def written(self, path: Keys) -> Keys:
        """Give the full path at which a key of this table was really written."""
        for length in range(len(path), 0, -1):
            origin = self.origins.get(path[:length])
            if origin is not None:
                return (*origin, *path)
        return (*self.root, *path)

    def secret(self, value: object) -> object:
        """Make a secret of a text; anything else stays for the type to refuse."""
        if not isinstance(value, str):
            return value
        if is_reference(value):
            filled = self._fill(value)
            secret = Secret(filled.text, filled.name, filled.problem)
        else:
            secret = Secret(value, self.where)
        if secret.available:
            self.redactor.add(secret.reveal())
        return secret

    def plain(self, value: object) -> object:
        """Fill in the references of a text, or of the texts in a list or a table.

        Tables in a list are left to their own type; they only get to know their place.
        """
        if is_list(value):
            return [
                Member(one, at) if is_table(one) else self._text(one, (*self.path, at))
                for at, one in enumerate(value)
            ]
        if is_table(value):
            return {k: self._text(one, (*self.path, k)) for k, one in value.items()}
        return self._text(value, self.path)

    def _text(self, value: object, path: Trail) -> object:
        if not isinstance(value, str) or not is_reference(value):
            return value
        filled = self._fill(value)
        if filled.secret:
            self.hidden[path] = filled.name
        if not filled.text:
            raise Unset(filled.problem or f"{filled.name} is empty")
        if filled.secret:
            self.redactor.add(filled.text)
        return filled.text

    def _fill(self, text: str) -> Filled:
        if self.references is None:
            check_references(text)
            return Filled(None, "reference", secret=False, problem="not looked at yet")
        return self.references.fill(text)
