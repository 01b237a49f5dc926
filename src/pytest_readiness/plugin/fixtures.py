"""The fixtures of a suite; its ``conftest.py`` imports them, so that ours are nearest.

``from pytest_readiness.plugin.fixtures import *`` is all that a suite's conftest needs.
One fixture for each probe of :data:`pytest_readiness.probes.REGISTRY`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.catalogue.requirement import Check
    from pytest_readiness.plugin.attestation import Attestation
    from pytest_readiness.plugin.collection import ReadinessItem
    from pytest_readiness.probes.look import Facts
    from pytest_readiness.target.blocks import Limits
    from pytest_readiness.target.model import Target

# One fixture a probe, and one place that lists the probes.
__all__ = ["attestation", "check", "limits", "target", *REGISTRY]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]


def _item(request: pytest.FixtureRequest) -> ReadinessItem:
    node: ReadinessItem = request.node
    return node


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Check:
    """Hold facts against requirements: ``check(label, fact).at_least(bound)``."""
    return _item(request).check


@pytest.fixture
def limits(request: pytest.FixtureRequest) -> Limits:
    """Give the bounds of the target under judgement."""
    return _item(request).run.target.limits


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Target:
    """Give the target under judgement: what it declares, not what was seen."""
    return _item(request).run.target


@pytest.fixture
def attestation(request: pytest.FixtureRequest) -> Attestation:
    """Give what the valid signatures on the item say, for its body to check."""
    node = _item(request)
    return node.run.attestation(node.item)


def _probe_fixture(name: str) -> Callable[[pytest.FixtureRequest], Facts]:
    def probe(request: pytest.FixtureRequest) -> Facts:
        node = _item(request)
        return node.run.facts(name, node.item)

    probe.__doc__ = f"Give what was seen of the target's ``{name}``."
    return pytest.fixture(name=name)(probe)


for _name in REGISTRY:
    globals()[_name] = _probe_fixture(_name)
