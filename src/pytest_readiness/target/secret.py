"""Secrets, and the one filter that every text passes before anybody sees it.

A :class:`Secret` never shows its value; it is revealed only inside the call expression
that hands it to a driver. A :class:`Redactor` knows every secret of a run and takes it
out of texts in the forms in which drivers and servers send it back.
"""

from __future__ import annotations

import base64
import html
import json
import re
from typing import NoReturn
from urllib.parse import quote

from pytest_readiness.errors import ProbeError

__all__ = ["MASK", "MIN_REDACTED", "Redactor", "Secret"]

MASK = "***"
MIN_REDACTED = 6
"""Shorter values are masked by their field only: taking every ``abc`` out of a text
would destroy the text and tell the secret."""

_FRAME = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----|")
_USERINFO = re.compile(r"(?<=://)[^/\s?#@]*(?:@[^/\s?#@]*)*@")


class Secret:
    """A value that must not be seen; ``name`` says where it comes from.

    ``value=None`` is a reference that could not be resolved: ``problem`` says why, and
    :meth:`reveal` raises it as :class:`~pytest_readiness.errors.ProbeError`.
    """

    __slots__ = ("_value", "name", "problem")

    def __init__(self, value: str | None, name: str, problem: str = "") -> None:
        self._value = value
        self.name = name
        self.problem = problem or ("" if value else f"{name} is empty")

    @property
    def available(self) -> bool:
        """Whether there is a non-empty value."""
        return bool(self._value)

    def reveal(self) -> str:
        """Give the value; raise ProbeError where there is none."""
        if not self._value:
            where = "" if self.name in self.problem else self.name
            raise ProbeError(where, self.problem, "set it where the run can read it")
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    def __str__(self) -> NoReturn:
        msg = f"the secret {self.name} is not a text; use reveal()"
        raise TypeError(msg)

    def __format__(self, spec: str, /) -> NoReturn:
        self.__str__()

    def __reduce__(self) -> NoReturn:
        msg = f"the secret {self.name} cannot be pickled"
        raise TypeError(msg)


class Redactor:
    """Takes secrets out of texts: as they are, percent-encoded, base64, in JSON, HTML.

    Of a secret with several lines (a key file) every line is one by itself, too.
    """

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        """Learn one secret value; values under :data:`MIN_REDACTED` are left out."""
        lines = [line.strip() for line in value.splitlines()]
        known = {line for line in lines if not _FRAME.fullmatch(line)} | {value}
        new = {one for one in known if len(one) >= MIN_REDACTED} - self._values
        if not new:
            return
        # One assignment each: a probe may redact while another one adds.
        self._values = self._values | new
        forms = {form for one in self._values for form in _forms(one)}
        # Longest first, so that no form leaves the tail of a longer one behind.
        ordered = sorted(forms, key=lambda form: (-form[1], form[0]))
        patterns = "|".join(pattern for pattern, _ in ordered)
        self._pattern = re.compile(patterns, re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """Give the text without secrets and without userinfo in URLs."""
        if self._pattern is not None:
            text = self._pattern.sub(MASK, text)
        return _USERINFO.sub("", text) if "://" in text else text


def _forms(value: str) -> set[tuple[str, int]]:
    """Give the forms of a value as patterns, each with its length."""
    written = {
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        html.escape(value),
    }
    forms = written | _base64_forms(value.encode(errors="surrogateescape"))
    patterns = {(re.escape(form), len(form)) for form in forms}
    encoded = "".join(map(_percent, value))
    return {form for form in patterns if form[1] >= MIN_REDACTED} | {
        (encoded, len(value))
    }


def _percent(character: str) -> str:
    """Match a character as it is or percent-encoded: clients differ in which are."""
    forms = {re.escape(character): None, re.escape(quote(character, safe="")): None}
    if character == " ":
        forms[r"\+"] = None
    return f"(?:{'|'.join(forms)})" if len(forms) > 1 else re.escape(character)


def _base64_forms(raw: bytes) -> set[str]:
    """Give what a value looks like within a longer text in base64.

    It has three alignments; the characters that it shares with its neighbours are left
    out at both ends.
    """
    forms: set[str] = set()
    for offset in range(3):
        padded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        core = padded[(offset * 8 + 5) // 6 : len(padded) - 1]
        forms |= {core, core.translate(str.maketrans("+/", "-_"))}
    return forms
