"""Every code with which a signature, a ledger or a trust file is turned down.

One table: the reports, the commands and the reference page of the documentation are
made from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Self

from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Code", "Consequence", "Foreign", "Malformed", "Refused", "table"]


class Consequence(StrEnum):
    """What follows from a code."""

    PENDING = "pending"
    """The item waits for a person or for time."""
    FAILED = "failed"
    """The item is failed: a person said no."""
    IGNORED = "ignored"
    """The line is left out and counted."""
    TRUST = "trust"
    """Nothing can be believed: the gate is closed, exit code 13."""


class Code(StrEnum):
    """Why something signed does not count; the value is the word that people see."""

    consequence: Consequence
    """What follows."""
    meaning: str
    """What was found, as the end of a sentence that begins with the code."""
    remedy: str
    """What to do about it."""

    def __new__(
        cls, value: str, consequence: Consequence, meaning: str, remedy: str
    ) -> Self:
        """Build a member from its row of the table."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.consequence = consequence
        member.meaning = meaning
        member.remedy = remedy
        return member

    MISSING = (
        "MISSING",
        Consequence.PENDING,
        "nobody with the needed role has signed the item for this target",
        "have it signed with `readiness attest`",
    )
    EXPIRED = (
        "EXPIRED",
        Consequence.PENDING,
        "the signature is older than the item allows, or past its own end date",
        "look again and sign anew with `readiness attest --renew`",
    )
    ITEM_CHANGED = (
        "ITEM_CHANGED",
        Consequence.PENDING,
        "the item has been reworded since it was signed",
        "read the new wording and sign anew",
    )
    WRONG_TARGET = (
        "WRONG_TARGET",
        Consequence.PENDING,
        "it was signed for another system, environment or release",
        "sign it for this one",
    )
    STATE_CHANGED = (
        "STATE_CHANGED",
        Consequence.PENDING,
        "items are open now that were not open when the approval was given",
        "close them, or approve anew with `--with-open`",
    )
    EVIDENCE_CHANGED = (
        "EVIDENCE_CHANGED",
        Consequence.PENDING,
        "an evidence file is gone or is no longer the one that was signed",
        "put the file back, or sign anew with the new one",
    )
    TARGET_CHANGED = (
        "TARGET_CHANGED",
        Consequence.PENDING,
        "the target file says something else than when the approval was given",
        "read the report of the new target and approve anew",
    )
    TOO_EARLY = (
        "TOO_EARLY",
        Consequence.PENDING,
        "not enough time has passed since the deployment",
        "run again at the time that the reason names",
    )
    FUTURE = (
        "FUTURE",
        Consequence.PENDING,
        "the signature is dated later than now",
        "set the signer's clock and sign anew",
    )
    BACKDATED = (
        "BACKDATED",
        Consequence.PENDING,
        "the signature is dated before the snapshot that its signer had seen",
        "sign anew with the true date",
    )
    KEY_NOT_VALID = (
        "KEY_NOT_VALID",
        Consequence.PENDING,
        "the key is compromised, or was not or is not valid",
        "enter the signer's new key in the trust file and sign anew",
    )
    ROLE_NOT_ALLOWED = (
        "ROLE_NOT_ALLOWED",
        Consequence.PENDING,
        "the signer does not have the item's role, or is a machine",
        "have a person with the role sign",
    )
    SELF_APPROVAL = (
        "SELF_APPROVAL",
        Consequence.PENDING,
        "the signer wrote the change or asked for the waiver",
        "have another person sign",
    )
    BELOW_THRESHOLD = (
        "BELOW_THRESHOLD",
        Consequence.PENDING,
        "fewer persons have signed than the item needs",
        "have the missing roles sign",
    )
    REVOKED = (
        "REVOKED",
        Consequence.PENDING,
        "the signature has been revoked",
        "find out why, and sign anew",
    )
    VETO_LAPSED = (
        "VETO_LAPSED",
        Consequence.PENDING,
        "a veto no longer holds, but nobody has signed the item since",
        "look again and sign anew",
    )
    NOT_WAIVABLE = (
        "NOT_WAIVABLE",
        Consequence.PENDING,
        "there is a waiver, but the item can never be waived",
        "meet the item",
    )
    NO_TRUST_FILE = (
        "NO_TRUST_FILE",
        Consequence.PENDING,
        "no trust file says whose signature counts",
        "write one with `readiness trust init`",
    )
    REJECTED = (
        "REJECTED",
        Consequence.FAILED,
        "a person has signed that the item is not satisfied",
        "settle it with the signer, who then signs anew",
    )
    FOREIGN = (
        "FOREIGN",
        Consequence.IGNORED,
        "the line is no statement of ours",
        "nothing; other tools may keep theirs in the same file",
    )
    UNTRUSTED_KEY = (
        "UNTRUSTED_KEY",
        Consequence.IGNORED,
        "no key of the trust file has signed the line",
        "add the signer with `readiness trust add` if the signature should count",
    )
    TAMPERED = (
        "TAMPERED",
        Consequence.TRUST,
        "a known key's signature does not fit, or its owner is not the attester",
        "find out who changed the line, and restore or remove it",
    )
    MALFORMED = (
        "MALFORMED",
        Consequence.TRUST,
        "the line is not what the format demands",
        "restore or remove the line; if a newer version wrote it, update",
    )
    TRUST_INVALID = (
        "TRUST_INVALID",
        Consequence.TRUST,
        "the trust file is not what the format demands",
        "correct it; `readiness trust check` shows where",
    )
    TRUST_UNPINNED = (
        "TRUST_UNPINNED",
        Consequence.TRUST,
        "no root key was given from outside: whoever writes here is the root",
        "give `--trust-root`, or certify with `--allow-unpinned`",
    )
    TRUST_THRESHOLD = (
        "TRUST_THRESHOLD",
        Consequence.TRUST,
        "too few root keys have approved this trust file",
        "have the roots approve it with `readiness trust approve`",
    )
    TRUST_ROLLBACK = (
        "TRUST_ROLLBACK",
        Consequence.TRUST,
        "the trust file is older than the lowest version allowed",
        "restore the newest trust file",
    )
    TRUST_EXPIRED = (
        "TRUST_EXPIRED",
        Consequence.TRUST,
        "the trust file has expired (in small use: pending)",
        "review it and issue the next version with `readiness trust rotate`",
    )
    WRONG_SYSTEM = (
        "WRONG_SYSTEM",
        Consequence.TRUST,
        "the trust file belongs to another system",
        "give the trust file of this system",
    )
    CLOCK_BEHIND = (
        "CLOCK_BEHIND",
        Consequence.TRUST,
        "this machine's clock is behind a date that was signed",
        "set the clock",
    )
    CHECKLIST_MISMATCH = (
        "CHECKLIST_MISMATCH",
        Consequence.TRUST,
        "the checklist is not the one that the trust file names",
        "restore suite.lock, or have the roots approve the new one",
    )
    TARGET_MISMATCH = (
        "TARGET_MISMATCH",
        Consequence.TRUST,
        "the target is not the one that is pinned",
        "restore the target file, or have the pin changed",
    )
    PROBES_CHANGED = (
        "PROBES_CHANGED",
        Consequence.TRUST,
        "the probes are not the ones that the trust file names",
        "restore them, or have the roots approve the new ones",
    )
    RUN_UNSIGNED = (
        "RUN_UNSIGNED",
        Consequence.TRUST,
        "the report carries no valid run statement of a runner's key",
        "certify without `--from-report`, or sign the run with a runner's key",
    )
    ARTIFACT_CHANGED = (
        "ARTIFACT_CHANGED",
        Consequence.TRUST,
        "a file is not the one that the certificate names",
        "restore the file, or certify anew",
    )
    ITEMS_MISSING = (
        "ITEMS_MISSING",
        Consequence.TRUST,
        "the certificate does not hold every item of its gate exactly once",
        "certify anew from a complete run",
    )
    SNAPSHOT_MISSING = (
        "SNAPSHOT_MISSING",
        Consequence.TRUST,
        "the trust file asks for a snapshot and no valid one is there",
        "have the registrar take one",
    )
    SNAPSHOT_STALE = (
        "SNAPSHOT_STALE",
        Consequence.TRUST,
        "the newest snapshot is past its end date",
        "have the registrar take a new one",
    )
    SNAPSHOT_MISMATCH = (
        "SNAPSHOT_MISMATCH",
        Consequence.TRUST,
        "signed lines that the snapshot lists are gone",
        "restore the lines",
    )
    SNAPSHOT_ROLLBACK = (
        "SNAPSHOT_ROLLBACK",
        Consequence.TRUST,
        "the newest snapshot is older than the lowest version allowed",
        "restore the newest ledger and snapshot",
    )
    TOO_LARGE = (
        "TOO_LARGE",
        Consequence.TRUST,
        "a file is larger or has more entries than the limits allow",
        "find out what was put into it",
    )
    CONTEXT_MISSING = (
        "CONTEXT_MISSING",
        Consequence.TRUST,
        "system, environment or release were not given from outside the repository",
        "give them on the command line or in the CI's settings",
    )


class Refused(AttestationError):
    """Something signed is turned down, with its code."""

    def __init__(self, code: Code, reason: str, where: str = "") -> None:
        super().__init__(where, f"{code}: {reason}", code.remedy)
        self.code = code
        self.reason = reason


class Malformed(Refused):
    """Bytes that are not what the format demands; ``reason`` never quotes them raw."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(Code.MALFORMED, reason, where)

    def below(self, name: str) -> Malformed:
        """Give the same, found within a part of this name."""
        return Malformed(self.reason, f"{name}.{self.where}" if self.where else name)


class Foreign(Refused):
    """A line that is none of ours: left out and counted."""

    def __init__(self, reason: str, where: str = "") -> None:
        super().__init__(Code.FOREIGN, reason, where)


def table(codes: Iterable[Code] = Code) -> str:
    """Give the codes as a Markdown table, grouped by what follows from them."""
    ordered = sorted(codes, key=lambda code: list(Consequence).index(code.consequence))
    rows = [
        f"| `{code}` | {code.consequence} | {code.meaning} | {code.remedy} |"
        for code in ordered
    ]
    head = [
        "| code | what follows | what was found | what to do |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"
