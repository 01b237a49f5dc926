"""Requests and answers: signing without git, clone or target file (ruling 9).

A request carries all that a signature is bound to. Whoever signs need not believe it:
what is signed is computed anew from what is shown. An answer carries envelopes; they
count by their signatures, whoever carried them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from pytest_readiness.attest import forms, records, strict_json
from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.predicates import Evidence, Saw, SnapshotRef
from pytest_readiness.attest.strict_json import Limits
from pytest_readiness.catalogue.canonical import canonical, digest, wording_digest

__all__ = [
    "ANSWER",
    "ANSWER_FORMAT",
    "REQUEST",
    "REQUEST_FORMAT",
    "Answer",
    "AskedItem",
    "AskedPerson",
    "Request",
    "read_answer",
    "read_request",
    "write",
]

REQUEST_FORMAT: Final = "pytest-readiness/request/1"
ANSWER_FORMAT: Final = "pytest-readiness/answer/1"

REQUEST = Limits(size=2 * 1024 * 1024, containers=20_000)
"""Two hundred items, each with as many that are open."""
ANSWER = Limits(size=16 * 1024 * 1024, containers=20_000, string=64 * 1024)

R = TypeVar("R", bound=records.Record)
_SECONDS = records.integer(1)
_SLUG = records.text(r"[a-z0-9]+(-[a-z0-9]+)*", "a name of small letters and hyphens")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPerson(records.Record):
    """Somebody who may sign, and with which keys, by their fingerprints."""

    id: forms.Person
    name: forms.Line
    keys: Annotated[tuple[str, ...], records.list_of(forms.LINE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedItem(records.Record):
    """An item that is to be signed: its wording, and what a signature is bound to."""

    id: forms.ItemId
    section: Annotated[str, _SLUG]
    stage: Annotated[str, _SLUG]
    claim: forms.Line
    digest: forms.Digest
    """Of id, section, stage and claim."""
    target: Annotated[Mapping[str, str], records.mapping_of(forms.LINE, forms.LINE)]
    max_age: Annotated[int, _SECONDS]
    """How long a signature lasts, in seconds."""
    roles: Annotated[
        tuple[str, ...], records.list_of(records.text(r"[a-z-]+", "a role"))
    ]
    why: forms.Line | None = None
    state: forms.StateName | None = None
    """As the last run left it."""
    evidence: tuple[Evidence, ...] | None = None
    saw: Saw | None = None

    def check(self) -> None:
        """Refuse a digest that is of other words than those that are shown."""
        told = wording_digest(self.id, self.section, self.stage, self.claim)
        if told != self.digest:
            raise Malformed("is not that of the wording beside it", "digest")

    @property
    def subject(self) -> str:
        """The digest of the target that is shown."""
        return digest(canonical(dict(self.target)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(records.Record):
    """What somebody is asked to sign."""

    format: forms.Line
    made: forms.Time
    system: forms.Line
    environment: forms.Line
    release: forms.Line
    """For people; what binds is each item's target."""
    people: tuple[AskedPerson, ...]
    items: Annotated[
        tuple[AskedItem, ...], records.list_of(records.record(AskedItem), least=1)
    ]
    summary: forms.Line | None = None
    """What the last report came to."""
    anchor: SnapshotRef | None = None

    def check(self) -> None:
        """Refuse another format, and an item that is asked twice."""
        if self.format != REQUEST_FORMAT:
            raise Malformed(f"is not {REQUEST_FORMAT}", "format")
        if len({item.id for item in self.items}) != len(self.items):
            raise Malformed("name an item twice", "items")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(records.Record):
    """What somebody has signed."""

    format: forms.Line
    request: forms.Digest
    """Of the request's bytes, for people who look it up."""
    person: forms.Person
    key: forms.Line
    """The signer's public key, an OpenSSH line: to be entered where it is new."""
    statements: Annotated[tuple[str, ...], records.list_of(forms.LINE, least=1)]
    """Envelopes, each as the line that a ledger has."""

    def check(self) -> None:
        """Refuse another format."""
        if self.format != ANSWER_FORMAT:
            raise Malformed(f"is not {ANSWER_FORMAT}", "format")


def read_request(data: bytes) -> Request:
    """Read a request.

    Raises:
        Malformed: it is none, or could be read in more than one way.
    """
    return _read(data, Request, REQUEST)


def read_answer(data: bytes) -> Answer:
    """Read an answer.

    Raises:
        Malformed: it is none, or could be read in more than one way.
    """
    return _read(data, Answer, ANSWER)


def write(document: Request | Answer) -> bytes:
    """Give a file's bytes.

    Raises:
        Malformed: a value would not read back the same.
    """
    data = canonical(document.write()) + b"\n"
    limits = REQUEST if isinstance(document, Request) else ANSWER
    if _read(data, type(document), limits) != document:
        raise Malformed("a value does not read back as it was given")
    return data


def _read(data: bytes, kind: type[R], limits: Limits) -> R:
    try:
        return kind.read(strict_json.parse(data, limits=limits))
    except RecursionError:
        raise Malformed("nested too deeply") from None
