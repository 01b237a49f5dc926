"""Which statements that a release was deployed are believed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from pytest_readiness.attest import envelope
from pytest_readiness.attest.predicates import Deployment, Provenance, ReleaseRef
from pytest_readiness.catalogue.item import Scope

World = Any


def deploy(world: World, hours: float = 1, **more: Any) -> str:
    """Say that a release was deployed, so many hours ago."""
    by, scope = more.pop("by", ""), more.pop("scope", Scope.RELEASE)
    context = more.pop("context", world.context)
    predicate = Deployment(
        **{
            "attester": "ci",
            "began": world.NOW - hours * world.HOUR,
            "hosts": ("one.example.com",),
            "issued_at": world.NOW - hours * world.HOUR,
            **more,
        }
    )
    payload: str = world.add(world.sign(predicate, context.subject([scope]), by))
    return payload


def test_the_deployments_of_this_release_are_given_oldest_first(world: World) -> None:
    later = deploy(world, 1, ended=world.NOW)
    earlier = deploy(world, 2)
    deploy(world, 3, context=world.elsewhere(source="sha256:" + "ab" * 32))

    assert [line.payload for line in world.read().deployments] == [earlier, later]


@pytest.mark.parametrize("scope", [one for one in Scope if one is not Scope.RELEASE])
def test_a_deployment_of_no_release_is_none(world: World, scope: Scope) -> None:
    """Or it would be one of every release that follows."""
    deploy(world, scope=scope)

    assert world.read().deployments == []


def test_no_deployment_is_known_where_the_release_is_not(world: World) -> None:
    deploy(world)
    world.context = world.elsewhere(source="", version="")

    assert world.read().deployments == []


@pytest.mark.parametrize(
    "window",
    [
        {"status": "compromised"},
        {"not_after": -2},
        {"not_after": -0.5},
        {"not_before": -0.5},
    ],
)
def test_a_deployment_by_a_doubtful_key_is_none(
    world: World, window: dict[str, Any]
) -> None:
    for name, value in window.items():
        word = name == "status"
        world.person("ci")["key"][0][name] = (
            value if word else world.NOW + value * world.HOUR
        )
    deploy(world)

    assert world.read().deployments == []


def test_a_deployment_that_is_taken_back_is_none(world: World) -> None:
    payload = deploy(world)
    world.revoke("frank", payload)
    assert len(world.read().deployments) == 1

    world.revoke("ci", payload)
    assert world.read().deployments == []


def test_a_deployment_of_the_future_is_none(world: World) -> None:
    deploy(world, -0.25)

    assert world.read().deployments == []


def test_a_deployment_by_two_keys_counts_by_the_better_one(world: World) -> None:
    thief = {**world.key("thief"), "key": world.key_of("thief").public.pem}
    world.person("ci")["key"].append(thief | {"status": "compromised"})
    payload = deploy(world)
    line = base64.b64decode(json.loads(world.lines[0])["payload"])
    world.add(envelope.sign(line, world.key_of("thief")))

    for lines in (world.lines, world.lines[::-1]):
        world.lines = lines
        assert [line.payload for line in world.read().deployments] == [payload]


def test_no_other_statement_about_the_release_is_a_deployment(world: World) -> None:
    predicate = Provenance(
        release=ReleaseRef(version="2.4.0"), issued_at=world.NOW, attester="ci"
    )
    world.add(world.sign(predicate, world.context.subject([Scope.RELEASE])))

    found = world.read()

    assert found.tally.believed == 1
    assert found.deployments == []
