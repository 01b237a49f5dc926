"""Documents: good and bad ones of each markup, and some that mean harm."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes.documents import Document
from pytest_readiness.probes.look import Look
from pytest_readiness.target.blocks import DocumentBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator
    from pathlib import Path

    See = Callable[..., Document]

LIMIT = 20.0
TOKEN = "correct-horse-battery"
PROSE = "The engine takes orders and prices contracts for its traders all day. " * 20
MARKDOWN = f"""---
title: Guide
reviewed: 2026-10-01
---
# Install the engine

{PROSE}

See [below](#second-step), [there](other.md#a-part), [a folder](sub/), `TODO` and
![a picture](picture.png), [GitHub](https://github.example/x) and <mail@example.com>.

## Second step

```sh
TODO --run   # FIXME
```

<a id="own"></a> And [here](#own).
"""
HTML = f"""<html><head><meta name="reviewed" content="2026-10-01">
<script>var TODO = 1;</script></head><body>
<h1>Install the engine</h1><p>{PROSE}</p>
<p><a href="#second">below</a> <a href="other.md#a-part">there</a>
<a href="https://x.example/">elsewhere</a></p>
<h2 id="second">Second <em>step</em></h2><pre>TODO FIXME</pre></body></html>
"""
RST = f"""Install the engine
==================

:reviewed: 2026-10-01

{PROSE}

See `there <other.md#a-part>`_, `Second step`_ and :doc:`third`. ``TODO``

.. image:: picture.png

Second step
-----------

.. code-block:: sh

   TODO --run

.. unknown-directive:: x

   :unknown-role:`y`
"""


@pytest.fixture
def see(tmp_path: Path) -> See:
    (tmp_path / "sub").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    (tmp_path / "other.md").write_text("# A part\n\n[back](guide.md)\n")
    (tmp_path / "third.rst").write_text("Third\n=====\n")

    def look(text: str | bytes, name: str = "guide.md", **more: Any) -> Document:
        path = tmp_path / name
        data = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(data)
        timeout = more.pop("limit", LIMIT)
        block = DocumentBlock(path=path, **more)
        began = time.monotonic()
        facts = Document.gather(block, Look(Document.source(block), timeout))
        assert time.monotonic() - began < timeout + 1
        return facts

    return look


@pytest.mark.parametrize(
    ("text", "name"),
    [(MARKDOWN, "guide.md"), (HTML, "guide.html"), (RST, "guide.rst")],
    ids=["markdown", "html", "rst"],
)
def test_a_good_document_of_each_markup(text: str, name: str, see: See) -> None:
    facts = see(text, name, headings=("install", "second step"))
    assert facts.found.value is True
    assert 230 <= facts.words.otherwise(0) <= 280
    assert facts.headings.value == ("Install the engine", "Second step")
    assert facts.missing_headings.value == ()
    assert facts.placeholders.value == ()
    assert facts.broken_links.value == ()
    assert facts.is_reviewed.value is True
    assert facts.reviewed.value == dt.date(2026, 10, 1)
    assert facts.age.otherwise(dt.timedelta()) > dt.timedelta(days=30)
    assert "TODO" in facts.text.otherwise("")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("# A\n\nSoon.\n\nTODO write\nand TBD\n\n<!-- FIXME -->\n", "guide.md"),
        (
            "<h1>A</h1>\n\nSoon.\n\nTODO write\nand TBD\n\n<!-- FIXME -->\n",
            "guide.html",
        ),
        ("A\n=\n\nSoon.\n\nTODO write\nand TBD\n\n.. FIXME\n", "guide.rst"),
    ],
)
def test_what_is_still_to_be_written_is_named(text: str, name: str, see: See) -> None:
    found = see(text, name).placeholders.otherwise(())
    assert sorted(one.partition(": ")[2] for one in found) == ["FIXME", "TBD", "TODO"]
    assert any(one.endswith(("5: TODO", "6: TODO")) for one in found)


def test_words_that_only_look_like_placeholders_are_none(see: See) -> None:
    facts = see("# A\n\nHago todo; a todo list; TODOS; method.\n")
    assert facts.placeholders.value == ()
    assert see("Lorem ipsum dolor").placeholders.value == ("line 1: Lorem ipsum",)


@pytest.mark.parametrize(
    ("link", "broken"),
    [
        ("[x](nowhere.md)", "nowhere.md"),
        ("[x](#nowhere)", "#nowhere"),
        ("[x](other.md#nowhere)", "other.md#nowhere"),
        ("![x](nowhere.png)", "nowhere.png"),
        ("[x](../../../../../nowhere)", "../../../../../nowhere"),
        ("[x](/nowhere.md)", "/nowhere.md"),
        ("[x]\n\n[x]: nowhere.md", "nowhere.md"),
        ('<a href="nowhere.md">x</a>', "nowhere.md"),
        (f"[x]({'n' * 5000})", "n" * 5000),
        ("[x](no%00where)", "no\0where"),
    ],
)
def test_a_link_that_leads_nowhere_is_named(link: str, broken: str, see: See) -> None:
    (found,) = see(f"# A\n\n{link}\n").broken_links.otherwise(())
    assert found == f"line 3: {broken}"


@pytest.mark.parametrize(
    "link",
    [
        "[x](other.md)",
        "[x](other.md?plain=1#A-PART)",
        "[x](sub)",
        "[x](picture.png#L10)",
        "[x](https://nowhere.example/y)",
        "[x](//nowhere.example/y)",
        "[x](mailto:x@nowhere.example)",
        "[x](/other.md)",
        "[x](#top)",
        "[x](<>)",
        "[x](http://[::1)",
    ],
)
def test_a_link_that_leads_somewhere_or_elsewhere_is_fine(link: str, see: See) -> None:
    assert see(f"# A\n\n{link}\n").broken_links.value == ()


def test_same_headings_get_numbered_anchors(see: See) -> None:
    text = "# Step\n# Step\n# Übung & Ruhe\n\n[1](#step) [2](#step-1) [3](#übung--ruhe)"
    assert see(text).broken_links.value == ()
    assert see(f"{text} [4](#step-2)").broken_links.value == ("line 5: #step-2",)


def test_reference_to_no_target_in_restructured_text(see: See) -> None:
    facts = see("A\n=\n\nSee `Nowhere`_.\n", "guide.rst")
    assert facts.broken_links.value == ("line 4: #nowhere",)


def test_restructured_text_takes_in_no_file(see: See, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(TOKEN)
    text = (
        f"A\n=\n\n.. include:: {tmp_path}/secret\n\n.. raw:: html\n"
        f"   :file: {tmp_path}/secret\n\n.. csv-table::\n   :file: {tmp_path}/secret\n"
    )
    assert TOKEN not in repr(see(text, "guide.rst"))


def test_headings_that_are_missing_are_named(see: See) -> None:
    facts = see("# Severity Levels\n", headings=("severity", "roles"))
    assert facts.missing_headings.value == ("roles",)


def test_names_are_found_as_words_of_their_own(see: See, tmp_path: Path) -> None:
    example = tmp_path / ".env.example"
    example.write_text("# ENGINE_NO=1\nexport ENGINE_KEY=x\nENGINE_URL=\nENGINE_FD=3\n")
    schema = tmp_path / "settings.schema.json"
    level = {"properties": {"level": {}, "sink": {"$ref": "#/$defs/sink"}}}
    sink = {"anyOf": [{"properties": {"rotate": {}}}, {"$ref": "#/$defs/sink"}]}
    settings = {"pool.size": {}, "logging": level, "hosts": {"items": level}}
    schema.write_text(json.dumps({"properties": settings, "$defs": {"sink": sink}}))
    text = "# A\n\n`ENGINE_KEY` and ENGINE_URL_OLD, pool.size, logging, level, hosts.\n"
    facts = see(text, describes=(example, schema), undocumented=("ENGINE_FD",))
    assert facts.undescribed.value == (
        "ENGINE_URL",
        "logging.sink",
        "logging.sink.rotate",
        "hosts.sink",
        "hosts.sink.rotate",
    )


def test_a_guide_that_describes_no_file_or_an_empty_one(
    see: See, tmp_path: Path
) -> None:
    nothing = see("# A\n").undescribed.value
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.UNCONFIGURED
    (tmp_path / ".env.example").write_text("# nothing\n")
    unread = see("# A\n", describes=(tmp_path / ".env.example",)).undescribed.value
    assert isinstance(unread, Unavailable)
    assert "names no variable" in unread.reason


# ----------------------------------------------------------------------------- reviews


def git(folder: Path, *arguments: str, at: str = "") -> None:
    who = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {}
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(
        ["git", *identity, *arguments],  # noqa: S607  # whichever there is
        cwd=folder,
        check=True,
        capture_output=True,
        env={**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull},
    )


def commit(folder: Path, message: str, at: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-m", message, at=at)


def test_only_a_commit_that_somebody_reviewed_is_a_review(
    see: See, tmp_path: Path
) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "guide.md").write_text("# One\n")
    commit(tmp_path, "Write it", "2026-01-01T12:00:00Z")
    assert see("# One\n").is_reviewed.value is False
    (tmp_path / "guide.md").write_text("# Two\n")
    reviewed = "Mend it\n\nReviewed-by: B <b@x.example>"
    commit(tmp_path, reviewed, "2026-02-01T12:00:00Z")
    (tmp_path / "guide.md").write_text("# Three\n")
    commit(tmp_path, "Mend it again", "2026-03-01T12:00:00Z")
    assert see("# Three\n").reviewed.value == dt.date(2026, 2, 1)
    said = "---\nreviewed: 2026-02-20\n---\n# Three\n"
    assert see(said).reviewed.value == dt.date(2026, 2, 20)
    said = "---\nreviewed: 2026-01-20\n---\n# Three\n"
    assert see(said).reviewed.value == dt.date(2026, 2, 1)


def test_a_trailer_in_the_middle_of_a_message_is_none(see: See, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "guide.md").write_text("# One\n")
    commit(tmp_path, "Write\n\nReviewed-by: nobody\n\nyet.\n", "2026-01-01T12:00:00Z")
    assert see("# One\n").is_reviewed.value is False


def test_a_review_that_is_no_date_is_not_known(see: See) -> None:
    facts = see("---\nreviewed: last week\n---\n# A\n")
    assert isinstance(facts.reviewed.value, Unavailable)
    assert "is no date" in facts.reviewed.value.reason


# ------------------------------------------------------------- documents that harm


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xfe\0\0", "no UTF-8 text"),
        (b"# A\n\0\0", "zero bytes"),
        ("# Ü".encode("latin-1"), "no UTF-8 text"),
    ],
)
def test_what_is_no_text_is_no_document(data: bytes, why: str, see: See) -> None:
    facts = see(data)
    assert facts.found.value is False
    assert why in facts.found.detail
    assert not facts.words.available


def test_a_document_of_fifty_megabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "large.md").open("wb") as stream:
        stream.truncate(50_000_000)
    block = DocumentBlock(path=tmp_path / "large.md")
    began = time.monotonic()
    facts = Document.gather(block, Look("x", LIMIT))
    assert time.monotonic() - began < LIMIT / 2
    assert "larger than" in facts.reason.reason


@pytest.mark.parametrize("name", ["guide.md", "guide.rst", "guide.html"])
def test_two_hundred_pages_are_read_in_time(name: str, see: See) -> None:
    part = "Title {n}\n=========\n\n" + PROSE * 2 + "\n\n- one\n- two\n\n"
    text = "".join(part.format(n=n) for n in range(200))
    facts = see(text, name, limit=60.0)
    assert facts.words.otherwise(0) > 90_000
    assert facts.broken_links.value == ()


DEEP = {
    "quotes.md": ">" * 60_000,
    "lists.md": "\n".join("  " * n + "- a" for n in range(200)),
    "brackets.md": "[" * 60_000,
    "tables.md": "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 5_000,
    "lists.rst": "\n\n".join("  " * n + "- a" for n in range(400)),
    "tags.html": "<div>" * 500_000,
    "open.html": "<!--" * 100_000,
    "large.md": "[a](" * 40_000,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_ends_in_time(name: str, see: See) -> None:
    facts = see(DEEP[name], name)
    known = facts.words.value
    assert isinstance(known, int | Unavailable)


def test_circular_links_end(see: See, tmp_path: Path) -> None:
    for n in range(30):
        text = f"# Part {n}\n\n[next](p{(n + 1) % 30}.md#part-{(n + 1) % 30})\n"
        (tmp_path / f"p{n}.md").write_text(text)
    links = " ".join(f"[x](p{n}.md#part-{n})" for n in range(30))
    assert see(f"# A\n\n[me](guide.md#a) {links}\n").broken_links.value == ()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert see("[x](loop)").broken_links.value == ("line 1: loop",)


def test_a_reader_that_takes_too_long_is_ended(see: See) -> None:
    facts = see(PROSE, "guide.rst", limit=0.05)
    assert "no answer within" in facts.reason.reason


def test_no_file_a_folder_and_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    for name in ("none.md", "pipe.md", "."):
        block = DocumentBlock(path=tmp_path / name, markup="markdown")
        facts = Document.gather(block, Look("x", LIMIT))
        assert facts.found.value is False, name


# ------------------------------------------------------------------------------- pages

PAGES = {
    "/guide": (200, HTML.replace("other.md#a-part", "/other")),
    "/broken": (200, "<a href='/gone'>x</a><a href='#no'>y</a><a href='other'>z</a>"),
    "/other": (200, "<h1>Other</h1>"),
    "/private": (401, ""),
    "/moved": (302, ""),
    "/down": (503, ""),
}


def answer(client: socket.socket) -> None:
    with client, client.makefile("rb") as stream:
        while request := stream.readline():
            headers = b"".join(iter(stream.readline, b"\r\n"))
            path = request.split()[1].decode()
            status, body = PAGES.get(path, (404, ""))
            if path == "/private" and f"Bearer {TOKEN}".encode() in headers:
                status, body = 200, HTML
            data = body.encode()
            head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\n\r\n"
            client.sendall(head.encode() + data)


@pytest.fixture(scope="module")
def wiki() -> Iterator[str]:
    with Listener(answer) as listener:
        yield f"http://127.0.0.1:{listener.port}"


def page(url: str, **more: Any) -> Document:
    block = DocumentBlock(url=url, **more)
    return Document.gather(block, Look(Document.source(block), LIMIT))


def test_a_page_is_read_and_its_links_are_asked_for(wiki: str) -> None:
    facts = page(f"{wiki}/guide")
    assert facts.found.value is True
    assert facts.headings.value == ("Install the engine", "Second step")
    assert facts.broken_links.value == ()
    assert facts.reviewed.value == dt.date(2026, 10, 1)
    assert page(f"{wiki}/broken").broken_links.value == (
        "line 1: /gone answered 404",
        "line 1: #no",
    )
    assert page(f"{wiki}/other").is_reviewed.value is False


def test_a_page_that_is_not_there_is_an_observation(wiki: str) -> None:
    facts = page(f"{wiki}/none")
    assert (facts.found.value, facts.found.detail) == (False, "answered 404")


@pytest.mark.parametrize(
    ("path", "word"),
    [("/private", "asks for a token"), ("/moved", "302"), ("/down", "503")],
)
def test_a_page_that_is_not_shown_is_not_known(path: str, word: str, wiki: str) -> None:
    assert word in page(f"{wiki}{path}").reason.reason


def test_a_page_behind_a_token(wiki: str) -> None:
    facts = page(f"{wiki}/private", token=Secret(TOKEN, "env:TOKEN"))
    assert facts.found.value is True
    assert TOKEN not in repr(facts)
    wrong = page(f"{wiki}/private", token=Secret("wrong-one", "env:TOKEN"))
    assert "rejected" in wrong.reason.reason
    assert wrong.reason.cause is Cause.NO_ANSWER


def test_each_look_says_beforehand_what_it_reads(tmp_path: Path) -> None:
    looks = Document.looks(DocumentBlock(path=tmp_path / "guide.md"))
    assert [look.kind for look in looks] == ["file", "program", "program"]
    looks = Document.looks(DocumentBlock(url="https://wiki.example/ops/guide"))
    assert "GET /ops/guide" in [look.what for look in looks]
