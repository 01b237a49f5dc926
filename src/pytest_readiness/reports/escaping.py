r"""Texts from outside, made harmless for Markdown.

Texts of the document are printable lines already; here they lose what a tracker would
make of them: markup, HTML, links, mentions of people, references to other tickets.
"""

from __future__ import annotations

import html
import re

__all__ = ["code", "markup", "prose"]

_MARKUP = re.compile(r"([\\`*_{}\[\]<>~|$&])")
"""What means something within a line; what means something at its start is ours."""
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_LINKING = re.compile(
    r"""([@#!~%&$^](?=[\w"])|:(?=//)|\bwww(?=\.)|\bGH(?=-\d))""", re.IGNORECASE
)
_JOINER = "\N{WORD JOINER}"
"""Has no width: a backslash does not keep a tracker from linking ``@name``."""
_TICKS = re.compile("`+")


def prose(text: str) -> str:
    r"""Write a text so that Markdown shows it as it is, within a line.

    >>> prose("*all* <b>fine</b>")
    '\\*all\\* &lt;b&gt;fine&lt;/b&gt;'
    """
    return _MARKUP.sub(_escaped, _apart(text))


def markup(text: str) -> str:
    """Write a text for the HTML that stands in a page, where Markdown is not read."""
    return html.escape(_apart(text))


def code(text: str) -> str:
    """Write a text as code, in which a tracker links nothing.

    >>> code("a`b")
    '``a`b``'
    """
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text or ' '}{pad}{fence}"


def _apart(text: str) -> str:
    return _LINKING.sub(rf"\1{_JOINER}", text)


def _escaped(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[1], f"\\{match[1]}")
