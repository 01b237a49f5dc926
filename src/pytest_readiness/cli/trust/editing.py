"""Changing a trust file that people also write by hand: their comments stay theirs.

Only what changes is touched. Whatever an edit would lose or say otherwise than was
meant is found before anything is written, and then nothing is.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, cast

import tomlkit

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.trust_file import read_trust
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.cli.public_keys import VALIDITY
from pytest_readiness.errors import AttestationError, ConfigError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.cli.public_keys import Public

__all__ = ["Edit", "key_table", "signer_block", "write_trust"]

_BY_HAND = "change it by hand, then run `readiness trust check`"


def key_table(key: Public, now: dt.datetime) -> dict[str, object]:
    """Give a key's table, valid from today on."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return {"key": key.line, "not_before": start, "not_after": start + VALIDITY}


def signer_block(
    person: Mapping[str, object], keys: Sequence[Mapping[str, object]]
) -> str:
    """Write a ``[[signer]]`` with its keys."""
    table = tomlkit.table()
    table.update({name: value for name, value in person.items() if value})
    signer = tomlkit.aot()
    signer.append(table)
    if keys:
        table["key"] = [dict(key) for key in keys]
    document = tomlkit.document()
    document["signer"] = signer
    return tomlkit.dumps(document)


class Edit:
    """A trust file under change."""

    def __init__(self, path: Path, data: bytes) -> None:
        self._path = path
        self._before = data
        self._trust = read_trust(data, str(path))
        self._document = tomlkit.parse(data.decode())
        self._appended = ""

    @property
    def trust(self) -> Trust:
        """The file as it was before the change."""
        return self._trust

    def issue(self, version: int, now: dt.datetime, until: dt.datetime) -> None:
        """Set the version and its dates."""
        start = now.replace(microsecond=0)
        self._document["version"] = version
        self._document["issued"] = start
        self._document["expires"] = until.replace(microsecond=0)

    def append(self, block: str) -> None:
        """Put tables at the file's end."""
        self._appended += f"\n{block}"

    def describe(self, person: str, values: Mapping[str, object]) -> None:
        """Set what a person is called."""
        table = self._person(person)
        for name, value in values.items():
            if value:
                table[name] = value

    def add_roles(self, person: str, roles: Iterable[str]) -> None:
        """Give a person more roles; those that it has stay."""
        table = self._person(person)
        has = table.setdefault("roles", tomlkit.array())
        for role in roles:
            if role not in has:
                has.append(role)

    def add_key(self, person: str, key: Mapping[str, object]) -> None:
        """Give a person one more key."""
        table = self._person(person)
        new = tomlkit.table()
        new.update(dict(key))
        keys = table.get("key")
        if keys is None:
            keys = tomlkit.aot()
            keys.append(new)
            table["key"] = keys
        else:
            keys.append(new)

    def end_keys(
        self, person: str, *, at: dt.datetime | None = None, compromised: bool = False
    ) -> int:
        """End a person's keys, or mark them as compromised; give how many."""
        ended = 0
        for key in self._person(person).get("key", []):
            if compromised and key.get("status") != "compromised":
                key["status"] = "compromised"
                ended += 1
            elif at is not None and key["not_before"] < at < key["not_after"]:
                key["not_after"] = at.replace(microsecond=0)
                ended += 1
        return ended

    def set_root(self, people: Sequence[str], threshold: int) -> None:
        """Say who approves the next versions."""
        root = cast("dict[str, Any]", self._document["root"])
        root["threshold"] = threshold
        if list(root["people"]) != list(people):
            root["people"] = list(people)

    def save(self) -> Trust:
        """Write the file.

        Raises:
            AttestationError: the change would lose a comment, or make a file that is
                none; nothing is written.
        """
        text = tomlkit.dumps(self._document) + self._appended
        self._check(text)
        write_trust(self._path, text)
        return read_trust(text.encode(), str(self._path))

    def _check(self, text: str) -> None:
        where = str(self._path)
        try:
            read_trust(text.encode(), where)
            whole = tomllib.loads(tomlkit.dumps(self._document))
        except (Refused, ValueError) as error:
            reason = (
                error.reason if isinstance(error, Refused) else type(error).__name__
            )
            raise AttestationError(where, f"would be refused: {reason}", "") from None
        before = self._before.decode()
        kept = all(
            _is_within(found(before), found(text)) for found in (_comments, _headers)
        )
        if whole != self._document.unwrap() or not kept:
            what = "is written in a way that cannot be changed without loss"
            raise AttestationError(where, what, _BY_HAND)

    def _person(self, person: str) -> Any:  # noqa: ANN401 - a table of tomlkit's
        signers = cast("list[Any]", self._document.get("signer", []))
        for table in signers:
            if table["person"] == person:
                return table
        what = f"has no signer `{person}`"
        raise AttestationError(str(self._path), what, "enter one with `trust add`")


def _comments(text: str) -> list[str]:
    """Give the comments in their order (and strings with a ``#``, which stay, too)."""
    return [line[line.index("#") :] for line in text.splitlines() if "#" in line]


def _headers(text: str) -> list[str]:
    """Give the tables' headers in their order."""
    return [
        line.partition("]")[0] for line in text.splitlines() if line.startswith("[")
    ]


def _is_within(few: list[str], many: list[str]) -> bool:
    """Whether the first are among the second, in the same order."""
    rest = iter(many)
    return all(one in rest for one in few)


def write_trust(path: Path, text: str) -> None:
    """Write a trust file, whole or not at all.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode())
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror})") from None
