"""Whatever the world says, it stays text: no markup, link, formula or command."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import junitparser
import pytest
from hypothesis import given, strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from pytest_readiness.reports import (
    code_quality,
    github,
    junit,
    markdown,
    metrics,
    table,
)
from pytest_readiness.reports.escaping import code, prose
from pytest_readiness.reports.formats import rendered
from pytest_readiness.reports.terminal import summary

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.store.document import Report

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></summary><h1>READY</h1>",
    "[click](https://evil.example/) ![x](https://evil.example/p.png)",
    "**READY** `code` ``two`` ~~gone~~ | cell | <!-- -->",
    "@everyone see #1, !2, GH-3, https://evil.example and www.evil.example",
    "- [x] done\n# READY\n> quoted\n/close",
    "\x1b[2J\x1b[31mred\x07 \x9b2J",
    "left \u202eright\u202c \u2066isolated\u2069 \u200bzero",
    "\x00\x01\ufffe\ud800 ]]> &lt; &amp; \"'",
    '=HYPERLINK("https://evil.example")',
    "::error::forged\n::add-mask::x\n%0A::error::again",
    'back\\slash \\" \\n',
    "readiness_ready 1\n# TYPE x info",
]
every_text = pytest.mark.parametrize("said", HOSTILE)
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]"
)
ESCAPED = {"\\": "\\\\", '"': '\\"'}
OURS = {"details", "/details", "summary", "/summary"}


def tokens(page: str) -> list[str]:
    """Give the kinds of everything that a tracker would make of a page."""
    parser = MarkdownIt("gfm-like")
    found = []
    for token in parser.parse(page):
        found.append(token.type)
        found += [child.type for child in token.children or []]
        tags = re.findall(r"<([^ >\n]*)", token.content)
        assert token.type not in {"html_block", "html_inline"} or set(tags) <= OURS
    return found


@every_text
def test_it_is_text_in_markdown(every_state: Callable[..., Report], said: str) -> None:
    plain = tokens(markdown.render(every_state("plain")).decode())
    hostile = tokens(markdown.render(every_state(said)).decode())

    assert not {"link_open", "image", "html_inline", "s_open"} & set(hostile)
    structure = {"heading_open", "list_item_open", "strong_open", "html_block"}
    for kind in structure:
        assert hostile.count(kind) == plain.count(kind), kind


@every_text
def test_nobody_is_mentioned_and_nothing_referred_to(
    every_state: Callable[..., Report], said: str
) -> None:
    page = markdown.render(every_state(said)).decode()
    without_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", page)

    assert not re.search(r"@\w|[#!]\d|GH-\d|://|www\.", without_code)


@every_text
def test_it_is_one_cell(every_state: Callable[..., Report], said: str) -> None:
    report = every_state(said)
    rows = list(csv.reader(io.StringIO(table.render(report).decode(), newline="")))

    assert {len(row) for row in rows} == {len(table.COLUMNS)}
    assert len(rows) == len(report.items) + 1
    assert not [
        c for row in rows for c in row if c.lstrip()[:1] in {"=", "+", "-", "@"}
    ]


@every_text
def test_it_is_text_in_xml(every_state: Callable[..., Report], said: str) -> None:
    report = every_state(said)
    data = junit.render(report)
    names = {element.tag for element in etree.fromstring(data).iter()}

    assert names <= {
        "testsuites",
        "testsuite",
        "properties",
        "property",
        "testcase",
        "failure",
        "skipped",
        "system-out",
    }
    assert len(list(junitparser.JUnitXml.fromstring(data))) > 1


@every_text
def test_it_is_a_label(every_state: Callable[..., Report], said: str) -> None:
    text = metrics.render(every_state(said, environment=said)).decode()
    label = r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'

    samples = [line for line in text.split("\n") if line and not line.startswith("#")]
    for line in samples:
        assert re.fullmatch(rf"readiness_\w+\{{{label}(,{label})*\}} [0-9.]+", line)


@every_text
def test_it_is_no_command_to_a_runner(
    every_state: Callable[..., Report], said: str
) -> None:
    lines = github.commands(every_state(said))

    assert len(lines) <= 2 * github.MOST
    for line in lines:
        assert re.fullmatch(r"::(error|warning) title=[^:,\r\n]*::[^\r\n]*", line)


@every_text
def test_controls_are_shown_as_such(
    every_state: Callable[..., Report], said: str
) -> None:
    report = every_state(said)
    texts = [data.decode() for data in rendered(report).values()]
    texts += [summary(report), *github.commands(report)]

    for text in texts:
        assert not UNSEEN.search(text.replace("\r\n", "\n"))
    assert json.loads(code_quality.render(report))


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_prose_is_shown_as_it_is(text: str) -> None:
    said = f"said: {' '.join(text.split())} end"
    parsed = MarkdownIt("gfm-like").parse(prose(said))

    assert [token.type for token in parsed] == [
        "paragraph_open",
        "inline",
        "paragraph_close",
    ]
    children = parsed[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    shown = "".join(child.content for child in children)
    assert shown.replace("\N{WORD JOINER}", "") == said.replace("\N{WORD JOINER}", "")


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1))
def test_code_is_shown_as_it_is(text: str) -> None:
    (inline,) = [one for one in MarkdownIt().parse(code(text)) if one.type == "inline"]
    (child,) = inline.children or []

    assert child.type == "code_inline"
    assert child.content == text
