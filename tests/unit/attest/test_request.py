"""Requests and answers: strict, bounded, and no digest is taken on trust."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_readiness.attest import request
from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.context import Context
from pytest_readiness.attest.request import Answer, AskedItem, AskedPerson, Request
from pytest_readiness.catalogue.canonical import wording_digest
from pytest_readiness.catalogue.item import Scope

NOW = dt.datetime(2026, 10, 15, 12, tzinfo=dt.UTC)
TARGET = {"environment": "production", "system": "shop"}
ITEM = AskedItem(
    id="host.one",
    section="host",
    stage="pre-production",
    claim="One holds.",
    digest=wording_digest("host.one", "host", "pre-production", "One holds."),
    target=TARGET,
    max_age=86_400,
    roles=("dba",),
)
REQUEST = Request(
    format=request.REQUEST_FORMAT,
    made=NOW,
    system="shop",
    environment="production",
    release="2.4.0",
    people=(AskedPerson(id="ann", name="Ann", keys=("SHA256:x",)),),
    items=(ITEM,),
)
ANSWER = Answer(
    format=request.ANSWER_FORMAT,
    request="ab" * 32,
    person="ann",
    key="ssh-ed25519 AAAA ann",
    statements=("{}",),
)


def test_they_read_back_as_they_were_written() -> None:
    assert request.read_request(request.write(REQUEST)) == REQUEST
    assert request.read_answer(request.write(ANSWER)) == ANSWER
    assert request.write(REQUEST).endswith(b"}\n")


def test_the_subject_is_that_of_the_context() -> None:
    context = Context(system="shop", environment="production")

    assert ITEM.subject == context.subject([Scope.ENVIRONMENT])


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (replace(REQUEST, items=(replace(ITEM, claim="Two."),)), "wording beside it"),
        (replace(REQUEST, items=(ITEM, ITEM)), "name an item twice"),
        (replace(REQUEST, items=()), "no list of at least 1"),
        (replace(REQUEST, format="other"), "is not pytest-readiness/request/1"),
        (replace(REQUEST, release="a\x1b[2J"), "is not a line of text"),
        (replace(ANSWER, format="other"), "is not pytest-readiness/answer/1"),
        (replace(ANSWER, statements=()), "no list of at least 1"),
        (replace(ANSWER, person="Ann"), "is not a person's id"),
    ],
)
def test_what_would_not_be_read_is_not_written(
    document: Request | Answer, said: str
) -> None:
    with pytest.raises(Malformed, match=said):
        request.write(document)


def test_a_value_that_changes_on_the_way_is_not_written() -> None:
    zone = dt.timezone(dt.timedelta(hours=2))
    same_moment = replace(REQUEST, made=NOW.astimezone(zone))
    assert request.read_request(request.write(same_moment)).made == NOW

    changed = replace(REQUEST, people=[])  # type: ignore[arg-type]  # a list, no tuple
    with pytest.raises(Malformed, match="does not read back"):
        request.write(changed)


def bent(change: dict[str, Any]) -> bytes:
    document = json.loads(request.write(REQUEST))
    return json.dumps(document | change).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        bent({"more": 1}),
        bent({"made": "today"}),
        bent({"items": 1}),
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"a":' * 50_000,
        b'{"x":"' + b"y" * request.REQUEST.size + b'"}',
    ],
    ids=["empty", "null", "more", "time", "items", "deep", "brackets", "large"],
)
def test_hostile_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        request.read_request(data)
    with pytest.raises(Malformed):
        request.read_answer(data)


def test_nesting_that_exhausts_the_stack_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(request.strict_json, "parse", exhausted)
    with pytest.raises(Malformed, match="nested too deeply"):
        request.read_request(b"{}")
