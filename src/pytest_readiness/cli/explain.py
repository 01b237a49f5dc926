"""``readiness explain ITEM``: what an item asks, of whom, and where it looks."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.item import Kind, Scope
from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.catalogue.rendering import duration, render
from pytest_readiness.cli.plan import add_arguments, label, make_plan, no_such_item
from pytest_readiness.errors import ReadinessError
from pytest_readiness.plugin.inspection import collect_suite
from pytest_readiness.plugin.planning import PlannedItem, limits_read
from pytest_readiness.plugin.settings import Settings
from pytest_readiness.plugin.suite import default_suite
from pytest_readiness.reports.text import wrap
from pytest_readiness.target.blocks import Limits
from pytest_readiness.target.finding import find

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.plugin.gathering import PlannedGather
    from pytest_readiness.plugin.planning import LimitRead, Plan

__all__ = ["configure", "run"]

_WIDTH = 80
_NAME = 11
"""Columns of a field's name."""

_KINDS = {
    Kind.PROBE: "seen by a probe; no signature stands in for it",
    Kind.PROBE_OR_ATTEST: "seen by a probe; signed where the target does not say where "
    "to look",
    Kind.PROBE_AND_ATTEST: "seen by a probe and signed, both",
    Kind.ATTEST: "signed; no machine can see it",
    Kind.ROLLUP: "computed from other items",
    Kind.ROLLUP_AND_ATTEST: "computed from other items and signed, both",
}

_SCOPES = {
    Scope.RELEASE: "release: true of one release; before go-live seen at the candidate",
    Scope.ENVIRONMENT: "environment: true of one target, whatever release runs there",
    Scope.SYSTEM: "system: true of the product in all its environments",
    Scope.ORGANISATION: "organisation: true of whoever runs the system",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("item", metavar="ITEM", help="its id, such as section.item")
    add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 once it is explained, 4 for an unknown item."""
    settings = Settings.of_command(arguments, os.environ)
    target_file = None if settings.demo else find(settings.config, Path.cwd())
    if settings.demo or target_file is not None:
        plan = make_plan(arguments, gate="all")
        planned = _find(plan.items, arguments.item)
        said = _Said(planned, plan.run.target.limits, plan)
    else:
        suite: Path = arguments.suite or default_suite(None, Path.cwd())
        planned = _find(_items(suite), arguments.item)
        said = _Said(planned, Limits(), None)
    if arguments.json:
        text = json.dumps(_document(said), indent=2)
    else:
        text = "\n".join(_lines(said))
    sys.stdout.write(f"{text}\n")
    return 0


def _find(items: Sequence[PlannedItem], name: str) -> PlannedItem:
    for planned in items:
        if planned.item.id == name:
            return planned
    raise no_such_item(name, [planned.item.id for planned in items])


def _items(suite: Path) -> list[PlannedItem]:
    collection, problems = collect_suite(suite)
    if problems:
        raise ReadinessError("", "\n".join(problems))
    return [PlannedItem.of(node, ()) for node in collection.nodes]


@dataclass(frozen=True)
class _Said:
    """All that is known of one item; without a target file there is no plan."""

    planned: PlannedItem
    limits: Limits
    plan: Plan | None

    @property
    def item(self) -> Item:
        return self.planned.item

    @property
    def limits_read(self) -> tuple[LimitRead, ...]:
        return limits_read(self.planned.function, self.limits)

    @property
    def looks_at(self) -> dict[str, PlannedGather | Unavailable]:
        if self.plan is None:
            return {}
        return {label(need): self.plan.gathers[need] for need in self.planned.needs}


# ------------------------------------------------------------------------------- text


def _lines(said: _Said) -> Iterator[str]:
    item, rule = said.item, said.item.signature
    yield item.id
    yield from wrap(item.claim, _WIDTH, indent="  ")
    yield ""
    yield from wrap(f"Why: {item.why}", _WIDTH)
    yield from wrap(f"Fix: {item.fix}", _WIDTH)
    yield ""
    yield from _field("section", f"{item.section_title}, stage {item.stage}")
    yield from _field("kind", f"{item.kind}: {_KINDS[item.kind]}")
    yield from _field("owner", item.owner)
    yield from _field("scope", _SCOPES[item.scope])
    if item.reach:
        yield from _field("reach", "no answer is failed, for the claim is that it does")
    if item.core:
        yield from _field("core", "never waived, never declared not applicable")
    if rule is not None:
        people = ", ".join(rule.roles)
        each = ", each a person of its own" if len(rule.roles) > 1 else ""
        yield from _field("signed by", f"{people}{each}; holds {_age(rule.max_age)}")
    if item.rollup is not None:
        without = f", without {', '.join(item.rollup.excluding)}"
        over = ", ".join(item.rollup.over)
        yield from _field("over", over + (without if item.rollup.excluding else ""))
    for read in said.limits_read:
        yield from _field("limit", f"{read.name}: {_limit(read)}")
    yield from _looks_at(said)


def _looks_at(said: _Said) -> Iterator[str]:
    for name, gather in said.looks_at.items():
        if isinstance(gather, Unavailable):
            yield from _field("no look", f"{name}: {gather.reason}")
        else:
            yield from _field("looks at", f"{name}: {gather.source}")
    if said.plan is not None and said.looks_at:
        yield from _field("", f"`readiness plan {said.item.id}` lists all it would do")


def _limit(read: LimitRead) -> str:
    bound = read.bound
    floor = f"; floor {render(bound.floor)}" if bound.floor is not None else ""
    source = bound.source if bound.source == "default" else f"set in {bound.source}"
    return f"{render(bound.value)} ({source}{floor})"


def _age(age: dt.timedelta) -> str:
    return f"{age.days} days" if age.days else duration(age)


def _field(name: str, text: str) -> Iterator[str]:
    first, *more = wrap(text, _WIDTH, indent=" " * _NAME)
    yield name.ljust(_NAME) + first[_NAME:]
    yield from more


# ------------------------------------------------------------------------------- JSON


def _document(said: _Said) -> dict[str, object]:
    item, rule = said.item, said.item.signature
    signature = rule and {
        "roles": list(rule.roles),
        "scope": rule.scope,
        "max_age_seconds": int(rule.max_age.total_seconds()),
        "always": rule.always,
    }
    rollup = item.rollup and {
        "over": list(item.rollup.over),
        "excluding": list(item.rollup.excluding),
    }
    return {
        "id": item.id,
        "section": item.section_title,
        "stage": item.stage,
        "claim": item.claim,
        "why": item.why,
        "fix": item.fix,
        "kind": item.kind,
        "owner": item.owner,
        "scope": item.scope,
        "reach": item.reach,
        "core": item.core,
        "signature": signature,
        "rollup": rollup,
        "limits": {
            read.name: {
                "value": render(read.bound.value),
                "floor": None if read.bound.floor is None else render(read.bound.floor),
                "source": read.bound.source,
            }
            for read in said.limits_read
        },
        "looks_at": {
            name: {"no_look": gather.reason}
            if isinstance(gather, Unavailable)
            else {"source": gather.source}
            for name, gather in said.looks_at.items()
        },
    }
