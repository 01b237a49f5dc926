"""``report.html``: what stands in it, and what hostile content comes to."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest.result import Result
from pytest_readiness.catalogue.item import Item, Kind, Scope, SignatureRule, Stage
from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.reports.html import page
from pytest_readiness.store.building import Subject
from pytest_readiness.store.document import (
    ApproversCounted,
    Observation,
    PastRun,
    ReleaseJudged,
    Report,
    Selection,
)
from pytest_readiness.store.signed import (
    EvidenceShown,
    HindranceShown,
    RefusalShown,
    SignedShown,
    SignerShown,
    TrustShown,
    WaiverShown,
)
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = dt.datetime(2026, 10, 10, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
RULE = SignatureRule(("dba",), Scope.RELEASE, 14 * DAY, always=True)
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"' onload='x' "
    "{{ 7*7 }} `<b>` javascript:alert(3) \u202egnp.exe \x1b[31m\u200b\x00 &lt;"
)
VOID = {"meta", "input", "br", "img", "link"}
LOOSE = {"th", "td", "tr", "thead", "tbody", "p"}
"""Elements whose end HTML lets one leave out."""


class Read(HTMLParser):
    """Read a page: its elements, its text, and whether every element is closed."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.text += " " if tag in {"dd", "dt", "td", "th", "small", "em", "q"} else ""
        if tag not in VOID | LOOSE and tag not in {"circle", "rect"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID | LOOSE and tag not in {"circle", "rect"}:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text += data

    def values(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.elements if name in attrs]


def signer(**changes: Any) -> SignerShown:
    given: dict[str, Any] = {
        "person": "olga",
        "name": "Olga Petrov",
        "title": "Head of Operations",
        "role": "ops-lead",
        "fingerprint": "SHA256:fxwIrqg0ZUxYHmQPK47s39mNxmyGDV408s4cZHuWy",
        "issued_at": NOON,
        "until": NOON + 10 * DAY,
        "payload": "ab" * 32,
    }
    return SignerShown(**{**given, **changes})


def waiver(**changes: Any) -> WaiverShown:
    given: dict[str, Any] = {
        "used": True,
        "approvers": (signer(), signer(name="Bruno Costa", role="business-owner")),
        "requested_by": "priya",
        "reason": "the new disk comes on Monday",
        "risk": "low",
        "compensating_controls": ("a nightly dump",),
        "ticket": "https://issues.example.com/RISK-91",
        "until": NOON + 5 * DAY,
        "covers_unknown": False,
        "renewals": 0,
        "emergency": False,
    }
    return WaiverShown(**{**given, **changes})


def changed(report: Report, number: int, **changes: Any) -> Report:
    """Change one item of a report, and nothing else."""
    items = list(report.items)
    items[number] = items[number].model_copy(update=changes)
    return report.model_copy(update={"items": tuple(items)})


@pytest.fixture
def report(
    make_item: Callable[..., Item],
    make_judgement: Callable[..., Judgement],
    make_report: Callable[..., Report],
) -> Report:
    items = [
        make_item(fix="set `ssl = on`"),
        make_item(id="database-setup.cache", owner="ops-lead", signature=RULE),
        make_item(id="environment-setup.disk", owner="ops-lead", kind=Kind.PROBE),
        make_item(id="environment-setup.review", kind=Kind.ATTEST, signature=RULE),
        make_item(id="daily-operations.backup", stage=Stage.DAILY),
    ]
    outcomes = {
        items[0].id: Outcome.plain(
            items[0].id, State.FAILED, "VIOLATED", "11.22, required at least 12"
        ),
        items[1].id: Outcome.plain(items[1].id, State.PENDING, "MISSING", "unsigned"),
        items[2].id: Outcome(
            items[2].id, State.WAIVED, State.FAILED, "VIOLATED", "too small"
        ),
        items[3].id: Outcome.plain(items[3].id, State.ATTESTED, "", "signed by Olga"),
        items[4].id: Outcome.plain(items[4].id, State.OUT_OF_GATE),
    }
    judgements = {
        items[0].id: [
            make_judgement(judged=Judged.VIOLATED, reason="is less", detail="Debian"),
            make_judgement(label="encryption", observed="on", required="on"),
        ]
    }
    made = make_report(items, outcomes, judgements).model_copy(
        update={"approvers": ApproversCounted(people=1, needed=3)}
    )
    made = changed(made, 2, signed=SignedShown(result=Result.WAIVED, waiver=waiver()))
    evidence = EvidenceShown(
        name="review.pdf", digest="cd" * 32, uri="https://wiki.example.com/review"
    )
    by = signer(justification="read in full", evidence=(evidence,), claims={"n": 3})
    return changed(
        made,
        3,
        signed=SignedShown(
            result=Result.SATISFIED,
            signers=(by,),
            expires=NOON + 10 * DAY,
            refusals=(RefusalShown(code="EXPIRED", reason="is old", person="bob"),),
        ),
    )


def with_trust(report: Report, **changes: Any) -> Report:
    given: dict[str, Any] = {"described": "trust file version 7", "version": 7}
    trust = TrustShown(**{**given, **changes})
    return report.model_copy(update={"trust": trust})


def test_it_says_the_verdict_what_was_judged_and_by_whom(report: Report) -> None:
    text = " ".join(Read(page(report)).text.split())

    for told in (
        "NOT READY",
        "It may not go live: 1 failed, 1 pending, of 2 owners.",
        "Options Trading Engine 2.4.0 in production",
        "0 seen by probes",
        "1 signed by people",
        "1 waived",
        "1 people, 3 are needed",
        "Before waivers: NOT READY (2 failed, 1 pending)",
        report.target_digest,
        report.release.commit,
        report.release.source,
        report.checklist.digest,
        f"{report.run.user} on {report.run.host}",
    ):
        assert told is not None
        assert told in text


def test_every_element_is_closed_and_every_link_leads_somewhere(
    report: Report,
) -> None:
    read = Read(page(report))

    assert read.open == []
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    inside = {href[1:] for href in read.values("href") if href.startswith("#")}
    assert inside <= set(ids)
    assert {item.id for item in report.items} <= set(ids)


def test_what_blocks_stands_by_owner_with_what_to_do(report: Report) -> None:
    text = page(report).decode()
    (block,) = re.findall(r'<section id="blocking".*?</section>', text, re.DOTALL)

    assert block.index('id="owner-dba"') < block.index('id="owner-ops-lead"')
    told = " ".join(Read(block.encode()).text.split())
    for words in (
        "server version 11.22 Debian violated: is less at least 12",
        "postgresql://db.example:5432/app",
        "Fix: set ssl = on",
        "readiness attest database-setup.cache",
    ):
        assert words in told
    assert "encryption" not in block, "what holds does not block"
    assert "<code>ssl = on</code>" in block


def test_the_matrix_counts_each_section(report: Report) -> None:
    text = page(report).decode()
    filters = re.findall(r'data-filter="([^"]+)"[^>]*>(\d+)<', text)

    assert dict(filters) == {
        "state=failed&amp;section=database-setup": "1",
        "state=pending&amp;section=database-setup": "1",
        "state=waived&amp;section=environment-setup": "1",
        "state=attested&amp;section=environment-setup": "1",
        "state=out-of-gate&amp;section=daily-operations": "1",
    }


def test_people_are_named_with_what_they_signed(report: Report) -> None:
    text = " ".join(Read(page(report)).text.split())

    for told in (
        "Olga Petrov, Head of Operations",
        signer().fingerprint,
        "review.pdf",
        "https://wiki.example.com/review (not hashed again)",
        "cd" * 32,
        "read in full",
        "n: 3",
        "does not count: EXPIRED is old (bob)",
        "the new disk comes on Monday",
        "a nightly dump",
        "Asked for by priya",
        "15 Oct 2026, 12:00 UTC",
    ):
        assert told in text


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": None}, "No trust file: nobody"),
        ({}, "The trust file is not pinned: nobody outside"),
        ({"pinned": True}, "The trust file is pinned: it is held"),
        ({}, "Deleted signatures would not be noticed:"),
        ({"deletions_detected": True}, "Deleted signatures would be noticed:"),
        ({"failures": ("TAMPERED: line 3",)}, "Not to be trusted: TAMPERED: line 3"),
        ({"ignored": {"UNTRUSTED_KEY": 2}}, "Lines that do not count: 2 UNTRUSTED_KEY"),
        ({"expires": NOON + DAY}, "Expires 11 Oct 2026, 12:00 UTC"),
        ({"digest": "ef" * 32}, "ef" * 32),
    ],
)
def test_the_state_of_trust_is_told(
    report: Report, change: dict[str, Any], told: str
) -> None:
    text = " ".join(Read(page(with_trust(report, **change))).text.split())

    assert told in text


