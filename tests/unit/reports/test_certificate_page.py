"""The certificate's sheet: what it says, and that nothing in it can do harm."""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.certificate import Certificate, Judged, Way, plain
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.issued import Certifier, Issued
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.result import WaiverInfo
from pytest_readiness.attest.statement import TARGET_NAME, Statement, Subject
from pytest_readiness.attest.trust_tables import Key, Person
from pytest_readiness.catalogue.item import Scope
from pytest_readiness.reports.certificate_page import page

if TYPE_CHECKING:
    from pathlib import Path

NOW = dt.datetime(2026, 10, 11, 8, 10, tzinfo=dt.UTC)
SOURCE = "sha256:" + "5e" * 32
HOSTILE = '<script>alert(1)</script>\u202e"&\x1b[31m'


def issued(*people: str, waived: int = 0, **words: Any) -> Issued:
    url = words.pop("url", "https://ci.example.com/acme/shop/runs/4425592351")
    judged = Judged(
        **{
            "system": "shop",
            "environment": "production",
            "release": "2.4.0",
            "source": SOURCE,
            "commit": "d20ace7968ba43c0219f62d71334c1095bab1602",
            "gate": "go-live",
            "way": Way.RAN_HERE,
            "issued_at": NOW,
            "valid_until": NOW + dt.timedelta(days=3),
            "ends_with": "the snapshot",
            "items": 196,
            "seen": 95,
            "signed": max(0, 101 - waived),
            **words,
        }
    )
    subject = Context(
        system=judged.system,
        environment=judged.environment,
        version=judged.release,
        source=judged.source or "",
    ).subject([Scope.RELEASE])
    items = tuple(f"some-section.item-{number}" for number in range(196))
    certificate = Certificate.of(
        subject=subject,
        judged=judged,
        others=(plain("report.json", "a1" * 32),),
        passed=items[waived:],
        waived=items[:waived],
        url=url,
    )
    statement = Statement(Subject(name=TARGET_NAME, digest=subject), certificate)
    return Issued(statement.payload(), statement, tuple(map(certifier, people)))


def certifier(name: str) -> Certifier:
    key = Key(
        key=PrivateKey.generate().public.openssh(),  # type: ignore[arg-type]
        not_before=NOW,
        not_after=NOW + dt.timedelta(days=100),
    )
    title = "Chief Executive" if name != "untitled" else ""
    person = Person(person="grace", name=name, title=title, roles=(), key=(key,))
    return Certifier(person, key, frozenset({"executive-sponsor", "project-manager"}))


def waiver(number: int, **more: Any) -> WaiverInfo:
    return WaiverInfo(
        **{
            "item": f"some-section.item-{number}",
            "approvers": (),
            "requested_by": "dave",
            "reason": "The restore test needs the new site, which opens later.",
            "risk": "medium",
            "compensating_controls": (),
            "ticket": "",
            "until": NOW + dt.timedelta(days=number + 1),
            "covers_unknown": False,
            "renewals": 0,
            **more,
        }
    )


