"""HTML: pages of a wiki, of a documentation's build, and pieces within Markdown."""

from __future__ import annotations

from html.parser import HTMLParser

from pytest_readiness.probes.pages.page import Link, Page

__all__ = ["into", "read"]

_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_CODE = frozenset({"pre", "code", "kbd", "samp"})
_UNSEEN = frozenset({"script", "style", "template", "noscript"})
_LINKS = {"a": "href", "img": "src"}


def read(text: str) -> Page:
    """Read a page; ``<meta name="reviewed" content="2030-01-31">`` is its review."""
    page = Page()
    into(page, text, 1)
    return page


def into(page: Page, text: str, line: int) -> None:
    """Read a piece of HTML that starts at a line of a page."""
    reader = _Reader(page, line)
    reader.feed(text)
    reader.close()


class _Reader(HTMLParser):
    def __init__(self, page: Page, first: int) -> None:
        super().__init__(convert_charrefs=True)
        self._page = page
        self._first = first
        self._heading: list[str] | None = None
        self._code = self._unseen = 0

    @property
    def _line(self) -> int:
        return self._first + self.getpos()[0] - 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self._page.anchors += [
            known[name]
            for name in ("id", "name")
            if known.get(name) and (name == "id" or tag == "a")
        ]
        if tag in _LINKS and known.get(_LINKS[tag]):
            self._page.links.append(Link(self._line, known[_LINKS[tag]]))
        if tag == "meta" and known.get("name", "").lower() == "reviewed":
            self._page.reviewed = known.get("content", "").strip()
        if tag in _HEADINGS:
            self._heading = []
        self._code += tag in _CODE
        self._unseen += tag in _UNSEEN

    def handle_endtag(self, tag: str) -> None:
        if tag in _HEADINGS and self._heading is not None:
            self._page.head("".join(self._heading))
            self._heading = None
        self._code = max(0, self._code - (tag in _CODE))
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._heading is not None:
            self._heading.append(data)
        if self._code:
            self._page.code.append(data)
        else:
            self._page.say(data, self._line)

    def handle_comment(self, data: str) -> None:
        self._page.mark(data, self._line)
