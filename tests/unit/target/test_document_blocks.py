"""Tables of documents, the API's description, the rota: what they take and refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from pytest_readiness.target.secret import Redactor
    from tests.unit.target.conftest import Load

SECRET = "c4nary-of-the-feed"
MISTAKES = {
    'documents.a]\npath = "a.md"\nurl = "https://x.example/a"': "sets path and url",
    "documents.a]\nheadings = []": "misses path and url",
    'documents.a]\npath = "a.pdf"': "no Markdown, reStructuredText or HTML",
    'documents.a]\nurl = "http://x.example/a"\ntoken = "t"': "over plain HTTP",
    'documents."A b"]\npath = "a.md"': "is no name that an item's id can end with",
    "openapi]\nretries = 1": "misses path and url",
    'openapi]\npath = "a.json"\nroute = "x"': "is no path",
    'openapi]\nurl = "http://x.example"\ntoken = "t"': "over plain HTTP",
    "rota]\nretries = 1": "has no rota, or two",
    'rota]\npath = "a.yaml"\ntime_zone = "Mars/Base"': "is no time zone",
    'rota]\nlevels = [{ name = "a" }]': "names no calendar, or two",
    'rota]\nlevels = [{ name = "a", url = "https://x.example" }]': "url and feed",
    'pipeline]\npath = "ci.yml"': "whose pipeline it is",
    'forge]\nkind = "github"\nurl = "https://x.example"\nproject = "a"': "no project",
    'forge]\nkind = "github"\nurl = "http://x.example"\nproject = "a/b"\n'
    'token = "t"': "over plain HTTP",
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text.split("]")[0])
def test_a_mistake_is_named(text: str, load_text: Load) -> None:
    with pytest.raises(ConfigError) as raised:
        load_text(f"[target.production.{text}\n").select()
    assert MISTAKES[text] in str(raised.value)
    assert "readiness.toml" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "path", "markup"),
    [
        ("path", "docs/guide.MD", "markdown"),
        ("path", "guide.rst", "restructuredtext"),
        ("path", "guide.htm", "html"),
        ("url", "https://x.example/guide.md", "markdown"),
        ("url", "https://x.example/ops/guide", "html"),
    ],
)
def test_the_markup_follows_from_the_name(
    name: str, path: str, markup: str, load_text: Load
) -> None:
    text = f'[target.production.documents.guide]\n{name} = "{path}"\n'
    assert load_text(text).select().documents["guide"].written == markup


def test_some_documents_need_headings_where_nothing_is_said(load_text: Load) -> None:
    text = (
        '[target.production.documents.incident-response]\npath = "a.md"\n'
        '[target.production.documents.maintenance-windows]\npath = "b.md"\n'
        'headings = ["Plan"]\n'
        '[target.production.documents.user-manual]\npath = "c.md"\n'
        '[target.production.prometheus]\nurl = "https://p.example"\n'
    )
    documents = load_text(text).select().documents
    assert documents["incident-response"].headings == ("severity", "roles", "contacts")
    assert documents["maintenance-windows"].headings == ("Plan",)
    assert documents["user-manual"].headings == ()
    known = documents["user-manual"].prometheus
    assert known is not None
    assert known.url == "https://p.example"


def test_the_path_of_a_feed_is_a_secret(load_text: Load, redactor: Redactor) -> None:
    text = (
        '[[target.production.rota.levels]]\nname = "first"\n'
        'url = "https://acme.example"\nfeed = "${env:FEED}"\n'
    )
    target = load_text(text, {"FEED": SECRET}).select()
    assert target.rota is not None
    (level,) = target.rota.levels
    assert level.feed is not None
    assert level.feed.reveal() == SECRET
    assert SECRET not in f"{target!r} {redactor(SECRET)}"