def test_what_else_is_to_be_known_is_told(report: Report) -> None:
    emergency = waiver(emergency=True, incident="INC-7", covers_unknown=True)
    unneeded = waiver(used=False, renewals=2, ticket="javascript:alert(1)")
    found = changed(
        changed(report, 2, signed=SignedShown(result=Result.WAIVED, waiver=emergency)),
        0,
        signed=SignedShown(result=Result.NONE, waiver=unneeded),
    ).model_copy(
        update={
            "release": ReleaseJudged(
                version="2.4.0",
                dirty=True,
                dirty_paths=tuple(f"file-{n}" for n in range(7)),
                bound=False,
            ),
            "selection": Selection(selected=True, why=("-k 'x'",)),
            "hindrances": (HindranceShown(code="TOO_MANY", reason="six waivers"),),
            "warnings": ("the checklist is old",),
            "organisation": "acme",
            "candidate": "staging",
        }
    )
    read = Read(page(found))
    text = " ".join(read.text.split())

    for told in (
        "EMERGENCY waiver in force: incident INC-7",
        "A waiver that is not needed: database-setup.security is failed",
        "Uncommitted changes in the release: file-0, file-1, file-2",
        "file-4 and 2 more",
        "The release is unbound:",
        "Only a selection was run: -k 'x'",
        "Blocked, TOO_MANY: six waivers",
        "Warning: the checklist is old",
        "Organisation acme",
        "Candidate staging",
        "also what could not be looked at",
        "2 times",
        "javascript:alert(1)",
    ):
        assert told in text
    assert not any(href.startswith("javascript") for href in read.values("href"))


