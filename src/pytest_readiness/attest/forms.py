"""The forms of the values in our statements, and the types to annotate them with."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, NamedTuple, TypeAlias

from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.records import Form, text
from pytest_readiness.attest.strict_json import is_object
from pytest_readiness.catalogue.item import ITEM_ID

__all__ = [
    "BOOLEAN",
    "ITEM",
    "LINE",
    "MAX_VALIDITY",
    "SHA256",
    "Digest",
    "Flag",
    "ItemId",
    "Line",
    "Nonce",
    "Person",
    "Prose",
    "StateName",
    "Time",
    "Tree",
    "TreeDigest",
    "check_window",
    "is_line",
]

MAX_VALIDITY = dt.timedelta(days=400)
"""The longest time that anything signed may be valid."""

_HEX256 = r"[0-9a-f]{64}"

_PERSON = text(r"[a-z][a-z0-9-]{0,63}", "a person's id ([a-z][a-z0-9-]*)")
ITEM = text(rf"(?=.{{3,200}}\Z){ITEM_ID.pattern}", "an item's id")
SHA256 = text(_HEX256, "64 lower-case hexadecimal digits")
_GIT = text(rf"[0-9a-f]{{40}}|{_HEX256}", "a git object's name")
_NONCE = text(r"[0-9a-f]{32}", "32 lower-case hexadecimal digits")
_STATE = text(r"[a-z]+(-[a-z]+)*", "a state")
# Control characters could rewrite the terminal that a text is shown in, and jq writes
# them otherwise than we do.
_LINE_TEXT = re.compile("[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]+")
LINE = text(_LINE_TEXT.pattern, "a line of text")
_PROSE = text("[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u2028\\u2029]+", "a text")

_TIME_TEXT = re.compile(
    # RFC 3339 with its offset; years that leave room to add a duration.
    r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
)


def _read_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise Malformed("is neither true nor false")
    return value


def _read_time(value: object) -> dt.datetime:
    if isinstance(value, str) and _TIME_TEXT.fullmatch(value):
        try:
            return dt.datetime.fromisoformat(value)
        except ValueError:  # 30 February
            pass
    raise Malformed("is no RFC 3339 time with an offset")


def _write_time(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def _read_digest(value: object) -> str:
    if not is_object(value) or len(value) != 1 or "sha256" not in value:
        raise Malformed("is no digest set with sha256 alone")
    return SHA256.read(value["sha256"])


class Tree(NamedTuple):
    """A folder's digest: git's own for it, or ours where there is no git."""

    algorithm: str
    """``gitTree`` or ``sha256``."""
    value: str


def _read_tree(value: object) -> Tree:
    if is_object(value) and len(value) == 1 and "gitTree" in value:
        return Tree("gitTree", _GIT.read(value["gitTree"]))
    return Tree("sha256", _read_digest(value))


def _write_tree(tree: Tree) -> dict[str, str]:
    return {tree.algorithm: tree.value}


BOOLEAN = Form(_read_boolean, bool)

Person: TypeAlias = Annotated[str, _PERSON]
ItemId: TypeAlias = Annotated[str, ITEM]
StateName: TypeAlias = Annotated[str, _STATE]
Nonce: TypeAlias = Annotated[str, _NONCE]
Line: TypeAlias = Annotated[str, LINE]
Prose: TypeAlias = Annotated[str, _PROSE]
"""May have line ends and tabs."""
Flag: TypeAlias = Annotated[bool, BOOLEAN]
Time: TypeAlias = Annotated[dt.datetime, Form(_read_time, _write_time)]
Digest: TypeAlias = Annotated[str, Form(_read_digest, lambda value: {"sha256": value})]
"""A digest set, ``{"sha256": ...}``; the attribute is the hexadecimal digits."""
TreeDigest: TypeAlias = Annotated[Tree, Form(_read_tree, _write_tree)]


def is_line(value: str) -> bool:
    """Whether a text is not empty and has neither control characters nor line ends."""
    return _LINE_TEXT.fullmatch(value) is not None


def check_window(issued_at: dt.datetime, valid_until: dt.datetime) -> None:
    """Refuse a statement that was never valid, or is for too long."""
    if not dt.timedelta(0) < valid_until - issued_at <= MAX_VALIDITY:
        reason = f"is not within {MAX_VALIDITY.days} days after issuedAt"
        raise Malformed(reason, "validUntil")
