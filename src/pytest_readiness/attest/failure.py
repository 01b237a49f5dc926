"""Why a whole ledger cannot be believed: a code of consequence ``trust``, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.attest.codes import Code, Refused

__all__ = ["Failure", "printable"]

_LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """Closes the gate (exit code 13)."""

    code: Code
    reason: str
    where: str
    """A file, with the number of the line where there is one."""

    @classmethod
    def of(cls, refused: Refused, where: str = "") -> Failure:
        """Make a value of the exception; the place inside a line joins the reason."""
        if not where:
            return cls(refused.code, refused.reason, refused.where)
        inside = f"{refused.where} {refused.reason}" if refused.where else ""
        return cls(refused.code, inside or refused.reason, where)

    def __str__(self) -> str:
        return f"{self.where}: {self.code}: {self.reason}; {self.code.remedy}"


def printable(text: str, longest: int = _LONGEST_QUOTE) -> str:
    """Make text that a stranger wrote harmless to print on a terminal."""
    escaped = text.encode("ascii", "backslashreplace").decode()
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in escaped)
    return shown if len(shown) <= longest else f"{shown[:longest]}..."
