"""What a refused certificate exits with, and how it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code
from pytest_readiness.cli import console
from pytest_readiness.verdict.decision import Exit

if TYPE_CHECKING:
    from pytest_readiness.attest.codes import Refused

__all__ = ["exit_of", "tell"]

_WAITS = frozenset({Code.EXPIRED, Code.BELOW_THRESHOLD})
"""Somebody signs, or certifies anew; everything else is a contradiction."""


def exit_of(code: Code) -> Exit:
    """Give the exit code of a refusal: 10 where people are awaited, else 13."""
    return Exit.PENDING if code in _WAITS else Exit.TRUST_BROKEN


def tell(refused: Refused, *, json: bool, **more: object) -> int:
    """Print a refusal and give its exit code."""
    code = exit_of(refused.code)
    if json:
        console.print_json(
            {
                "ok": False,
                "code": str(refused.code),
                "reason": refused.reason,
                "where": refused.where,
                "remedy": refused.remedy,
                **more,
            }
        )
    else:
        console.show([f"readiness: {refused}"])
    return int(code)