def test_what_ends_first_stands_first(report: Report) -> None:
    soon = with_trust(report, expires=report.run.ended - DAY)
    text = page(soon).decode()
    rows = re.findall(
        r'<tr class="(\w*)"><th scope="row">([^<]+)</th><td>([^<]+)', text
    )

    assert rows == [
        ("bad", "2026-10-09 12:00", "over"),
        ("warn", "2026-10-15 12:00", "4 days"),
        ("", "2026-10-20 12:00", "9 days"),
    ]


def test_an_earlier_run_makes_a_trend(report: Report) -> None:
    past = PastRun(
        at=NOON - DAY,
        release="2.3.0",
        verdict=report.verdict,
        counts=dict(report.counts.after) | {State.FAILED: 4, State.ATTESTED: 0},
    )
    without = page(report).decode()
    text = page(report.model_copy(update={"trend": (past,)})).decode()

    assert 'id="trend"' not in without
    assert "2 runs since 09 Oct 2026: 5 open then, 2 now" in text
    assert "<title>2026-10-09 12:00 UTC NOT READY</title>" in text


def test_the_same_report_makes_the_same_bytes(report: Report) -> None:
    again = Report.model_validate_json(report.canonical())

    assert page(again) == page(report)


def test_the_browser_is_told_to_run_and_load_nothing_else(report: Report) -> None:
    read = Read(page(report))
    policy = next(v for v in read.values("content") if "default-src" in v)
    data = page(report).decode()
    for name in ("style", "script"):
        inside = re.findall(rf"<{name}>(.*?)</{name}>", data, re.DOTALL)
        assert len(inside) == 1
        digest = hashlib.sha256(inside[0].encode()).digest()
        assert f"{name}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert not {tag for tag, _ in read.elements} & {"img", "link", "iframe", "object"}
    assert read.values("src") == read.values("style") == []
    assert not [
        name for _, attrs in read.elements for name in attrs if name[:2] == "on"
    ]


def hostile_observation() -> Observation:
    return Observation(
        label=HOSTILE,
        observed=HOSTILE,
        required=HOSTILE,
        judged=Judged.VIOLATED,
        reason=HOSTILE,
        source=HOSTILE,
        detail=HOSTILE,
        bound_source=HOSTILE,
        remedy=HOSTILE,
        at=NOON,
        duration_seconds=1.5,
    )


