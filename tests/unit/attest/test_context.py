"""What a signature for this run can be bound to, and what it cannot."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from pytest_readiness.attest.codes import Code
from pytest_readiness.catalogue.item import Scope

World = Any
UNIONS = [scopes for count in range(1, 5) for scopes in combinations(Scope, count)]


@pytest.mark.parametrize("scopes", UNIONS)
def test_a_veto_stands_whatever_the_rules_bind_it_to(
    world: World, scopes: tuple[Scope, ...]
) -> None:
    """A target that is not known as one of this run's would be another's, and lapse."""
    first, *others = scopes
    bind = [str(scope) for scope in others]
    world.table["rule"] = [{"items": ["*"], "bind": bind}]
    item = replace(world.ITEM, scope=first)
    world.veto("erin", item, subject=world.context.subject(scopes))

    assert world.verify(item).code is Code.REJECTED


@pytest.mark.parametrize(
    "missing", [{"organisation": ""}, {"version": "", "source": ""}]
)
def test_what_is_not_known_takes_no_other_target_away(
    world: World, missing: dict[str, str]
) -> None:
    world.context = world.elsewhere(**missing)
    world.veto("erin")

    assert world.verify().code is Code.REJECTED
    for scope in (Scope.SYSTEM, Scope.ENVIRONMENT):
        assert world.context.subject([scope]) in world.context.subjects


def test_there_is_a_target_for_every_union_of_scopes(world: World) -> None:
    found = world.context.subjects

    assert found == {world.context.subject(scopes) for scopes in UNIONS}
    # The release's has what the environment's and the system's have.
    assert len(found) == 7
