"""What a run would do, without doing it: the run itself, stopped before it looks.

pytest collects, the gate and the options leave out what they would leave out, the
target is resolved; then, instead of gathering, each look says what it would do.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import pytest

from pytest_readiness.catalogue.requirement import Bound
from pytest_readiness.plugin.collection import ReadinessItem
from pytest_readiness.plugin.entry import LOCK_NAME
from pytest_readiness.plugin.inspection import CollectErrors
from pytest_readiness.plugin.signing import ledger_files
from pytest_readiness.plugin.startup import SESSION
from pytest_readiness.probes import REGISTRY
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.target.git import RunQuestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.observation import Unavailable
    from pytest_readiness.plugin.gathering import Need, PlannedGather
    from pytest_readiness.plugin.run import Run
    from pytest_readiness.target.blocks import Limits

__all__ = ["LimitRead", "Plan", "PlannedItem", "Planner", "limits_read"]


@dataclass(frozen=True)
class PlannedItem:
    """One item, what it looks at, and what it is held against."""

    item: Item
    needs: tuple[Need, ...]
    function: Callable[..., object] = field(repr=False)

    @classmethod
    def of(cls, node: ReadinessItem, needs: tuple[Need, ...]) -> PlannedItem:
        """Take the item of a collected test."""
        return cls(node.item, needs, cast("Callable[..., object]", node.function))


@dataclass(frozen=True)
class Plan:
    """What a run would do: the items it would judge, the looks it would make."""

    run: Run
    items: tuple[PlannedItem, ...]
    gathers: Mapping[Need, PlannedGather | Unavailable]
    own: tuple[PlannedLook, ...]
    """What the run itself reads and starts, whatever its items need."""

    @classmethod
    def of(cls, run: Run, nodes: list[ReadinessItem]) -> Plan:
        """Ask each look what it would do."""
        items = tuple(
            PlannedItem.of(node, tuple(run.needs([node], REGISTRY))) for node in nodes
        )
        needs = dict.fromkeys(need for item in items for need in item.needs)
        gathers = {need: run.gathering.planned(need) for need in needs}
        # Last: other environments were resolved only now.
        return cls(run, items, gathers, tuple(_own(run)))


class Planner(CollectErrors):
    """Registered with pytest for ``--collect-only``: ``plan`` is there afterwards."""

    def __init__(self) -> None:
        super().__init__()
        self.plan: Plan | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Stand in for the loop over the items."""
        registered = session.config.pluginmanager.get_plugin(SESSION)
        if registered is None or self.problems:
            return None
        run: Run = registered.run
        nodes = [node for node in session.items if isinstance(node, ReadinessItem)]
        self.plan = Plan.of(run, [*nodes, *run.rollups])
        return True


def _own(run: Run) -> Iterator[PlannedLook]:
    """Say what a run reads and starts before its first look, and what it writes."""
    configuration = run.configuration
    ledger = ledger_files(configuration, run.settings)
    signed = (ledger.trust, ledger.approvals, ledger.attestations, ledger.folder)
    yield from files(configuration.path, run.suite, run.suite / LOCK_NAME)
    yield from files(*signed, ledger.snapshot, note="where it exists")
    yield from files(Path.cwd() / run.settings.out, note="written, for the report")
    where = str(configuration.path.parent)
    for question in get_args(RunQuestion):
        yield PlannedLook("program", f"git {question}", where=where)
    for kind, name in configuration.references.looked_up:
        if kind == "file":
            path = str(configuration.path.parent / name)
            yield PlannedLook("file", path, note="a reference of the target file")
        elif kind == "cmd":
            program = name.partition("#")[0]
            note = "a reference of the target file, run for this plan too"
            yield PlannedLook("program", program, where=where, note=note)


@dataclass(frozen=True)
class LimitRead:
    """A limit that an item's body reads, by its place below ``limits``."""

    name: str
    bound: Bound[object]


def limits_read(
    function: Callable[..., object], limits: Limits
) -> tuple[LimitRead, ...]:
    """Give the limits that a body reads; all of a table where it asks that table.

    Read from its source: a body is short, and names what it takes from ``limits``.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return ()
    found: dict[str, Bound[object]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(ast.Attribute(ast.Name("limits"), table), key):
                found |= _limits_of(getattr(limits, table, None), table, key)
            case _:
                pass
    return tuple(LimitRead(name, bound) for name, bound in found.items())


def _limits_of(table: object, name: str, key: str) -> dict[str, Bound[object]]:
    fields = vars(table) if table is not None else {}
    bounds = {k: value for k, value in fields.items() if isinstance(value, Bound)}
    chosen = {key: bounds[key]} if key in bounds else bounds
    return {f"{name}.{k}": value for k, value in chosen.items()}
