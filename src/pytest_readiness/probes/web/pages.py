"""What browsers are told and shown: headers, the policy on scripts, what comes back.

The policy is read as Content Security Policy Level 3 has it (https://www.w3.org/TR/CSP3/):
what counts for scripts, plugins and the base URL; the rest is noted.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import quote

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.web.identities import (
    Credential,
    client_of,
    credential,
    planned_log_ins,
)
from pytest_readiness.probes.web.policy import framed, weaknesses
from pytest_readiness.probes.web.unset import unset

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.probes.http import Answer, Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock

__all__ = ["MARKER", "Page", "Pages", "Reflection", "shown_as_markup"]

MARKER = "{marker}"
"""What stands in a reflecting route for what is sent."""

_HTML = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
_MOVED = range(300, 400)
_SERVER_ERROR = 500


@dataclass(frozen=True)
class Page:
    """The headers of one answer."""

    route: str
    html: Observed[bool]
    """Whether a browser shows it as a page."""
    content_type: Observed[str]
    nosniff: Observed[bool]
    """Whether ``X-Content-Type-Options: nosniff`` is there."""
    weaknesses: Observed[tuple[str, ...]]
    """What the Content-Security-Policy lets pass; that there is none is one."""
    framed: Observed[bool]
    """Whether other sites are kept from showing it in a frame."""


@dataclass(frozen=True)
class Reflection:
    """What came back of a marker with the characters that end texts and tags."""

    route: str
    encoded: Observed[bool]
    """Whether it came back as text, not as markup."""


@dataclass(frozen=True, kw_only=True)
class Pages(Facts):
    """What the service answers to browsers."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True

    routes: Observed[tuple[Page, ...]]
    """Each of the target's routes."""
    reflecting: Observed[tuple[Reflection, ...]]
    """Each route that shows what was sent."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Read each route once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.pages
        if table is None:
            nothing = unset("pages", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        with client_of(block, look) as client:
            shown = Credential()
            if table.identity is not None:
                shown = credential(block, table.identity, client, look)
            reading = _Reading(client, look, shown)
            return cls(
                routes=look.seen(tuple(map(reading.page, table.routes)), what="pages"),
                reflecting=look.seen(
                    tuple(map(reading.reflection, table.reflecting)), what="pages"
                ),
            )

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give all requests together their own time."""
        return block.pages.timeout if block.pages else block.timeout

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked."""
        table = block.pages
        if table is None:
            return ()
        who = [table.identity] if table.identity else []
        routes = dict.fromkeys((*table.routes, *table.reflecting))
        return (
            *planned_log_ins(block, who),
            *(PlannedLook("request", f"GET {route}") for route in routes),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


@dataclass(frozen=True)
class _Reading:
    client: Client
    look: Look
    shown: Credential

    def page(self, route: str) -> Page:
        """Read one route's headers."""
        answer = self.look.observe(partial(self._answer, route), what=f"GET {route}")
        kind = answer.map(_kind)
        policy = answer.map(lambda got: got.headers.get("Content-Security-Policy", ""))
        return Page(
            route=route,
            html=kind.map(lambda name: name in _HTML),
            content_type=kind,
            nosniff=answer.map(_nosniff),
            weaknesses=policy.map(weaknesses),
            framed=answer.map(
                lambda got: framed(
                    got.headers.get("Content-Security-Policy", ""),
                    got.headers.get("X-Frame-Options", ""),
                )
            ),
        )

    def reflection(self, route: str) -> Reflection:
        """Send a marker, and see how it comes back."""
        encoded = self.look.observe(partial(self._encoded, route), what=f"GET {route}")
        return Reflection(route, encoded)

    def _answer(self, route: str) -> Answer:
        answer = self.client.ask("GET", route, headers=self.shown.headers)
        if answer.status >= _SERVER_ERROR:
            raise LookError(f"it answered {answer.status}")
        if answer.status in _MOVED:
            remedy = "name the route that it leads to"
            raise LookError(f"it answered {answer.status}", Cause.LOCAL, remedy)
        return answer

    def _encoded(self, route: str) -> bool | Unavailable:
        if MARKER not in route:
            remedy = f"put {MARKER} where a text is sent"
            return Unavailable(f"the route has no {MARKER}", Cause.LOCAL, remedy)
        word = f"rdy{secrets.token_hex(4)}"
        sent = quote(f"{word}'\"><{word}>", safe="")
        answer = self._answer(route.replace(MARKER, sent))
        text = answer.body.decode("utf-8", "replace")
        if word not in text:
            remedy = "name a route that shows what was sent"
            return Unavailable("the marker does not come back", Cause.LOCAL, remedy)
        if _kind(answer) not in _HTML:
            return _nosniff(answer)
        return not shown_as_markup(text, word)


def _kind(answer: Answer) -> str:
    said: str = answer.headers.get("Content-Type", "")
    return said.partition(";")[0].strip().lower() or "none"


def _nosniff(answer: Answer) -> bool:
    said: str = answer.headers.get("X-Content-Type-Options", "")
    # As browsers take it: the first of several values (Fetch standard, section 3.6).
    return said.partition(",")[0].strip().lower() == "nosniff"


class _Finder(HTMLParser):
    """Reads a page as a browser would, and looks for the marker outside of texts."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self._word = word
        self._script = False
        self.found = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._script = tag == "script"
        names = {name for name, _ in attrs}
        self.found |= tag == self._word or any(self._word in name for name in names)

    def handle_endtag(self, tag: str) -> None:
        self._script = False
        self.found |= tag == self._word

    def handle_data(self, data: str) -> None:
        self.found |= self._script and f"{self._word}'\"" in data

    def handle_comment(self, data: str) -> None:
        self.found |= f"<{self._word}>" in data


def shown_as_markup(page: str, word: str) -> bool:
    """Whether a marker of that word ends the text or value where it stands."""
    finder = _Finder(word)
    finder.feed(page)
    finder.close()
    return finder.found