class Reader(HTMLParser):
    """What a browser would load or run, and what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._style = tag == "style"
        names = {"href", "src", "srcset", "action", "style"}
        self.links += [f"{tag} {name}" for name, _ in attrs if name in names]
        self.links += [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        self._style = self._style and tag != "style"

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.text += f" {data}"


def read(*arguments: Any, **more: Any) -> Reader:
    reader = Reader()
    reader.feed(page(*arguments, **more).decode())
    return reader


def test_the_sheet_says_all_that_was_signed() -> None:
    made = issued("Grace Example")
    text = " ".join(read(made, ()).text.split())

    for said in (
        "shop 2.4.0",
        "Environment production , gate go-live",
        "READY",
        "95 seen by probes, 101 signed by people, of 196 items.",
        "Certified 11 October 2026, 08:10 UTC",
        "Valid until 14 October 2026, 08:10 UTC",
        "Ends with the snapshot",
        "the gate ran in the command that certified",
        SOURCE,
        "Grace Example",
        "Chief Executive",
        "executive-sponsor, project-manager",
        made.certifiers[0].key.key.fingerprint,
        made.digest,
        "readiness verify certificate.intoto.jsonl",
        f"--system shop --target production --release {SOURCE}",
        "https://ci.example.com/acme/shop/runs/4425592351",
    ):
        assert said in text
    assert "Waived" not in text
    assert "Not valid" not in text


def test_nothing_is_loaded_and_nothing_runs() -> None:
    reader = read(issued("Grace Example", waived=2), [waiver(0), waiver(1)])

    assert reader.links == []
    assert not {"script", "img", "link", "iframe", "object"} & set(reader.tags)
    assert b"url(" not in page(issued("Grace"), ())


def test_hostile_words_are_words() -> None:
    made = issued(
        "<script>me</script>", waived=1, system="a&b", release="1<b>2", gate="x"
    )
    data = page(made, [waiver(0, reason=HOSTILE)], [HOSTILE]).decode()

    assert "<script>" not in data
    assert "\u202e" not in data
    assert "\x1b" not in data
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e" in data
    assert "--release" in data


def test_waivers_stand_with_their_ends_soonest_first() -> None:
    reader = read(issued("Grace", waived=3), [waiver(2), waiver(0), waiver(1)])
    text = " ".join(reader.text.split())

    assert "READY WITH WAIVERS" in text
    assert "3 waived, of 196 items" in text
    assert text.index("item-0 12 Oct 2026") < text.index("item-1 13 Oct 2026")
    assert "more, in the report" not in text


def test_more_than_fit_are_counted() -> None:
    made = issued("A", "B", "C", "D", "E", waived=120)
    text = read(made, [waiver(number) for number in range(120)]).text

    assert text.count("some-section.item-") == 5
    assert "and 115 more, in the report." in text
    assert "and 1 more." in text


@pytest.mark.parametrize(
    ("words", "missing", "said"),
    [
        (
            {"emergency": "INC-7", "unpinned": True},
            (),
            ("EMERGENCY, incident INC-7.", "Unpinned: nobody outside"),
        ),
        ({"source": None, "commit": None}, (), ("Unbound: the release is a version",)),
        ({"approvers": 2}, (), ("Approved by 2, not by three, distinct people.",)),
        (
            {"way": Way.FROM_REPORT},
            ("project-manager",),
            (
                "from a report that a runner's key vouches for",
                "Not valid yet: the signature of project-manager is missing.",
                "Not signed yet: project-manager",
            ),
        ),
    ],
)
def test_what_its_reader_must_know_stands_on_it(
    words: dict[str, Any], missing: tuple[str, ...], said: tuple[str, ...]
) -> None:
    text = " ".join(read(issued("untitled", url="", **words), (), missing).text.split())

    assert "no title" in text
    for sentence in said:
        assert sentence in text


def test_addresses_in_what_people_wrote_are_masked() -> None:
    reason = "ask dave@example.com, +44 20 7946 0958"
    text = read(issued("Grace", waived=1), [waiver(0, reason=reason)]).text

    assert "dave@" not in text
    assert "7946" not in text


# ------------------------------------------------------------------------ on paper

LONG = {
    "system": "A system with a name that goes on for rather long " * 3,
    "environment": "production-europe-west " * 5,
    "release": f"2.4.0-rc.1+build.{'7' * 120}",
    "emergency": f"INC-{'9' * 150}",
    "unpinned": True,
    "approvers": 2,
}


@pytest.fixture
def chromium() -> str:
    """Give the browser, skip without it, or fail where all are promised."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        promised = os.environ.get("READINESS_REQUIRE_SERVICES") == "1"
        (pytest.fail if promised else pytest.skip)("chromium is not installed here")
    return found


@pytest.mark.parametrize(
    ("people", "waived", "words"),
    [
        (["Grace Example"], 0, {}),
        (["Grace Example", "Pete Example"], 5, {}),
        (["A name that is really rather long " * 3] * 6, 120, LONG),
    ],
    ids=["one signer", "five waivers", "all that there can be"],
)
def test_it_fits_one_sheet_of_a4(
    chromium: str,
    tmp_path: Path,
    people: list[str],
    waived: int,
    words: dict[str, Any],
) -> None:
    full = words is LONG
    item, reason = "some-section.item-0", "The restore test needs the new site."
    if full:
        item, reason = f"a.{'long-' * 30}0", reason * 20
    waivers = [waiver(number, item=item, reason=reason) for number in range(waived)]
    missing = ["project-manager", "business-owner"] if full else []
    sheet, printed = tmp_path / "sheet.html", tmp_path / "sheet.pdf"
    sheet.write_bytes(page(issued(*people, waived=waived, **words), waivers, missing))
    subprocess.run(
        [
            chromium,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--no-pdf-header-footer",
            f"--print-to-pdf={printed}",
            sheet.as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pdf = printed.read_bytes()

    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    (box,) = set(re.findall(rb"/MediaBox\s*\[([^]]+)\]", pdf))
    assert [round(float(number)) for number in box.split()] == [0, 0, 595, 842]
