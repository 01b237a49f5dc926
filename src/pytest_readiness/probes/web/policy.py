"""Content-Security-Policy: what one lets pass that it is there to stop.

https://www.w3.org/TR/CSP3/, sections 6.7.1 (fallbacks) and 8 (nonces, hashes,
strict-dynamic). Several policies all hold, so that one without weakness is enough.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["framed", "weaknesses"]

_GUARDS = re.compile(r"'(nonce|sha256|sha384|sha512)-[A-Za-z0-9+/_=-]+'")
_WIDE = frozenset({"*", "data:", "http:", "https:", "http://*", "https://*"})
_STRICT = "'strict-dynamic'"
_INLINE = "'unsafe-inline'"
_FALLBACKS: Mapping[str, tuple[str, ...]] = {
    "script-src": ("script-src", "default-src"),
    "object-src": ("object-src", "default-src"),
    "base-uri": ("base-uri",),
}
_OPTIONAL = frozenset({"base-uri"})
"""Whose absence is noted by many, and demanded by few."""
_DENIED = frozenset({"deny", "sameorigin"})


def weaknesses(header: str) -> tuple[str, ...]:
    """Give what the policies of a header let pass; nothing where one is strict.

    >>> weaknesses("script-src 'self' 'unsafe-inline'; object-src 'none'")
    ("script-src has 'unsafe-inline'",)
    """
    policies = _policies(header)
    if not policies:
        return ("no policy",)
    found = [tuple(_of(policy)) for policy in policies]
    return min(found, key=len)


def framed(policy: str, options: str) -> bool:
    """Whether ``frame-ancestors`` or ``X-Frame-Options`` keeps others out."""
    if any(
        "frame-ancestors" in one and not _WIDE & set(one["frame-ancestors"])
        for one in _policies(policy)
    ):
        return True
    return options.strip().lower() in _DENIED


def _policies(header: str) -> list[Mapping[str, tuple[str, ...]]]:
    read = [_read(part) for part in header.split(",")]
    return [policy for policy in read if policy]


def _read(text: str) -> Mapping[str, tuple[str, ...]]:
    directives: dict[str, tuple[str, ...]] = {}
    for part in text.split(";"):
        name, *values = part.split()[:1000] or [""]
        # Of a directive that is there twice the first holds (section 2.2.1).
        if name:
            directives.setdefault(name.lower(), tuple(map(str.lower, values)))
    return directives


def _of(policy: Mapping[str, tuple[str, ...]]) -> list[str]:
    found: list[str] = []
    for purpose, names in _FALLBACKS.items():
        name = next((name for name in names if name in policy), None)
        if name is None:
            if purpose not in _OPTIONAL:
                found.append(f"neither {' nor '.join(names)}")
            continue
        sources = policy[name]
        guarded = purpose == "script-src" and _is_guarded(sources)
        wide = () if _STRICT in sources and guarded else _WIDE.intersection(sources)
        found += [f"{name} has {one}" for one in sorted(wide)]
        if purpose == "script-src" and _INLINE in sources and not guarded:
            found.append(f"{name} has {_INLINE}")
    elements = policy.get("script-src-elem", ()), policy.get("script-src-attr", ())
    if any(_INLINE in part and not _is_guarded(part) for part in elements):
        found.append(f"script-src-elem or script-src-attr has {_INLINE}")
    return list(dict.fromkeys(found))


def _is_guarded(sources: tuple[str, ...]) -> bool:
    """Whether browsers ignore ``unsafe-inline`` there: it is for older ones."""
    return any(_GUARDS.fullmatch(one) for one in sources) or _STRICT in sources
