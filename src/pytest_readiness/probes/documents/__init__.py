"""Documents for people: there, long enough, finished, whole in its links, reviewed.

A document is a file of the release or a page of a wiki. What is large, or written in
reStructuredText, is read in a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.documents.links import (
    broken_in_file,
    broken_on_host,
    repository,
)
from pytest_readiness.probes.documents.names import mentioned, named
from pytest_readiness.probes.documents.reviews import ASKED, committed, written
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.pages.reading import COMMAND, MOST, page_of
from pytest_readiness.probes.planned import PlannedLook, files, trust_files
from pytest_readiness.probes.program import absence
from pytest_readiness.probes.tree import read_bounded

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.pages.page import Page
    from pytest_readiness.target.blocks import DocumentBlock

__all__ = ["Document"]

_NOTHING = Unavailable("there is nothing to read")
_UNREVIEWED = Unavailable(
    "it was never reviewed",
    remedy="add `reviewed: YYYY-MM-DD` to its front matter, or commit a review with"
    " a `Reviewed-by:` trailer",
)
_NO_FILES = Unavailable(
    "the target does not say which files it describes",
    Cause.UNCONFIGURED,
    "set describes to the example of the variables and the schema of the settings",
)
_OK = 200
_MISSING = frozenset({404, 410})
_REJECTED = frozenset({401, 403})
_HTTP_ERRORS = 400
_ANSWERS = 60


@dataclass(frozen=True, kw_only=True)
class Document(Facts):
    """One document of the target, by the name that ends the item's id."""

    block: ClassVar[str] = "documents"
    several: ClassVar[bool] = True

    found: Observed[bool]
    """Whether there is a text to read; the detail says what is there instead."""
    words: Observed[int]
    """How many words stand outside of code."""
    headings: Observed[tuple[str, ...]]
    """Its headings, in order."""
    anchors: Observed[frozenset[str]]
    """What a link to a part of it may name."""
    missing_headings: Observed[tuple[str, ...]]
    """Words that the target asks for, and no heading has."""
    placeholders: Observed[tuple[str, ...]]
    """TODO and the like outside of code, each with its line."""
    broken_links: Observed[tuple[str, ...]]
    """Links within the repository, or on the same host, that lead nowhere."""
    is_reviewed: Observed[bool]
    """Whether it says when it was reviewed, or a commit does."""
    reviewed: Observed[dt.date]
    """The day of its last review."""
    age: Observed[dt.timedelta]
    """Time since then."""
    text: Observed[str]
    """All that it says, code included."""

    undescribed: Observed[tuple[str, ...]]
    """Names of the files that it describes, and does not mention."""

    @classmethod
    def gather(cls, block: DocumentBlock, look: Look) -> Self:
        """Read the document and look where its links lead."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: DocumentBlock, look: Look) -> Self:
        if block.path is not None:
            if nothing := absence(block.path):
                return cls._without(nothing, look)
            return cls._of_file(block, block.path, look)
        return cls._of_page(block, look)

    @classmethod
    def _of_file(cls, block: DocumentBlock, path: Path, look: Look) -> Self:
        data = read_bounded(path, MOST)
        try:
            page = page_of(data, block.written, look)
        except LookError as error:
            if error.unavailable.cause is not Cause.NO_ANSWER or look.over:
                raise
            return cls._without(error.unavailable.reason, look)
        kept = repository(path)
        root = block.root or kept or path.parent
        links = look.observe(lambda: broken_in_file(page, path, root, look))
        reviewed = look.observe(lambda: _newest(page, path, kept, look))
        return cls._seen(block, page, links, reviewed, look)

    @classmethod
    def _of_page(cls, block: DocumentBlock, look: Look) -> Self:
        from pytest_readiness.probes.http import Client, Identity  # noqa: PLC0415  # files need none

        url = block.url or ""
        parts = urlsplit(url)
        base = f"{parts.scheme}://{parts.netloc}"
        with Client(
            *(base, look, Identity(block.ca_file), lambda: _headers(block)),
            intake=MOST,
            answers=_ANSWERS,
        ) as client:
            answer = client.get(parts.path or "/")
            if answer.status in _MISSING:
                return cls._without(f"answered {answer.status}", look)
            if answer.status in _REJECTED:
                why = "asks for a token" if block.token is None else "rejected it"
                raise LookError(f"it {why}", remedy="check token", rejected=True)
            if answer.status != _OK:
                raise LookError(f"answered {answer.status}", remedy="check url")
            page = page_of(answer.body, block.written, look)
            links = look.observe(
                lambda: broken_on_host(page, url, lambda it: client.get(it).status)
            )
        reviewed = look.observe(lambda: written(page.reviewed) or _UNREVIEWED)
        return cls._seen(block, page, links, reviewed, look)

    @classmethod
    def _seen(
        cls,
        block: DocumentBlock,
        page: Page,
        links: Observed[tuple[str, ...]],
        reviewed: Observed[dt.date],
        look: Look,
    ) -> Self:
        headings = tuple(page.headings)
        text = "\n".join((*page.prose, *page.code))
        said = "\n".join(headings).casefold()
        missing = tuple(one for one in block.headings if one.casefold() not in said)
        never = reviewed.value is _UNREVIEWED
        today = look.now().date()
        return cls(
            found=look.seen(True),  # noqa: FBT003  # a value
            words=look.seen(page.words, unit="words"),
            headings=look.seen(headings),
            anchors=look.seen(frozenset(page.anchors)),
            missing_headings=look.seen(missing, detail=f"{len(headings)} headings"),
            placeholders=look.seen(tuple(page.placeholders)),
            broken_links=links,
            is_reviewed=reviewed.map(lambda _: True)
            if not never
            else look.seen(False, detail=_UNREVIEWED.remedy),  # noqa: FBT003  # as above
            reviewed=reviewed,
            age=reviewed.map(lambda day: today - day),
            text=look.seen(text),
            undescribed=look.observe(lambda: _undescribed(block, text)),
        )

    @classmethod
    def _without(cls, why: str, look: Look) -> Self:
        none = cls.unavailable(_NOTHING, look.source, look.now())
        return replace(none, found=look.seen(False, detail=why))  # noqa: FBT003  # a value

    @classmethod
    def looks(cls, block: DocumentBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read, asked and started."""
        reader = " ".join(("python", *COMMAND))
        note = "where it is large, or reStructuredText"
        program = PlannedLook("program", reader, note=note)
        if block.path is not None:
            asked = " ".join(("git log", *ASKED, block.path.name))
            return (
                *files(block.path, note="and the pages that it links to"),
                *files(*block.describes),
                PlannedLook("program", asked, note="where it is in a repository"),
                program,
            )
        secure = (block.url or "").startswith("https:")
        route = urlsplit(block.url or "").path or "/"
        who = "without a token" if block.token is None else "with the token"
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            PlannedLook("request", f"GET {route}", note=who),
            PlannedLook("request", "GET {link}", note="where it links to its host"),
            *(trust_files(block.ca_file) if secure else ()),
            program,
        )

    @staticmethod
    def source(block: DocumentBlock) -> str:
        """Name the file, or the page, which holds no credentials."""
        return str(block.path or block.url)


def _newest(
    page: Page, path: Path, kept: Path | None, look: Look
) -> dt.date | Unavailable:
    days = [written(page.reviewed), committed(path, look) if kept else None]
    return max((day for day in days if day is not None), default=_UNREVIEWED)


def _undescribed(block: DocumentBlock, text: str) -> tuple[str, ...] | Unavailable:
    if not block.describes:
        return _NO_FILES
    left_out = set(block.undocumented)
    return tuple(
        name
        for name in named(block.describes)
        if name not in left_out and not mentioned(text, name)
    )


def _headers(block: DocumentBlock) -> dict[str, str]:
    if block.token is None:
        return {}
    return {"Authorization": f"Bearer {block.token.reveal()}"}
