"""The codes that this layer gives: one word beside a state, for people and machines.

The codes of signatures (MISSING, EXPIRED, REJECTED ...) come with the signature and are
kept in :mod:`pytest_readiness.attest`; these are the ones that follow from looking and
accounting. One table, from which the documentation is generated.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["MEANING", "Code"]


class Code(StrEnum):
    """Why an item is in its state; the more telling of one state stands first."""

    VIOLATED = "VIOLATED"
    NO_ANSWER = "NO_ANSWER"
    ASSERTION = "ASSERTION"
    LOOSENED = "LOOSENED"
    CONFLICT = "CONFLICT"
    REJECTED = "REJECTED"
    UNJUDGED = "UNJUDGED"
    NOTHING_JUDGED = "NOTHING_JUDGED"
    ERROR = "ERROR"
    WRONG_RELEASE = "WRONG_RELEASE"
    NOT_SEEN = "NOT_SEEN"
    WITHHELD = "WITHHELD"
    NO_MEMBERS = "NO_MEMBERS"
    UNCONFIGURED = "UNCONFIGURED"
    NEEDS_DRILL = "NEEDS_DRILL"
    NEEDS_EVIDENCE = "NEEDS_EVIDENCE"
    TOO_EARLY = "TOO_EARLY"
    MISSING = "MISSING"
    MEMBERS = "MEMBERS"
    FOREIGN_OUTCOME = "FOREIGN_OUTCOME"
    NOT_RECORDED = "NOT_RECORDED"
    OUT_OF_GATE = "OUT_OF_GATE"


MEANING: dict[Code, str] = {
    Code.VIOLATED: "A requirement does not hold.",
    Code.NO_ANSWER: "The thing whose claim is that it answers did not.",
    Code.ASSERTION: "A plain assertion of the item's body failed.",
    Code.LOOSENED: (
        "The target's own setting holds, the checklist's floor does not; only a waiver "
        "covers it."
    ),
    Code.CONFLICT: "Somebody signed what a probe refutes.",
    Code.REJECTED: "A person signed NOT_SATISFIED: a veto.",
    Code.UNJUDGED: "The suite reads a fact without a requirement: a mistake in it.",
    Code.NOTHING_JUDGED: "The item's body judged nothing.",
    Code.ERROR: "The item's body broke.",
    Code.WRONG_RELEASE: "Another release runs where the item looked.",
    Code.NOT_SEEN: "The fact could not be observed, so nothing is known.",
    Code.WITHHELD: "The role that looks may not read it; the reason names the grant.",
    Code.NO_MEMBERS: "The rollup covers no item of this gate.",
    Code.UNCONFIGURED: "The target does not say where to look.",
    Code.NEEDS_DRILL: "The quiet half holds; the drill that completes it is missing.",
    Code.NEEDS_EVIDENCE: (
        "A signature that stands in for a look must name the digest of its evidence."
    ),
    Code.TOO_EARLY: "There is nothing to see yet; the reason names the time.",
    Code.MISSING: "Nobody has signed yet.",
    Code.MEMBERS: "Items that the rollup covers are not satisfied.",
    Code.FOREIGN_OUTCOME: "Something other than the suite decided the item's outcome.",
    Code.NOT_RECORDED: "The lock has the item, this run recorded nothing for it.",
    Code.OUT_OF_GATE: "The item's stage is not asked by this gate.",
}
"""What each code means, in one sentence for the documentation."""
