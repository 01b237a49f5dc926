"""The strict reader: one meaning for the bytes of a line, or none.

``json.loads`` takes the last of two equal keys, NaN, lone surrogates, UTF-16 and
integers of thousands of digits, and runs out of stack on deep nesting. Other readers
decide otherwise, so that two people could read two meanings in one signed text. What
could be read in two ways is refused here, within a time that grows with the size only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NoReturn, TypeGuard

from pytest_readiness.attest.codes import Malformed

__all__ = [
    "LINE",
    "MAX_INTEGER",
    "PAYLOAD",
    "Limits",
    "Malformed",
    "is_list",
    "is_object",
    "parse",
]

MAX_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""
_MAX_INTEGER_CHARACTERS = 16

_KIB = 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a text may hold; ``size`` and ``string`` in bytes of UTF-8."""

    size: int
    containers: int = 256
    """``{`` and ``[`` together, counted in the raw bytes, strings included: it bounds
    the nesting before anything is parsed."""
    string: int = 8 * _KIB


LINE = Limits(size=64 * _KIB, string=64 * _KIB)
"""For an envelope: its payload is one long string."""
PAYLOAD = Limits(size=48 * _KIB)
"""For a statement."""


def parse(data: bytes, *, limits: Limits = PAYLOAD) -> dict[str, object]:
    """Read one JSON object, strictly.

    Raises:
        Malformed: the bytes are too many, no UTF-8, no JSON object, or could be read
            in more than one way. The reason quotes nothing of them.
    """
    if len(data) > limits.size:
        raise Malformed(f"longer than {limits.size} bytes")
    if data.count(b"{") + data.count(b"[") > limits.containers:
        raise Malformed(f"more than {limits.containers} brackets")
    text = _decode(data)
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"no JSON: {error.msg} at character {error.pos + 1}") from None
    except (ValueError, RecursionError) as error:
        raise Malformed(f"no JSON: {type(error).__name__}") from None
    if not is_object(value):
        raise Malformed("not a JSON object")
    # No string is longer than the whole, and only an escape can make a surrogate:
    # almost every line is spared the walk.
    if len(data) > limits.string or "\\u" in text:
        _check_strings(value, limits.string)
    return value


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a value that JSON gave is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a value that JSON gave is a list."""
    return isinstance(value, list)


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"no UTF-8 at byte {error.start + 1}") from None
    if text.startswith("\ufeff"):
        raise Malformed("begins with a byte-order mark")
    return text


def _check_strings(value: object, longest: int) -> None:
    """Look at every string, keys included."""
    if isinstance(value, str):
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise Malformed("a lone surrogate") from None
        if size > longest:
            raise Malformed(f"a string longer than {longest} bytes")
    elif is_object(value):
        for key, member in value.items():
            _check_strings(key, longest)
            _check_strings(member, longest)
    elif is_list(value):
        for member in value:
            _check_strings(member, longest)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed("a key stands twice in one object")
    return result


def _integer(text: str) -> int:
    # The length comes first: turning a long text into a number takes quadratic time.
    if len(text) > _MAX_INTEGER_CHARACTERS or abs(int(text)) > MAX_INTEGER:
        raise Malformed("an integer beyond 2^53")
    return int(text)


def _no_float(_text: str) -> NoReturn:
    raise Malformed("a number that is no integer")


# Made once: json.loads with hooks would build a decoder for every line.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_int=_integer,
    parse_float=_no_float,
    parse_constant=_no_float,
)
