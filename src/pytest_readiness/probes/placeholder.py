"""Placeholders: what stands in examples where a secret belongs."""

from __future__ import annotations

import re

__all__ = ["is_left_over", "is_placeholder"]

_WORDS = re.compile(
    r"""
    change[\W_]*(me|this|it) | replace([\W_]*(me|this))? | fill[\W_]*(me|in) |
    (enter|insert|put|paste|set|add|replace)[\W_]*
        (your|the|here|with|a|api|key|token|secret)([\W_].*)? |
    (your|my)[\W_]+.* | yourkey | mykey | your(api)?(key|token|secret) |
    .*(placeholder|key[\W_]*goes[\W_]*here|[\W_]here|to[\W_]*be[\W_]*(set|done)) |
    (api|access|secret|auth)?[\W_]*(key|token|secret|password|passwd) |
    to[\W_]*do | tbd | fixme | foo(bar)? | (dummy|fake|example|sample)([\W_].*)? |
    test[\W_]*(key|token|secret|ing)? | demo([\W_]*(key|token))? | secret | none |
    null | nil | undefined | n/?a | unset | empty | default | redacted
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FRAMED = re.compile(r"<.*>|\{.*\}|\$\{?\w+\}?|\[.*\]|%\w+%|__\w+__")
_KNOWN = frozenset(
    {"abcdefghijklmnopqrstuvwxyz123456", "0123456789abcdef0123456789abcdef"}
)
"""Keys that documentation prints; the first is FRED's."""
_OBVIOUS = re.compile(
    r"""
    .*(?<![a-z])change[\W_]*(me|this|it)(?![a-z]).* | replace[\W_]*(me|this) |
    <.*> | your[\W_]+.* | x{3,} | \*{3,} | to[\W_]*do | tbd | fixme |
    .*placeholder.* | __\w+__
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""What is nobody's setting; ``none``, ``default`` or ``11`` may be one."""
_SECRET = re.compile(
    r"(^|_)(KEY|TOKEN|SECRETS?|PASS|PASSWORD|PASSWD|PWD|PASSPHRASE|CREDENTIALS?)$",
    re.IGNORECASE,
)


def is_left_over(name: str, value: str) -> bool:
    """Whether a variable still has what an example holds.

    >>> is_left_over("API_TOKEN", "secret"), is_left_over("SAME_SITE", "none")
    (True, False)
    >>> is_left_over("DATABASE_URL", "postgresql://app:changeme@db/app")
    True
    """
    if _SECRET.search(name) and is_placeholder(value):
        return True
    return _OBVIOUS.fullmatch(value.strip()) is not None


def is_placeholder(text: str) -> bool:
    """Whether a text is what people write where a secret still has to go.

    >>> is_placeholder("changeme"), is_placeholder("<YOUR_KEY>"), is_placeholder("xxxx")
    (True, True, True)
    >>> is_placeholder("b3f7c1d9e8a24f60")
    False
    """
    bare = text.strip().strip("'\"")
    return (
        len(set(bare.lower())) <= 1  # "", "xxxx", "****", "0000"
        or bare.lower() in _KNOWN
        or _FRAMED.fullmatch(bare) is not None
        or _WORDS.fullmatch(bare) is not None
    )
