"""Each probe says beforehand what it does, so that ``readiness plan`` is whole."""

from __future__ import annotations

import pytest

from pytest_readiness.probes import REGISTRY, probe


@pytest.mark.parametrize("name", REGISTRY)
def test_each_probe_declares_its_looks(name: str) -> None:
    kind = probe(name)
    own = [one for one in kind.__mro__ if "looks" in vars(one)]
    assert own[0].__module__ != "pytest_readiness.probes.look", (
        f"{kind.__name__} has no `looks(block)`; see pytest_readiness.probes.planned"
    )
