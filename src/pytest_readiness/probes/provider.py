"""A provider of data: whether the service's key is set, real, and accepted.

One read a run, of a route that only a good key may read. What the provider answers to
it decides: 401 and 403 (and a 400 that names the key, as FRED's) refuse the key; 429,
5xx and web pages say nothing about it. The key is in no fact, source or reason.
"""

from __future__ import annotations

import datetime as dt
import email.utils
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self, cast
from urllib.parse import urlsplit

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.http import Answer, Client, Identity
from pytest_readiness.probes.look import Facts, LookError, noted
from pytest_readiness.probes.placeholder import is_placeholder
from pytest_readiness.probes.planned import PlannedLook, trust_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ProviderBlock

__all__ = ["Provider"]

_INTAKE = 8_000_000
"""Bytes of an answer: some providers send all of their latest data."""
_OK = range(200, 300)
_MOVED = range(300, 400)
_BAD_REQUEST = 400
_REFUSED = frozenset({401, 403})
_TOO_MANY = 429
_SERVER_ERROR = 500
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<!--")
_SANDBOX = "sandbox"


@dataclass(frozen=True, kw_only=True)
class Provider(Facts):
    """One provider, read once with the service's key."""

    block: ClassVar[str] = "providers"
    several: ClassVar[bool] = True
    unset: ClassVar[Cause] = Cause.NO_ANSWER

    key_set: Observed[bool]
    """Whether there is a key at all; the detail names where it should come from."""
    placeholder: Observed[bool]
    """Whether it is one of those that stand in examples; it is not sent then."""
    live: Observed[bool]
    """Whether the URL leads to the provider itself and not to its sandbox."""
    accepted: Observed[bool]
    """Whether the read was answered as one with a good key is."""

    @classmethod
    def gather(cls, block: ProviderBlock, look: Look) -> Self:
        """Read once; a refused key is not tried again."""
        is_set, name = block.key.available, block.key.name
        return cls(
            key_set=look.seen(is_set, what="key", detail=block.key.problem or name),
            placeholder=_placeholder(block, look),
            live=look.seen(not _is_sandbox(block), what="URL"),
            accepted=_accepted(block, look),
        )

    @classmethod
    def looks(cls, block: ProviderBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked: one request, with the key."""
        secure = block.url.startswith("https:")
        where = f"query {block.query}" if block.query else f"header {_header(block)}"
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            PlannedLook("request", f"GET {block.route}", note=f"the key in {where}"),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: ProviderBlock) -> str:
        """Name the provider by its URL, which holds no credentials."""
        return block.url


def _placeholder(block: ProviderBlock, look: Look) -> Observed[bool]:
    if not block.key.available:
        return look.seen(Unavailable("there is no key"), what="key")
    return look.seen(is_placeholder(block.key.reveal()), what="key")


def _is_sandbox(block: ProviderBlock) -> bool:
    parts = urlsplit(block.url)
    host = parts.hostname or ""
    known = {name.lower() for name in block.sandboxes}
    words = host.replace("-", ".").split(".") + parts.path.lower().split("/")
    return host in known or _SANDBOX in words


def _accepted(block: ProviderBlock, look: Look) -> Observed[bool]:
    what = f"GET {block.route}"
    if not block.key.available or is_placeholder(block.key.reveal()):
        return look.seen(Unavailable("there is no key to read with"), what=what)
    asked = f"{what} of {block.url} in {look.environment}: {block.expects or 'JSON'}"
    since = look.recall.since(asked, block.key.reveal(), look.now())
    if since is not None:
        detail = "read then; a success holds for an hour"
        return replace(look.seen(value=True, what=what, detail=detail), at=since)
    began = time.perf_counter()
    seen, note = look.tries(block.retries, lambda look: _read(block, look))
    took = dt.timedelta(seconds=time.perf_counter() - began)
    if isinstance(seen, Unavailable):
        return look.seen(seen, what=what, duration=took)
    accepted, detail = seen
    if accepted:
        look.recall.keep(asked, block.key.reveal(), look.now())
    fact = look.seen(accepted, what=what, detail=detail, duration=took)
    return noted(fact, note)


def _read(block: ProviderBlock, look: Look) -> tuple[bool, str]:
    """Read the route, and say whether the key was accepted, and by what sign.

    Raises:
        LookError: the answer says nothing about the key, or there was none.
    """
    if not all("!" <= character <= "~" for character in block.key.reveal()):
        reason = "the key holds blanks or characters that no request can carry"
        raise LookError(reason, remedy="set it anew", final=True)
    identity = Identity(block.ca_file)
    with Client(
        block.url, look, identity, lambda: _headers(block), intake=_INTAKE
    ) as client:
        return _judged(client.get(block.route, _query(block)), block)


def _headers(block: ProviderBlock) -> Mapping[str, str]:
    if block.query is not None:
        return {}
    scheme = block.scheme or ("" if block.header else "Bearer")
    return {_header(block): f"{scheme} {block.key.reveal()}".lstrip()}


def _header(block: ProviderBlock) -> str:
    return block.header or "Authorization"


def _query(block: ProviderBlock) -> Mapping[str, str] | None:
    return None if block.query is None else {block.query: block.key.reveal()}


def _judged(answer: Answer, block: ProviderBlock) -> tuple[bool, str]:
    status = answer.status
    detail = f"status {status}"
    if status in _REFUSED:
        return False, detail
    if status == _BAD_REQUEST and _names_key(answer, block):
        return False, f"{detail}, which names {block.refusal}"
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        raise _theirs(f"answered {status}{_retry_after(answer)}", status)
    if status in _MOVED:
        where = urlsplit(answer.headers.get("Location", "")).hostname or "elsewhere"
        reason = f"{block.route} leads on to {where}"
        raise LookError(reason, remedy="set url to where it leads", final=True)
    if _is_page(answer):
        raise _theirs(f"answered {status} with a web page", status)
    if status not in _OK:
        reason = f"{block.route} answered {status}"
        raise LookError(reason, remedy="check url and read", final=True)
    if not _holds(answer.body, block.expects):
        what = f"no {block.expects}" if block.expects else "no JSON"
        reason = f"the answer to {block.route} has {what}"
        raise LookError(reason, remedy="check url and read", final=True)
    return True, detail


def _theirs(what: str, status: int) -> LookError:
    """Make the error for trouble of the provider's own; a limit is not tried again."""
    remedy = "look again later; the key itself was not judged"
    return LookError(
        f"the provider {what}", Cause.THIRD_PARTY, remedy, final=status == _TOO_MANY
    )


def _names_key(answer: Answer, block: ProviderBlock) -> bool:
    # In the text, not in the JSON: FRED calls its JSON XML, and answers in XML where
    # the request was not understood.
    refusal = block.refusal
    return refusal is not None and refusal in answer.body.decode(errors="replace")


def _retry_after(answer: Answer) -> str:
    """Say when to look again, where the answer does (RFC 9110, 10.2.3)."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal() and value.isascii():
        return f", retry after {value[:9]} s"
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return ""
    return f", retry after {when.isoformat(sep=' ')}"


def _is_page(answer: Answer) -> bool:
    kind = answer.headers.get("Content-Type", "").lower()
    start = answer.body[:64].lstrip().lower()
    return kind.startswith("text/html") or start.startswith(_PAGES)


def _holds(body: bytes, key: str | None) -> bool:
    """Whether an answer is JSON, an object or a list, and has a key."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return False
    if key is None:
        return isinstance(found, dict | list)
    for part in key.split("."):
        if not isinstance(found, dict):
            return False
        found = cast("dict[str, object]", found).get(part)
    return found is not None