def hostile_signatures() -> SignedShown:
    who = signer(
        person=HOSTILE,
        name=HOSTILE,
        title=HOSTILE,
        role=HOSTILE,
        stands_in_for=HOSTILE,
        fingerprint=HOSTILE,
        justification=HOSTILE,
        claims={HOSTILE: HOSTILE},
        evidence=(EvidenceShown(name=HOSTILE, digest="ab" * 32, uri=HOSTILE),),
    )
    let_pass = waiver(
        approvers=(who,),
        requested_by=HOSTILE,
        reason=HOSTILE,
        risk=HOSTILE,
        compensating_controls=(HOSTILE,),
        ticket=HOSTILE,
        emergency=True,
        incident=HOSTILE,
    )
    return SignedShown(
        result=Result.WAIVED,
        signers=(who,),
        missing_roles=(HOSTILE,),
        refusals=(RefusalShown(code=HOSTILE, reason=HOSTILE, person=HOSTILE),),
        waiver=let_pass,
    )


def everywhere(report: Report) -> Report:
    """Put hostile content wherever a text comes from outside."""
    document = report.model_dump()
    for item in document["items"]:
        for name in ("claim", "why", "fix", "code", "reason", "remedy", "command"):
            item[name] = HOSTILE
        item["section_title"] = HOSTILE
        item["observations"] = (hostile_observation().model_dump(),)
        item["signed"] = hostile_signatures().model_dump()
    for name in ("system", "organisation", "environment", "candidate"):
        document[name] = HOSTILE
    document["release"] |= dict.fromkeys(("version", "source", "commit"), HOSTILE)
    document["release"] |= {"dirty": True, "dirty_paths": (HOSTILE,)}
    document["run"] |= dict.fromkeys(("host", "user", "plugin", "python"), HOSTILE)
    document["run"]["command"] = (HOSTILE,)
    document["gate"]["name"] = document["checklist"]["name"] = HOSTILE
    document["selection"] |= {"selected": True, "why": (HOSTILE,)}
    document["trust"] = TrustShown(
        described=HOSTILE, version=1, failures=(HOSTILE,), ignored={HOSTILE: 1}
    ).model_dump()
    document["hindrances"] = ({"code": HOSTILE, "reason": HOSTILE},)
    document["warnings"] = (HOSTILE,)
    past = PastRun(
        at=NOON, release=HOSTILE, verdict=report.verdict, counts=report.counts.after
    )
    document["trend"] = (past.model_dump(),)
    return Report.model_validate(document)


def test_hostile_content_is_text_and_its_controls_are_seen(report: Report) -> None:
    clean, read = Read(page(report)), Read(page(everywhere(report)))

    assert read.open == []
    elements = {tag for tag, _ in read.elements}
    assert elements - {tag for tag, _ in clean.elements} <= {"em", "small", "svg"} | {
        "g",
        "title",
    }
    assert len([tag for tag, _ in read.elements if tag == "script"]) == 1
    names = {name for _, attrs in read.elements for name in attrs}
    assert not [name for name in names if name.startswith("on")]
    assert all(href.startswith("#") for href in read.values("href"))
    assert "{{ 7*7 }}" in read.text
    assert "\\u202egnp.exe \\x1b[31m\\u200b\\x00" in read.text
    data = page(everywhere(report)).decode()
    assert [c for c in data if not c.isprintable() and c != "\n"] == []


def test_ten_thousand_items_are_told_to_be_laid_out_as_they_are_seen(
    make_item: Callable[..., Item], make_report: Callable[..., Report]
) -> None:
    items = [make_item(id=f"part-{n % 3}.item-{n}", owner="dba") for n in range(1200)]
    outcomes = {
        item.id: Outcome.plain(item.id, State.FAILED, "VIOLATED", f"is {number}")
        for number, item in enumerate(items)
    }
    text = page(make_report(items, outcomes)).decode()

    assert '<main id="main" class="many">' in text
    assert (
        "#section-part-1 { contain-intrinsic-size: auto none auto 963.0rem; }" in text
    )
    assert "and 1180 more" in text
    assert text.count('class="obstacle failed"') == 20


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (State.VERIFIED, "Every item that this gate asks is satisfied."),
        (State.WAIVED, "one item is let pass until a date that people signed."),
        (State.NOT_RUN, "Not everything was run, so this says nothing"),
    ],
)
def test_the_verdict_is_told_in_a_sentence(
    make_item: Callable[..., Item],
    make_report: Callable[..., Report],
    state: State,
    sentence: str,
) -> None:
    item = make_item()
    raw = State.FAILED if state is State.WAIVED else state
    outcomes = {item.id: Outcome(item.id, state, raw, "", "")}
    subject = Subject(
        system="s",
        environment="e",
        release=ReleaseJudged(version="1", bound=False),
        target_digest="ab" * 32,
    )

    assert sentence in page(make_report([item], outcomes, subject=subject)).decode()
