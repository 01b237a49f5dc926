from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes import REGISTRY, probe
from pytest_readiness.target.blocks import Resources


@pytest.mark.parametrize("name", REGISTRY)
def test_each_probe_names_the_block_that_says_where_to_look(name: str) -> None:
    kind = probe(name)
    assert kind.block in Resources.model_fields
    # Of several resources under one table a probe shows one: `provider` of `providers`;
    # a second look at a block has a name of its own, beside the block's first one.
    # Artefacts and documents are seen by several, none of which is theirs alone.
    own = f"{name}s" if kind.several else name
    known = {own, "artefacts", "documents"}
    assert kind.block in known or probe(kind.block).block == kind.block


@pytest.mark.parametrize("name", REGISTRY)
def test_a_view_is_of_a_probe_with_the_same_facts(name: str) -> None:
    kind = probe(name)
    if kind.view_of:
        assert issubclass(kind, probe(kind.view_of))


@pytest.mark.parametrize("name", REGISTRY)
def test_each_probe_can_be_unavailable_as_a_whole(name: str) -> None:
    nothing = probe(name).unavailable(Unavailable("off", Cause.UNCONFIGURED), "nowhere")
    facts = [getattr(nothing, field.name) for field in dataclasses.fields(nothing)]
    assert facts
    assert all(isinstance(fact, Observed) and not fact.available for fact in facts)


def test_an_unknown_probe_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        probe("mongodb")


def test_naming_the_probes_loads_no_driver() -> None:
    script = (
        "import sys, pytest_readiness.probes.look\n"
        "drivers = {'psycopg', 'redis', 'requests', 'cryptography', 'ssl'}\n"
        "print(drivers & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == "set()"
