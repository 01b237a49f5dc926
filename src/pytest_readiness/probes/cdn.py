"""A content delivery network: whether static files come from its cache.

Each file is fetched twice. That a cache answered is said by ``Cache-Status`` (RFC
9211), by ``Age`` (RFC 9111), or by the vendors' own headers; none of them says so of a
file that came straight from its origin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.http import Client, Identity
from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook, trust_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.http import Answer
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import CdnBlock

__all__ = ["Asset", "Cdn", "is_hit"]

_OK = 200
_INTAKE = 32 << 20
_STATUS = (
    "cache-status",
    "cf-cache-status",
    "x-cache",
    "x-cache-status",
    "cdn-cache",
    "x-vercel-cache",
    "akamai-cache-status",
    "x-proxy-cache",
    "server-timing",
)
"""Headers that say what the cache did; names of RFC 9211, Cloudflare, CloudFront,
Fastly, Azure and Google, nginx, Bunny, Vercel, Akamai and its Server-Timing."""
_HIT = re.compile(r"\bhit\b|\bHIT\b|TCP_(MEM_|REFRESH_|IMS_)?HIT|\bHIT-", re.IGNORECASE)
_MAX_AGE = re.compile(r"(?:s-maxage|max-age)\s*=\s*\"?(\d{1,18})", re.IGNORECASE)
_FORBIDDEN = ("no-store", "private", "no-cache")


@dataclass(frozen=True)
class Asset:
    """One static file."""

    name: str
    """Its URL."""
    cacheable: Observed[bool]
    """Whether its ``Cache-Control`` lets a shared cache keep it."""
    hit: Observed[bool]
    """Whether the second read came from a cache; the detail quotes what says so."""


@dataclass(frozen=True, kw_only=True)
class Cdn(Facts):
    """The network that serves static files."""

    block: ClassVar[str] = "cdn"

    assets: Observed[tuple[Asset, ...]]
    """Every file that the target names."""

    @classmethod
    def gather(cls, block: CdnBlock, look: Look) -> Self:
        """Fetch each file twice."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: CdnBlock, look: Look) -> Self:
        assets = tuple(_asset(url, block, look) for url in block.assets)
        return cls(assets=look.seen(assets, what="assets"))

    @classmethod
    def looks(cls, block: CdnBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is fetched."""
        secure = any(url.startswith("https:") for url in block.assets)
        return (
            *(
                PlannedLook("request", f"GET {url}", _origin(url), note="twice")
                for url in block.assets
            ),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: CdnBlock) -> str:
        """Name the servers."""
        return ", ".join(dict.fromkeys(map(_origin, block.assets))) or "no assets"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _asset(url: str, block: CdnBlock, look: Look) -> Asset:
    origin = _origin(url)
    route = url.removeprefix(origin)

    def fetch() -> tuple[Answer, Answer] | Unavailable:
        identity = Identity(block.ca_file)
        with Client(origin, look, identity, intake=_INTAKE, answers=2) as client:
            first, second = client.get(route), client.get(route)
        for answer in (first, second):
            if answer.status != _OK:
                reason = f"it answered {answer.status}"
                return Unavailable(reason, Cause.NO_ANSWER, "correct `assets`")
        return first, second

    answers = look.observe(fetch, what=f"GET {url}")
    seen = answers.value
    if isinstance(seen, Unavailable):
        nothing = seen
        return Asset(url, *(answers.map(lambda _: nothing) for _ in range(2)))
    headers = {name.lower(): value for name, value in seen[1].headers.items()}
    control = headers.get("cache-control", "")
    said = f"Cache-Control: {control}" if control else "no Cache-Control"
    return Asset(
        url,
        look.seen(_may_be_kept(headers), what=f"GET {url}", detail=_bounded(said)),
        look.seen(
            is_hit(headers), what=f"second GET {url}", detail=_bounded(_told(headers))
        ),
    )


def _may_be_kept(headers: Mapping[str, str]) -> bool:
    control = headers.get("cache-control", "").lower()
    if any(word in control for word in _FORBIDDEN):
        return False
    age = _MAX_AGE.search(control)
    return int(age[1]) > 0 if age else "expires" in headers


def is_hit(headers: Mapping[str, str]) -> bool:
    """Whether headers, their names in small letters, say that a cache answered.

    Of several caches in a row the nearest one counts: it stands last in Cache-Status
    and in X-Cache.

    >>> is_hit({"x-cache": "MISS, HIT"}), is_hit({"age": "0"}), is_hit({"age": "7"})
    (True, False, True)
    """
    for name in _STATUS:
        said = headers.get(name, "")
        if name == "server-timing" and "cdn-cache" not in said:
            continue
        if said:
            nearest = said if name == "server-timing" else said.rpartition(",")[2]
            return _HIT.search(nearest) is not None
    age = headers.get("age", "")
    return age.isdecimal() and int(age) > 0


def _told(headers: Mapping[str, str]) -> str:
    told = [f"{n}: {headers[n]}" for n in (*_STATUS, "age", "via") if n in headers]
    return "; ".join(told) or "no header says that a cache answered"


def _bounded(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:200])
