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
    from pytest_readiness.plugin.collection import ReadinessItem
    from pytest_readiness.probes.look import Facts
    from pytest_readiness.target.blocks import Limits

# One fixture a probe, and one place that lists the probes.
__all__ = ["check", "limits", *REGISTRY]  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll]


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


def _probe_fixture(name: str) -> Callable[[pytest.FixtureRequest], Facts]:
    def probe(request: pytest.FixtureRequest) -> Facts:
        node = _item(request)
        return node.run.facts(name, node.item)

    probe.__doc__ = f"Give what was seen of the target's ``{name}``."
    return pytest.fixture(name=name)(probe)


for _name in REGISTRY:
    globals()[_name] = _probe_fixture(_name)
