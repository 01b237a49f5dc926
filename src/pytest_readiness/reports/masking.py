"""Mail addresses and phone numbers are masked in what is handed around."""

from __future__ import annotations

import re

__all__ = ["masked"]

_MAIL = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")
# A plus or a zero and seven digits or more: no date, no version, no digest.
_PHONE = re.compile(r"(?<![\w.:-])(?:\+|0)\d(?:[ ()/-]{0,2}\d){6,13}(?![\w.:-])")


def masked(text: str) -> str:
    """Take people's addresses and numbers out of a text; whose house it is stays.

    >>> masked("ask dave@example.com or +44 20 7946 0958")
    'ask ***@example.com or ***'
    """
    return _PHONE.sub("***", _MAIL.sub(r"***@\1", text))
