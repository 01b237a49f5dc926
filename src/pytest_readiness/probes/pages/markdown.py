"""Markdown, as CommonMark and GitHub have it, with YAML front matter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from pytest_readiness.probes.pages import html
from pytest_readiness.probes.pages.page import Link, Page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

__all__ = ["read"]

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_REVIEWED = re.compile(r"^reviewed[ \t]*:[ \t]*(.*)$", re.MULTILINE)
_OWN_ANCHOR = re.compile(r"\s*\{#([\w.:-]+)\}\s*$")
_LABEL = re.compile(r"^\(([\w.: -]+)\)=$", re.MULTILINE)


def read(text: str) -> Page:
    """Read a page."""
    page = Page()
    front = _FRONT.match(text)
    before = 0
    if front is not None:
        said = _REVIEWED.search(front[1] or "")
        page.reviewed = said[1].strip().strip("'\"") if said else ""
        before = front[0].count("\n")
        text = text[front.end() :]
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    line, heading = before + 1, False
    for token in tokens:
        if token.map:
            line = before + token.map[0] + 1
        if token.type in {"fence", "code_block"}:
            page.code.append(token.content)
        elif token.type == "html_block":
            html.into(page, token.content, line)
        elif token.type == "heading_open":
            heading = True
        elif token.type == "inline":
            said_there = _inline(page, token.children or (), line)
            if heading:
                _head(page, said_there)
                heading = False
            page.anchors += _LABEL.findall(said_there)
    return page


def _head(page: Page, text: str) -> None:
    own = _OWN_ANCHOR.search(text)
    if own is not None:
        page.anchors.append(own[1])
        text = text[: own.start()]
    page.head(text)


def _inline(page: Page, tokens: Sequence[Token], line: int) -> str:
    """Read what stands within one paragraph; gives its text, code included."""
    prose: list[str] = []
    whole: list[str] = []
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:
            prose.append("\n")
            whole.append("\n")
        elif token.type == "text":
            prose.append(token.content)
            whole.append(token.content)
        elif token.type == "code_inline":
            page.code.append(token.content)
            prose.append(" ")
            whole.append(token.content)
        elif token.type == "html_inline":
            html.into(page, token.content, line)
        elif token.type == "link_open":
            page.links.append(Link(line, str(token.attrs.get("href", ""))))
        elif token.type == "image":
            page.links.append(Link(line, str(token.attrs.get("src", ""))))
            prose.append(token.content)
    page.say("".join(prose), line)
    return "".join(whole)
