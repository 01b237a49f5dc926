"""What must hold of every report, whatever texts come from outside."""

from __future__ import annotations

import datetime as dt
import json
import string

import jsonschema
from hypothesis import HealthCheck, given, settings, strategies as st

from pytest_readiness.catalogue.canonical import canonical
from pytest_readiness.catalogue.item import (
    ROLES,
    Item,
    Kind,
    Scope,
    SignatureRule,
    Stage,
)
from pytest_readiness.catalogue.judgement import Judged, Judgement
from pytest_readiness.catalogue.lock import Lock, lock_items
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.catalogue.rendering import MAX_TEXT, printable, render
from pytest_readiness.reports.messages import MAX_LINE, failure_text, one_line
from pytest_readiness.reports.terminal import summary
from pytest_readiness.reports.text import columns, cut, pad, wrap
from pytest_readiness.store.building import Evidence, Subject, build
from pytest_readiness.store.document import ReleaseJudged, Report, RunFacts
from pytest_readiness.store.schema import schema
from pytest_readiness.verdict.decision import decide, exit_code
from pytest_readiness.verdict.gate import GATES
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

VALIDATOR = jsonschema.Draft202012Validator(json.loads(schema()))

# Lone surrogates and control characters included: servers send what they like.
texts = st.text(max_size=60) | st.text(
    st.sampled_from("a \n\t\x00\x1b\x9b\u202e\u200d\ud800日é…"), max_size=400
)
# A claim is part of the digest, which is made over UTF-8.
claims = texts.map(lambda text: text.encode(errors="replace").decode())
slugs = st.text(string.ascii_lowercase, min_size=1, max_size=40)
times = st.integers(0, 4_000_000_000_000).map(
    lambda millis: dt.datetime.fromtimestamp(millis / 1000, dt.UTC)
)
judgements = st.builds(
    Judgement,
    label=texts,
    observed=texts,
    required=texts,
    judged=st.sampled_from(Judged),
    reason=texts,
    cause=st.none() | st.sampled_from(Cause),
    remedy=texts,
    source=texts,
    detail=texts,
    at=st.none() | times,
    duration=st.timedeltas(dt.timedelta(0), dt.timedelta.max),
    bound_source=texts,
)
rules = st.builds(
    SignatureRule,
    st.lists(st.sampled_from(ROLES), min_size=1, unique=True).map(tuple),
    st.sampled_from(Scope),
    st.timedeltas(dt.timedelta(0), dt.timedelta(days=400)),
    st.booleans(),
)


@st.composite
def items(draw: st.DrawFn) -> Item:
    section = draw(slugs)
    return Item(
        id=f"{section}.{draw(slugs)}",
        section=section,
        section_title=draw(texts),
        stage=draw(st.sampled_from(Stage)),
        kind=draw(st.sampled_from(Kind)),
        owner=draw(st.sampled_from(ROLES)),
        claim=draw(claims),
        why=draw(texts),
        fix=draw(texts),
        reach=draw(st.booleans()),
        core=draw(st.booleans()),
        signature=draw(st.none() | rules),
    )


@st.composite
def outcomes(draw: st.DrawFn, item_id: str) -> Outcome:
    state = draw(st.sampled_from(State))
    code = draw(st.sampled_from(["", "VIOLATED", "MISSING", "MEMBERS", "CONFLICT"]))
    return Outcome(item_id, state, draw(st.sampled_from(State)), code, draw(texts))


@st.composite
def reports(draw: st.DrawFn) -> Report:
    some = draw(st.lists(items(), max_size=6, unique_by=lambda item: item.id))
    lock = lock_items(some, Lock("x"))
    recorded = draw(st.sets(st.sampled_from(some))) if some else set()
    known = {item.id: draw(outcomes(item.id)) for item in some if item in recorded}
    decision = decide(lock.items, known, GATES["all"], selected=draw(st.booleans()))
    return build(
        subject=Subject(
            system=draw(texts),
            environment=draw(texts),
            organisation=draw(st.none() | texts),
            candidate=draw(st.none() | texts),
            target_digest=draw(texts),
            release=ReleaseJudged(
                version=draw(texts),
                source=draw(st.none() | texts),
                commit=draw(st.none() | texts),
                dirty=draw(st.booleans()),
                bound=draw(st.booleans()),
            ),
        ),
        run=RunFacts(
            started=draw(times),
            ended=draw(times),
            host=draw(texts),
            user=draw(texts),
            command=tuple(draw(st.lists(texts, max_size=3))),
            plugin="1",
            python="3",
            pytest="9",
        ),
        lock=lock,
        decision=decision,
        exit_code=exit_code(decision, draw(st.sampled_from([0, 1, 2, 5]))),
        evidence={
            item.id: Evidence(item, draw(st.lists(judgements, max_size=3)))
            for item in recorded
        },
        warnings=draw(st.lists(texts, max_size=2)),
    )


BIG = settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None
)


@BIG
@given(reports())
def test_a_document_survives_writing_and_reading_byte_for_byte(report: Report) -> None:
    data = report.canonical()
    again = Report.model_validate_json(data)
    assert again == report
    assert again.canonical() == data
    assert canonical(json.loads(data)) + b"\n" == data
    assert data.decode().removesuffix("\n").isprintable()


@BIG
@given(reports())
def test_every_document_meets_the_published_schema(report: Report) -> None:
    VALIDATOR.validate(json.loads(report.canonical()))


@BIG
@given(report=reports(), width=st.integers(0, 200), color=st.booleans())
def test_the_summary_fits_and_shows_no_control_character(
    report: Report, width: int, *, color: bool
) -> None:
    lines = summary(report, width, color=color).split("\n")
    assert lines[-1].removesuffix("\x1b[0m")
    if not color:
        assert all(line.isprintable() for line in lines)
        assert max(map(columns, lines)) <= max(width, 40)


@given(items(), st.lists(judgements, max_size=12), st.data())
def test_a_message_is_a_few_printable_lines(
    item: Item, some: list[Judgement], data: st.DataObject
) -> None:
    outcome = data.draw(outcomes(item.id))
    lines = failure_text(item, outcome, some).split("\n")
    assert len(lines) <= 6
    for line in (*lines, one_line(item, outcome)):
        assert line.isprintable()
        assert len(line) <= MAX_LINE + 2


@given(texts, st.integers(2, 80), st.integers(0, 3))
def test_wrapping_loses_no_character_and_no_line_is_too_wide(
    text: str, width: int, limit: int
) -> None:
    shown = printable(" ".join(text.split()))
    whole = wrap(shown, width)
    assert "".join("".join(whole).split()) == "".join(shown.split())
    for lines in (whole, wrap(shown, width, limit=limit)):
        assert all(columns(line) <= width for line in lines)
    assert len(wrap(shown, width, limit=limit)) == min(len(whole), limit or len(whole))


@given(texts, st.integers(0, 80))
def test_padding_is_exact_where_characters_allow(text: str, width: int) -> None:
    shown = printable(text)
    assert columns(cut(shown, width)) <= width
    assert columns(pad(shown, width)) == width


plain = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary()
values = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(texts, inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values, st.sampled_from(["", "bytes", "percent", "ratio", "connections"]))
def test_every_value_is_written_printably_and_short(value: object, unit: str) -> None:
    text = render(value, unit)
    assert len(text) <= MAX_TEXT
    assert text.isprintable()
