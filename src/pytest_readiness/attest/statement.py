"""The in-toto Statement v1 that a payload is: one subject, one predicate of ours."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from pytest_readiness.attest import forms, strict_json
from pytest_readiness.attest.codes import Code, Foreign, Malformed, Refused
from pytest_readiness.attest.predicates import (
    PREDICATES,
    PREFIX,
    Predicate,
    Revocation,
)
from pytest_readiness.attest.records import PredicateRecord, Record, within
from pytest_readiness.catalogue.canonical import canonical, digest
from pytest_readiness.catalogue.item import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "STATEMENT_TYPE",
    "TARGET_NAME",
    "Statement",
    "Subject",
    "canonical_target",
    "new_nonce",
    "parse",
    "parse_as",
    "target_subject",
]

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
TARGET_NAME: Final = "readiness-target.json"

_TOP = frozenset({"_type", "subject", "predicateType", "predicate"})

P = TypeVar("P", bound=PredicateRecord)
P_co = TypeVar("P_co", bound=PredicateRecord, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject(Record):
    """What a statement is about: a name for people, a SHA-256 that decides."""

    name: forms.Line
    digest: forms.Digest


@dataclass(frozen=True, slots=True)
class Statement(Generic[P_co]):
    """One subject and what is said of it."""

    subject: Subject
    predicate: P_co

    def payload(self) -> bytes:
        """Give the bytes to sign.

        Raises:
            Malformed: a value is not of its form, or would not read back the same.
        """
        data = canonical(
            {
                "_type": STATEMENT_TYPE,
                "subject": [self.subject.write()],
                "predicateType": self.predicate.TYPE,
                "predicate": self.predicate.write(),
            }
        )
        if parse_as(data, type(self.predicate)) != self:
            raise Malformed("a value does not read back as it was given")
        return data


def parse(payload: bytes) -> Statement[Predicate]:
    """Read a payload, after its signature was verified over the same bytes.

    Raises:
        Foreign: a statement with somebody else's predicate.
        Malformed: everything else that is not one of ours, a type of ours that only a
            newer version knows included: it may be a veto.
    """
    value = strict_json.parse(payload)
    kind = value.get("predicateType")
    if not isinstance(kind, str):
        raise Malformed("is no string", "predicateType")
    known = PREDICATES.get(kind)
    if known is not None:
        return _statement(value, known)
    if kind.startswith(PREFIX):
        reason = "is a type of ours that this version does not know"
        raise Malformed(reason, "predicateType")
    raise Foreign("another predicate")


def parse_as(payload: bytes, kind: type[P]) -> Statement[P]:
    """Read a payload that must be of one kind, as :func:`parse`.

    Raises:
        Malformed: another kind of statement, or not one of ours at all.
    """
    value = strict_json.parse(payload)
    if value.get("predicateType") != kind.TYPE:
        raise Malformed(f"is not {kind.TYPE}", "predicateType")
    return _statement(value, kind)


def _statement(value: Mapping[str, object], kind: type[P]) -> Statement[P]:
    if value.get("_type") != STATEMENT_TYPE:
        raise Malformed("is no in-toto Statement v1", "_type")
    if frozenset(value) != _TOP:
        reason = "holds more or less than _type, subject, predicateType and predicate"
        raise Malformed(reason)
    subjects = value["subject"]
    if not strict_json.is_list(subjects) or len(subjects) != 1:
        raise Malformed("is not exactly one", "subject")
    subject = within("subject", Subject.read, subjects[0])
    predicate = within("predicate", kind.read, value["predicate"])
    if isinstance(predicate, Revocation) and (
        predicate.revokes[0].digest != subject.digest
    ):
        raise Malformed("is not the first statement revoked", "subject")
    return Statement(subject, predicate)


def new_nonce() -> str:
    """Make 128 random bits, as the statements that people sign carry them."""
    return secrets.token_hex(16)


_SOURCE = re.compile(r"sha256:[0-9a-f]{64}")
_FIELDS = {
    Scope.ORGANISATION: ("organisation",),
    Scope.SYSTEM: ("system",),
    Scope.ENVIRONMENT: ("environment", "system"),
    Scope.RELEASE: ("environment", "source", "system"),
}
_UNBOUND = ("environment", "system", "version")
"""A release without a source: all that a signature on it can be bound to."""


def canonical_target(scope: Scope, context: Mapping[str, str]) -> dict[str, str]:
    """Give the target that a signature of this scope is bound to.

    Args:
        scope: What binds: each scope takes its own of the context's members.
        context: ``organisation``, ``system``, ``environment``, ``source``
            (``sha256:...``), ``version``, as the verifier knows them itself; absent or
            empty where it does not. Members of no scope are left out.

    Raises:
        Refused: CONTEXT_MISSING, what the scope needs is not known, or is no text
            that has one spelling.
    """
    names = _FIELDS[scope]
    if scope is Scope.RELEASE and not context.get("source"):
        names = _UNBOUND
    target = {name: context.get(name, "") for name in names}
    for name, value in target.items():
        if not value:
            raise Refused(Code.CONTEXT_MISSING, f"no {name} is given")
        try:
            forms.LINE.read(value)
        except Malformed as error:
            raise Refused(Code.CONTEXT_MISSING, f"{name} {error.reason}") from None
    if "source" in target and _SOURCE.fullmatch(target["source"]) is None:
        raise Refused(Code.CONTEXT_MISSING, "source is not sha256: and 64 digits")
    return target


def target_subject(scope: Scope, context: Mapping[str, str]) -> Subject:
    """Give the subject of a statement about the target; see :func:`canonical_target`.

    It is computed anew by everybody who verifies, and never read from a file.
    """
    return Subject(
        name=TARGET_NAME, digest=digest(canonical(canonical_target(scope, context)))
    )
