"""What a signature says, as facts that the body of a manual item can check.

A person signs an item; the body may still look at what she named: that there is
evidence at all, that the cover it speaks of has not ended. Without a valid signature
every fact is unavailable, and the item waits for its signer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, TypeVar

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.regular import open_regular
from pytest_readiness.attest.result import Result
from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import utc_now
from pytest_readiness.target.values import is_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_readiness.attest.predicates import Evidence
    from pytest_readiness.attest.result import ItemSignatures

__all__ = ["Attestation"]

T = TypeVar("T")

_LARGEST = 1024 * 1024
"""Bytes of an evidence file that is read for its fields."""
_FENCE = "---"
_UNSIGNED = Unavailable("nobody has signed it yet", Cause.UNCONFIGURED)


@dataclass(frozen=True)
class Attestation:
    """The signatures on one item, and what they name.

    Fields come from the signed claims (``readiness attest --claim ends=2027-01-31``),
    else from evidence files that have fields: TOML, JSON, YAML, or the front matter of
    a Markdown document. Only bytes whose digest was signed are read.
    """

    found: ItemSignatures | None
    root: Path
    """The folder that evidence files are named from."""
    today: dt.date
    """In the target's time zone."""
    at: dt.datetime = field(default_factory=utc_now)

    @property
    def signers(self) -> Observed[tuple[str, ...]]:
        """The persons who signed."""
        return self._fact(lambda signed: tuple(one.name for one in signed.signers))

    @property
    def evidence(self) -> Observed[tuple[str, ...]]:
        """The names of the evidence, of files and of what is elsewhere."""
        return self._fact(
            lambda signed: tuple(
                piece.name for one in signed.signers for piece in one.evidence
            )
        )

    def naming(self, subject: str) -> Observed[tuple[str, ...]]:
        """Give the names of the evidence that is named after something."""
        return self.evidence.map(
            lambda names: tuple(name for name in names if _names(name, subject))
        )

    def declared(self, words: tuple[str, ...]) -> Observed[tuple[str, ...]]:
        """Give a list of the target file as a fact, to check each of its members."""
        return Observed(words, "readiness.toml", self.at)

    @property
    def fields(self) -> Observed[tuple[str, ...]]:
        """The names of everything that :meth:`text` and :meth:`date` can give."""
        return self._fact(lambda _: tuple(sorted(self._fields)))

    def text(self, name: str) -> Observed[str]:
        """Give a field as text, folded to one line and small letters."""
        return self._field(name, _text)

    def date(self, name: str) -> Observed[dt.date]:
        """Give a field as a date, which is written ``YYYY-MM-DD``."""
        return self._field(name, _date)

    def _fact(self, read: Callable[[ItemSignatures], T]) -> Observed[T]:
        signed = self._signed
        value: T | Unavailable = _UNSIGNED if signed is None else read(signed)
        return Observed(value, self._source, self.at)

    def _field(self, name: str, read: Callable[[object], T]) -> Observed[T]:
        value: T | Unavailable
        if self._signed is None:
            value = _UNSIGNED
        elif name not in self._fields:
            value = Unavailable(
                f"neither a claim nor an evidence file has `{name}`",
                remedy=f"sign anew with `--claim {name}=...`",
            )
        else:
            try:
                value = read(self._fields[name])
            except (TypeError, ValueError):
                value = Unavailable(
                    f"`{name}` is not of the form that is asked",
                    remedy=f"sign anew with `--claim {name}=YYYY-MM-DD`",
                )
        return Observed(value, self._source, self.at)

    @property
    def _signed(self) -> ItemSignatures | None:
        satisfied = self.found is not None and self.found.result is Result.SATISFIED
        return self.found if satisfied else None

    @property
    def _source(self) -> str:
        if self._signed is None:
            return "the signed attestations"
        names = ", ".join(one.name for one in self._signed.signers)
        return f"the attestation of {names}"

    @cached_property
    def _fields(self) -> dict[str, object]:
        found: dict[str, object] = {}
        for one in self._signed.signers if self._signed else ():
            for piece in one.evidence:
                found |= self._read(piece)
        for one in self._signed.signers if self._signed else ():
            found |= dict(one.claims)
        return found

    def _read(self, piece: Evidence) -> dict[str, object]:
        """Give the fields of an evidence file; none where it has none we can read."""
        parse = _PARSERS.get(PurePosixPath(piece.name).suffix.lower())
        if piece.uri is not None or parse is None:
            return {}
        try:
            with open_regular(self.root / piece.name, _LARGEST) as stream:
                data = stream.read()
            if hashlib.sha256(data).hexdigest() != piece.digest:
                return {}
            document = parse(data.decode("utf-8-sig"))
        except (OSError, Refused, ValueError, RecursionError):
            return {}
        return {str(k): v for k, v in document.items()} if is_table(document) else {}


def _names(name: str, subject: str) -> bool:
    """Whether the letters and digits of a name have those of a subject in them."""
    letters = "".join(filter(str.isalnum, subject.casefold()))
    return bool(letters) and letters in "".join(filter(str.isalnum, name.casefold()))


def _front_matter(text: str) -> object:
    lines = text.splitlines()
    if not lines or lines[0].rstrip() != _FENCE or _FENCE not in lines[1:]:
        return {}
    return _yaml("\n".join(lines[1 : lines.index(_FENCE, 1)]))


def _yaml(text: str) -> object:
    import yaml  # noqa: PLC0415  # only for evidence that is written in it

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        msg = "is no YAML"
        raise ValueError(msg) from error


_PARSERS: dict[str, Callable[[str], object]] = {
    ".json": json.loads,
    ".md": _front_matter,
    ".toml": tomllib.loads,
    ".yaml": _yaml,
    ".yml": _yaml,
}


def _text(value: object) -> str:
    # No collections: of one that holds itself often enough the text has no end.
    if not isinstance(value, str | int | float | dt.date):
        raise TypeError
    return " ".join(str(value).split()).casefold()


def _date(value: object) -> dt.date:
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(_text(value))
