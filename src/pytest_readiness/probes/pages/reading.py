"""Reading one page: here where it is small, else in a process that can be ended."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Literal

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes import program
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.pages import html, markdown
from pytest_readiness.probes.pages.page import Link, Page

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look

__all__ = ["COMMAND", "MOST", "Markup", "page_of", "read_here"]

Markup = Literal["markdown", "restructuredtext", "html"]

MOST = 8_000_000
"""Bytes of a page that is read; three thousand sheets of paper."""
COMMAND = ("-I", "-m", "pytest_readiness.probes.pages")
"""How a page is read in another process, by this Python; file and format follow."""
_SMALL = 64_000
"""Bytes that even the worst Markdown takes no more than seconds for."""
_INTAKE = 60_000_000


def page_of(data: bytes, markup: Markup, look: Look) -> Page:
    """Read a page.

    Raises:
        LookError: it is no text, or takes too long.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        reason = f"is no UTF-8 text: byte {error.start}"
        raise LookError(reason, remedy="save it as UTF-8", final=True) from None
    if "\0" in text:
        raise LookError("is no text: it holds zero bytes", final=True)
    if len(data) <= _SMALL and markup != "restructuredtext":
        return read_here(text, markup)
    return _elsewhere(data, markup, look)


def read_here(text: str, markup: Markup) -> Page:
    """Read a page in this process."""
    if markup == "markdown":
        return markdown.read(text)
    if markup == "html":
        return html.read(text)
    from pytest_readiness.probes.pages import restructured  # noqa: PLC0415  # docutils

    return restructured.read(text)


def _elsewhere(data: bytes, markup: Markup, look: Look) -> Page:
    with tempfile.TemporaryDirectory(prefix="readiness-page-") as folder:
        path = os.path.join(folder, "page")  # noqa: PTH118  # a text for a command
        with open(path, "wb") as stream:  # noqa: PTH123  # as above
            stream.write(data)
        command = (sys.executable, *COMMAND, path, markup)
        output = program.output_of(command, look, _INTAKE)
    try:
        found = json.loads(output)
    except ValueError:
        reason = "cannot be read: it is too deep, or too much"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    links = [Link(*one) for one in found.pop("links")]
    return dataclasses.replace(Page(**found), links=links)
