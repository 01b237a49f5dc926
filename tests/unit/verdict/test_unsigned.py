"""Until the command that signs is there, no message names it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import Kind, Scope, SignatureRule
from pytest_readiness.verdict.remedy import remedy
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.catalogue.item import Item


@pytest.mark.parametrize(
    ("kind", "state"),
    [(Kind.ATTEST, State.PENDING), (Kind.PROBE_OR_ATTEST, State.UNCONFIGURED)],
)
def test_no_command_is_named(
    kind: Kind, state: State, make_item: Callable[..., Item]
) -> None:
    rule = SignatureRule(("dba",), Scope.RELEASE, dt.timedelta(days=14), always=True)
    item = make_item(kind=kind, signature=rule)
    todo = remedy(item, Outcome.plain(item.id, state, "MISSING"), ())
    assert todo.command == ""
    assert todo.roles == (item.owner,)
    assert ("needs a signature of dba" in todo.text) == (kind is Kind.ATTEST)
