from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from pytest_readiness.catalogue.building import Written, build_item, parse_docstring
from pytest_readiness.catalogue.item import (
    Item,
    Kind,
    Rollup,
    Scope,
    SignatureRule,
    Stage,
)

DOCSTRING = """Pooled connections fit the server
    and no client waits for one.

    Why: a larger pool turns a peak
        into refused connections.
    Fix: lower `default_pool_size`.
    """
SECTION = {"id": "database-setup", "stage": "pre-production"}
ITEM = {
    "id": "pooling",
    "owner": "dba",
    "reach": True,
    "core": False,
    "scope": "environment",
    "candidate": True,
}
ATTESTED = {"roles": ("dba",), "scope": "release", "max_age": None, "when": "always"}
ROLLUP = {"over": ("api-keys.*",), "excluding": ()}


def written(*, probes: bool = True, **marks: object) -> Written:
    named: dict[str, Any] = {"section": SECTION, "item": ITEM, **marks}
    return Written(
        {f"readiness_{name}": mark for name, mark in named.items() if mark},
        DOCSTRING,
        "Database Setup.",
        probes,
    )


def test_an_item_is_what_was_written() -> None:
    assert build_item(written()) == Item(
        id="database-setup.pooling",
        section="database-setup",
        section_title="Database Setup",
        stage=Stage.PRE_PRODUCTION,
        kind=Kind.PROBE,
        owner="dba",
        claim="Pooled connections fit the server and no client waits for one.",
        why="a larger pool turns a peak into refused connections.",
        fix="lower `default_pool_size`.",
        reach=True,
    )


def test_a_docstring_without_parts_is_a_claim() -> None:
    assert parse_docstring("It answers.") == ("It answers.", "", "")
    assert parse_docstring("") == ("", "", "")


def test_a_part_begins_a_line_however_far_that_is_indented() -> None:
    text = (
        "It answers.\n\tWhy: so,\n   and why: so.\n\n      Fix:start\n it; not Why: x"
    )
    assert parse_docstring(text) == (
        "It answers.",
        "so, and why: so.",
        "start it; not Why: x",
    )


@pytest.mark.parametrize(
    ("marks", "probes", "kind"),
    [
        ({}, True, Kind.PROBE),
        ({"attested": ATTESTED | {"when": "unconfigured"}}, True, Kind.PROBE_OR_ATTEST),
        ({"attested": ATTESTED}, True, Kind.PROBE_AND_ATTEST),
        ({"attested": ATTESTED}, False, Kind.ATTEST),
        ({"rollup": ROLLUP}, False, Kind.ROLLUP),
        ({"rollup": ROLLUP, "attested": ATTESTED}, False, Kind.ROLLUP_AND_ATTEST),
    ],
)
def test_the_kind_follows_from_decorators_and_body(
    marks: dict[str, Any], probes: object, kind: Kind
) -> None:
    item = build_item(written(probes=bool(probes), **marks))
    assert isinstance(item, Item)
    assert item.kind is kind
    assert item.rollup == (Rollup(("api-keys.*",)) if "rollup" in marks else None)


def test_a_signature_brings_scope_and_age() -> None:
    item = build_item(written(attested=ATTESTED))
    assert isinstance(item, Item)
    assert item.scope is Scope.RELEASE
    assert item.signature == SignatureRule(
        ("dba",), Scope.RELEASE, dt.timedelta(days=14), always=True
    )
    day = dt.timedelta(days=1)
    other = build_item(written(attested=ATTESTED | {"max_age": day}))
    assert isinstance(other, Item)
    assert other.signature is not None
    assert other.signature.max_age == day


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        ({"section": None}, "the module has no `pytestmark"),
        ({"item": None}, "the test has no `@item"),
        ({"section": SECTION | {"id": "Database"}}, "section id 'Database' is no slug"),
        ({"section": SECTION | {"stage": "soon"}}, "stage 'soon' is none of"),
        ({"item": ITEM | {"id": "Pool"}}, "item id 'Pool' is no slug"),
        ({"item": ITEM | {"owner": "boss"}}, "owner 'boss' is none of"),
        ({"item": ITEM | {"scope": "world"}}, "scope 'world' is none of"),
        ({"attested": ATTESTED | {"roles": ("x",)}}, "role 'x' is none of"),
        ({"attested": ATTESTED | {"roles": ()}}, "@attested names no role"),
        ({"attested": ATTESTED | {"roles": ("another-role",)}}, "is none of"),
        ({"attested": ATTESTED | {"roles": ("dba", "dba")}}, "names a role twice"),
        ({"attested": ATTESTED | {"scope": "x"}}, "scope of @attested 'x'"),
        ({"attested": ATTESTED | {"when": "x"}}, "when of @attested 'x'"),
        ({"attested": ATTESTED | {"max_age": dt.timedelta(0)}}, "is not positive"),
    ],
)
def test_a_mistake_is_named(marks: dict[str, Any], message: str) -> None:
    found = build_item(written(**marks))
    assert isinstance(found, list)
    assert any(message in line for line in found)


def test_missing_words_are_all_named() -> None:
    marks: dict[str, Any] = {"readiness_section": SECTION, "readiness_item": ITEM}
    found = build_item(Written(marks, "", "", probes=True))
    assert isinstance(found, list)
    assert len(found) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"docstring": DOCSTRING.replace("Pooled", "\ud800")},
        {"docstring": DOCSTRING.replace("Fix: ", "Fix: \udfff")},
        {"module_docstring": "Section \ud800."},
    ],
)
def test_a_text_that_no_file_can_hold_is_refused(change: dict[str, str]) -> None:
    assert build_item(replace(written(), **change)) == [
        "a docstring has half a surrogate pair, which no file can hold"
    ]


def test_another_role_stands_beside_a_role() -> None:
    roles = ("business-owner", "another-role")
    found = build_item(written(attested=ATTESTED | {"roles": roles}))
    assert isinstance(found, Item)
    assert found.signature is not None
    assert found.signature.roles == roles
