"""How the target file's texts become values: durations, versions, hosts, URLs.

Used by the typed fields of :mod:`pytest_readiness.target.blocks` and, so that one text
means the same everywhere, by the options of the plugin. Loads nothing heavy. A
:class:`Mistake` never holds the value: it may be a secret in the wrong place.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from ipaddress import AddressValueError, IPv6Address, ip_address
from typing import TYPE_CHECKING, TypeGuard
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

__all__ = [
    "DURATION",
    "UNITS",
    "Mistake",
    "is_list",
    "is_table",
    "listed",
    "near",
    "parse_base_url",
    "parse_duration",
    "parse_endpoint",
    "parse_host",
    "parse_size",
    "parse_version",
    "plain_text",
    "stays_private",
]

UNITS = {
    "ms": dt.timedelta(milliseconds=1),
    "s": dt.timedelta(seconds=1),
    "m": dt.timedelta(minutes=1),
    "min": dt.timedelta(minutes=1),
    "h": dt.timedelta(hours=1),
    "d": dt.timedelta(days=1),
    "w": dt.timedelta(weeks=1),
}
"""The units of a duration."""

DURATION = r"^[0-9]{1,9}(\.[0-9]{1,9})? ?(ms|s|m|min|h|d|w)$"
"""What a duration looks like, for the JSON Schema."""

_NUMBER_AND_UNIT = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?(\w*)")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([kKMGTP]?)(i?)B")
_LONGEST = dt.timedelta(days=36500)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9._])?")
_PORTS = range(1, 65536)
_WORDS = {"sec": "s", "second": "s", "minute": "min", "hour": "h", "day": "d"}
_HTTPS = 443
_ENOUGH = 3


class Mistake(ValueError):
    """What is wrong with a value, and what to do; never the value itself."""

    def __init__(self, what: str, remedy: str = "") -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(what)


def is_table(value: object) -> TypeGuard[dict[str, object]]:
    """Whether a value of TOML or JSON is a table."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Whether a value of TOML or JSON is a list."""
    return isinstance(value, list)


def near(word: str, options: Iterable[str]) -> str:
    """Give the option that was probably meant; empty where none is near."""
    folded = {option.lower(): option for option in options}
    begun = [option for option in folded if option.startswith(word.lower())]
    if len(begun) == 1 and len(word) >= _ENOUGH:
        return folded[begun[0]]
    found = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else ""


def listed(words: Iterable[str]) -> str:
    """Write words as a sentence does: ``a, b and c``."""
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def parse_duration(text: str) -> dt.timedelta:
    """Read ``250ms``, ``5 s``, ``30min``, ``1.5h``, ``30 d``.

    >>> parse_duration("1.5 h")
    datetime.timedelta(seconds=5400)
    """
    remedy = 'write a number and a unit, like "250ms", "5s", "10min", "4h", "30d"'
    matched = _NUMBER_AND_UNIT.fullmatch(text.strip())
    if matched is None:
        what = "is no duration"
        raise Mistake(what, remedy)
    number, unit = matched.groups()
    if unit not in UNITS:
        meant = _WORDS.get(unit.lower().rstrip("s")) or near(unit, UNITS)
        what = "has an unknown unit" if unit else "is a duration without a unit"
        raise Mistake(what, f"did you mean `{meant}`?" if meant else remedy)
    value = UNITS[unit] * float(number)
    if value > _LONGEST:
        what = "is longer than a century"
        raise Mistake(what, remedy)
    return value


def parse_size(text: str) -> int:
    """Read ``8GB`` (10^9 bytes each), ``512 MiB`` (2^20), ``1.5TB``.

    >>> parse_size("8GB"), parse_size("1 KiB")
    (8000000000, 1024)
    """
    matched = _SIZE.fullmatch(text.strip())
    if matched is None:
        what = "is no size"
        raise Mistake(what, 'write a number and a unit, like "8GB", "512MiB"')
    number, prefix, binary = matched.groups()
    power = " kMGTP".index(prefix.replace("K", "k") or " ")
    return int(float(number) * (1024 if binary else 1000) ** power)


def parse_version(text: str) -> Version:
    """Read a version such as ``3.11`` or ``12``."""
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415  # 3 ms

    try:
        return Version(text)
    except InvalidVersion:
        what = "is no version"
        raise Mistake(what, 'write numbers with dots, like "3.11"') from None


def plain_text(text: str) -> str:
    """Refuse an empty text and one with control characters."""
    if not text.strip():
        what = "is empty"
        raise Mistake(what, "give a value, or leave the key out")
    if not text.isprintable():
        what = "holds a control character"
        raise Mistake(what, "write it on one line, without control characters")
    return text


def parse_host(text: str) -> str:
    """Refuse what is neither a host name nor an address."""
    if _HOST.fullmatch(text) or _is_ipv6(text):
        return text
    what = "is no host name or address"
    raise Mistake(what, "give the bare name, without scheme, port, path or user")


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def parse_endpoint(text: str) -> tuple[str, int]:
    """Read ``https://host:port``, ``host:port`` or ``host`` (port 443)."""
    remedy = 'write "host:port" or "https://host:port"'
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port = parts.port
    except ValueError:
        what = "is no endpoint"
        raise Mistake(what, remedy) from None
    if "@" in text:
        what = "holds a user or a password"
        raise Mistake(what, remedy)
    extra = parts.path not in {"", "/"} or parts.query or parts.fragment
    if parts.scheme != "https" or extra or not parts.hostname or port == 0:
        what = "is no endpoint"
        raise Mistake(what, remedy)
    return parse_host(parts.hostname), _HTTPS if port is None else port


def parse_base_url(text: str) -> str:
    """Read the base of a service's routes: ``https://host[:port][/path]``."""
    remedy = 'write it like "https://engine.example:8443"'
    try:
        parts = urlsplit(text)
        unusable = parts.port not in {None, *_PORTS} or not parts.hostname
    except ValueError:
        unusable, parts = True, urlsplit("")
    if "@" in text:
        what = "holds a user or a password"
        raise Mistake(what, "leave it out of the URL; give `token` a reference")
    if unusable or parts.scheme not in {"http", "https"} or not text.isprintable():
        what = "is no URL of a service"
        raise Mistake(what, remedy)
    if parts.query or parts.fragment or any(c.isspace() for c in text):
        what = "is more than the base of the routes"
        raise Mistake(what, "leave out query, fragment and spaces")
    parse_host(parts.hostname or "")
    return text.rstrip("/")


def stays_private(url: str) -> bool:
    """Whether what is sent to a URL cannot be read on its way."""
    parts = urlsplit(url)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
