"""The certificate: an in-toto test-result statement of vetted form, and who signed it.

Its predicate is not ours (``test-result/v0.1``), so that other people's tools read it;
what is ours stands in the annotations of its configuration. A ledger leaves it out as
foreign; it lives in a file of its own, several lines over the same payload where
several sign. Written and checked here in one form, closed as our own predicates are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, TypeAlias

from pytest_readiness.attest import forms, records
from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.statement import TARGET_NAME
from pytest_readiness.attest.strict_json import is_list

if TYPE_CHECKING:
    import datetime as dt

__all__ = [
    "CERTIFICATE",
    "CERTIFICATE_PAGE",
    "LEDGER",
    "LOCK",
    "PROBES",
    "REPORT",
    "REPORT_PAGE",
    "SNAPSHOT",
    "STATEMENTS",
    "TARGET",
    "TRUST",
    "Certificate",
    "Configuration",
    "Configured",
    "Judged",
    "Outcome",
    "Way",
    "plain",
]

CERTIFICATE: Final = "certificate.intoto.jsonl"
CERTIFICATE_PAGE: Final = "certificate.html"
LOCK: Final = "suite.lock"
TRUST: Final = "trust.toml"
SNAPSHOT: Final = "snapshot.txt"
LEDGER: Final = "attestations.intoto.jsonl"
PROBES: Final = "probes"
REPORT: Final = "report.json"
REPORT_PAGE: Final = "report.html"
STATEMENTS: Final = "statements.txt"
"""The payloads of all that was signed when it was certified, as a snapshot has them."""
TARGET: Final = "readiness.toml"
"""The resolved target (design section 6), not the file's bytes."""

_VALUE = records.by_type(
    {bool: forms.BOOLEAN, int: records.integer(0), str: forms.LINE}
)
Annotations: TypeAlias = Annotated[
    Mapping[str, str | int | bool], records.mapping_of(forms.LINE, _VALUE)
]
Ids: TypeAlias = Annotated[tuple[str, ...], records.list_of(forms.ITEM)]


class Outcome(StrEnum):
    """The words of the test-result predicate."""

    PASSED = "PASSED"
    """Nothing is waived."""
    WARNED = "WARNED"
    """Something is."""
    FAILED = "FAILED"


class Way(StrEnum):
    """Where the verdict comes from."""

    RAN_HERE = "ran here"
    """The gate ran in a clean process of the command that certified."""
    FROM_REPORT = "from report"
    """A runner's key vouches for the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged(records.Record):
    """What was certified, for how long, and what its reader must know of it."""

    system: forms.Line
    environment: forms.Line
    release: forms.Line
    gate: forms.Line
    way: Way
    issued_at: forms.Time
    valid_until: forms.Time
    ends_with: forms.Line
    """What of all that it rests on ends first."""
    items: Annotated[int, records.integer(0)]
    seen: Annotated[int, records.integer(0)]
    signed: Annotated[int, records.integer(0)]
    source: forms.Line | None = None
    """None: the release is unbound."""
    commit: forms.Line | None = None
    """For people."""
    unpinned: forms.Flag | None = None
    """Nobody outside the repository vouches for the trust file."""
    approvers: Annotated[int, records.integer(1)] | None = None
    """How many persons had to approve, where these were fewer than three."""
    emergency: forms.Line | None = None
    """The incident under which the gate was passed."""

    def check(self) -> None:
        """Hold the dates against each other."""
        forms.check_window(self.issued_at, self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target(records.Record):
    """The first of the configuration: what the statement's subject is, too."""

    name: forms.Line
    digest: forms.Digest
    annotations: Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured(records.Record):
    """A file, or something else with a digest, that the verdict rests on."""

    name: forms.Line
    digest: forms.TreeDigest
    annotations: Annotations | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that the verdict rests on."""

    target: _Target
    others: tuple[Configured, ...]


def _read(value: object) -> Configuration:
    if not is_list(value) or not value:
        raise Malformed("is no list that begins with the target")
    target = records.within("0", _Target.read, value[0])
    if target.name != TARGET_NAME:
        raise Malformed(f"is not {TARGET_NAME}", "0.name")
    others = tuple(
        records.within(str(number), Configured.read, entry)
        for number, entry in enumerate(value[1:], start=1)
    )
    if len({TARGET_NAME, *(other.name for other in others)}) != len(value):
        raise Malformed("names something twice")
    return Configuration(target, others)


def _write(value: Configuration) -> list[object]:
    return [value.target.write(), *(other.write() for other in value.others)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(records.PredicateRecord):
    """A gate is passed. Subject: the release in its environment."""

    TYPE: ClassVar[str] = "https://in-toto.io/attestation/test-result/v0.1"

    result: Outcome
    configuration: Annotated[Configuration, records.Form(_read, _write)]
    passed_tests: Ids
    warned_tests: Ids
    """The waived ones."""
    failed_tests: Ids = ()
    url: forms.Line | None = None
    """The job that certified."""

    @classmethod
    def of(
        cls,
        *,
        subject: str,
        judged: Judged,
        others: tuple[Configured, ...],
        passed: tuple[str, ...],
        waived: tuple[str, ...],
        url: str = "",
    ) -> Certificate:
        """Make the certificate of a gate that is passed."""
        target = _Target(name=TARGET_NAME, digest=subject, annotations=judged)
        return cls(
            result=Outcome.WARNED if waived else Outcome.PASSED,
            configuration=Configuration(target, others),
            passed_tests=passed,
            warned_tests=waived,
            url=url or None,
        )

    @property
    def judged(self) -> Judged:
        """What was certified."""
        return self.configuration.target.annotations

    @property
    def subject(self) -> str:
        """The digest of what was certified, as the configuration has it."""
        return self.configuration.target.digest

    @property
    def issued_at(self) -> dt.datetime:
        """When it was certified."""
        return self.judged.issued_at

    @property
    def configured(self) -> dict[str, Configured]:
        """All that has a digest beside the target, by name."""
        return {other.name: other for other in self.configuration.others}

    @property
    def digests(self) -> dict[str, str]:
        """The digests by name."""
        return {name: one.digest.value for name, one in self.configured.items()}

    def number(self, name: str, annotation: str) -> int:
        """Give a number that stands beside a digest; 0 where there is none."""
        found = self.configured.get(name)
        value = (found.annotations or {}).get(annotation) if found else None
        return value if isinstance(value, int) else 0


def plain(name: str, sha256: str, **annotations: str | int | bool) -> Configured:
    """Name a file with its digest."""
    digest = forms.Tree("sha256", sha256)
    return Configured(name=name, digest=digest, annotations=annotations or None)
