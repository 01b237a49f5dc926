"""Finding what was signed: by the digest of its payload, or by the item it is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.attest import envelope, ledger
from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.ledger import STATEMENT_SUFFIX, Tally
from pytest_readiness.attest.predicates import ItemAttestation, Revocation, Waiver
from pytest_readiness.attest.strict_json import LINE
from pytest_readiness.errors import AttestationError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import Predicate
    from pytest_readiness.attest.signatures import LedgerFiles
    from pytest_readiness.attest.trust import Trust

__all__ = ["Raw", "about", "all_lines", "find", "is_payload", "one_of", "raw_lines"]

_PAYLOAD = re.compile(r"[0-9a-f]{8,64}")
_SHOWN = 5


class Raw(NamedTuple):
    """A statement as it stands in the ledger."""

    payload_sha256: str
    line: bytes


def is_payload(word: str) -> bool:
    """Whether a word is a payload's digest, or at least eight digits of its beginning.

    An item's id has a dot, so that no word is both.
    """
    return _PAYLOAD.fullmatch(word) is not None


def all_lines(files: LedgerFiles, trust: Trust) -> Iterator[Line[Predicate]]:
    """Give everything in the ledger that a key of the trust file has signed."""
    for path in filter(None, (files.attestations, files.folder)):
        for judged in ledger.read(path, trust, Tally()):
            if judged.line is not None:
                yield judged.line


def find(files: LedgerFiles, trust: Trust, word: str) -> list[Line[Predicate]]:
    """Give the statements of a payload digest, or of an item."""
    if is_payload(word):
        found = (one for one in all_lines(files, trust) if one.payload.startswith(word))
        return list({line.payload: line for line in found}.values())
    return [one for one in all_lines(files, trust) if word in about(one.predicate)]


def about(predicate: Predicate) -> tuple[str, ...]:
    """Give the items that a statement is about."""
    if isinstance(predicate, ItemAttestation):
        return (predicate.item.id,)
    if isinstance(predicate, Waiver):
        return tuple(predicate.covered)
    if isinstance(predicate, Revocation):
        return tuple(one.name for one in predicate.revokes if one.name)
    return ()


def raw_lines(files: LedgerFiles) -> Iterator[Raw]:
    """Give every envelope of the ledger, whoever signed it, damaged ones aside.

    Raises:
        ConfigError: a file cannot be read.
    """
    places = (files.attestations, files.folder, files.approvals)
    for path in filter(None, places):
        try:
            yield from _raw(path)
        except OSError as error:
            what = f"cannot be read ({error.strerror})"
            raise ConfigError(str(path), what) from None


def _raw(path: Path) -> Iterator[Raw]:
    if path.is_dir():
        for file in sorted(path.rglob(f"*{STATEMENT_SUFFIX}")):
            yield from _raw(file)
    elif path.exists():
        with path.open("rb") as stream:
            for line in iter(lambda: stream.readline(LINE.size + 2), b""):
                try:
                    found = envelope.Envelope.parse(line.strip())
                except Refused:
                    continue
                yield Raw(found.payload_sha256, line.strip())


def one_of(payloads: list[str], word: str) -> str:
    """Demand that a word means one statement.

    Raises:
        AttestationError: it means none, or several.
    """
    distinct = sorted(set(payloads))
    if not distinct:
        remedy = "give at least eight digits of its payload's sha256"
        raise AttestationError(word, "is no statement of the ledger", remedy)
    if len(distinct) > 1:
        names = ", ".join(one[:16] for one in distinct[:_SHOWN])
        raise AttestationError(word, f"could be any of {names}", "give more digits")
    return distinct[0]
