"""Whether a page's own links lead somewhere: files, folders, and anchors within pages.

Links to other hosts are left alone: whether those answer says nothing about the page.
Pages that are linked to are read for their anchors, each once; their own links are not
followed, so that circles end where they begin.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.pages.reading import MOST, page_of
from pytest_readiness.probes.tree import read_bounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.pages.page import Link, Page
    from pytest_readiness.probes.pages.reading import Markup

__all__ = ["broken_in_file", "broken_on_host", "repository"]

_MARKUPS: dict[str, Markup] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".rst": "restructuredtext",
    ".html": "html",
    ".htm": "html",
}
_PAGES = 100
"""Other pages that are read for their anchors."""
_ASKED = 50
"""Links of a page on a host that are asked for."""
_TOP = frozenset({"", "top"})


def repository(path: Path) -> Path | None:
    """Give the folder that a file's repository begins in; None where it has none."""
    return next((folder for folder in path.parents if (folder / ".git").exists()), None)


def broken_in_file(page: Page, path: Path, root: Path, look: Look) -> tuple[str, ...]:
    """Name the links of a file's page that lead nowhere.

    Raises:
        LookError: it took too long.
    """
    anchors = _Anchors(look)
    found: list[str] = []
    for link in _once(page.links):
        if look.over:
            raise look.overdue("its links took it all")
        parts = _parts(link.target)
        if parts is None:
            continue
        place, anchor = parts
        if not place:
            if not _has(page.anchors, anchor):
                found.append(f"line {link.line}: #{anchor}")
            continue
        there = root / place.lstrip("/") if place[0] == "/" else path.parent / place
        if not _exists(there):
            found.append(f"line {link.line}: {place}")
        elif anchor and not _has(anchors.of(there), anchor):
            found.append(f"line {link.line}: {place}#{anchor}")
    return tuple(found)


def broken_on_host(page: Page, url: str, ask: Callable[[str], int]) -> tuple[str, ...]:
    """Name the links of a host's page that lead nowhere on it.

    ``ask`` gives the status of a route of the host.
    """
    found: list[str] = []
    asked: dict[str, int] = {}
    origin = urlsplit(url)._replace(path="", query="", fragment="").geturl()
    for link in _once(page.links):
        parts = urlsplit(link.target)
        if not (parts.path or parts.query or parts.scheme or parts.netloc):
            if not _has(page.anchors, unquote(parts.fragment)):
                found.append(f"line {link.line}: {link.target}")
            continue
        there = urlsplit(urljoin(url, link.target))._replace(fragment="").geturl()
        if parts.scheme or parts.netloc or not there.startswith(origin):
            continue
        route = there.removeprefix(origin) or "/"
        if route not in asked:
            if len(asked) >= _ASKED:
                continue
            asked[route] = ask(route)
        if asked[route] >= 400:  # noqa: PLR2004  # where HTTP's errors begin
            found.append(f"line {link.line}: {route} answered {asked[route]}")
    return tuple(found)


def _once(links: Iterable[Link]) -> Iterator[Link]:
    """Give the first link to each target."""
    seen: set[str] = set()
    for link in links:
        if link.target not in seen:
            seen.add(link.target)
            yield link


def _parts(target: str) -> tuple[str, str] | None:
    """Give path and anchor of a link within the repository; None for any other."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return target, ""
    if parts.scheme or parts.netloc or not (parts.path or parts.fragment or not target):
        return None
    return unquote(parts.path), unquote(parts.fragment)


def _has(anchors: Iterable[str] | None, anchor: str) -> bool:
    # None: nobody knows the anchors there, as of a program's line 10.
    if anchors is None or anchor.lower() in _TOP:
        return True
    return anchor.lower() in {one.lower() for one in anchors}


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


class _Anchors:
    """The anchors of other pages, each read once."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._known: dict[Path, list[str] | None] = {}

    def of(self, path: Path) -> list[str] | None:
        markup = _MARKUPS.get(PurePosixPath(path.name).suffix.lower())
        if markup is None or not path.is_file():
            return None
        if path not in self._known:
            if len(self._known) >= _PAGES:
                return None
            self._known[path] = self._read(path, markup)
        return self._known[path]

    def _read(self, path: Path, markup: Markup) -> list[str]:
        try:
            return page_of(read_bounded(path, MOST), markup, self._look).anchors
        except LookError:
            if self._look.over:
                raise
            return []
