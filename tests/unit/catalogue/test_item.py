from __future__ import annotations

import datetime as dt

import pytest

from pytest_readiness.catalogue.item import (
    DEFAULT_MAX_AGE,
    ITEM_ID,
    ROLES,
    SLUG,
    Kind,
    Scope,
)


def test_three_kinds_are_never_satisfied_without_a_signature() -> None:
    signed = {kind for kind in Kind if kind.needs_signature}
    assert signed == {Kind.ATTEST, Kind.PROBE_AND_ATTEST, Kind.ROLLUP_AND_ATTEST}
    rollups = {kind for kind in Kind if kind.is_rollup}
    assert rollups == {Kind.ROLLUP, Kind.ROLLUP_AND_ATTEST}


def test_each_scope_has_an_age_and_a_release_the_shortest() -> None:
    assert set(DEFAULT_MAX_AGE) == set(Scope)
    assert min(DEFAULT_MAX_AGE.values()) == DEFAULT_MAX_AGE[Scope.RELEASE]
    assert DEFAULT_MAX_AGE[Scope.ENVIRONMENT] == dt.timedelta(days=90)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("environment-setup.database", True),
        ("environment-setup.api-keys.tradier", True),
        ("database", False),
        ("a.b.c.d.e.f", True),
        ("a.b.c.d.e.f.g", False),
        ("Environment.database", False),
        ("a..b", False),
        ("a.-b", False),
        ("a.b\n", False),
        ("a.\u0430", False),
    ],
)
def test_item_ids_have_one_form(text: str, *, good: bool) -> None:
    assert (ITEM_ID.fullmatch(text) is not None) is good


def test_roles_are_slugs() -> None:
    assert len(set(ROLES)) == len(ROLES) == 10
    assert all(SLUG.fullmatch(role) for role in ROLES)
