"""``readiness plan``: every connection, statement, request and file, before a run."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Unavailable
from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.cli.run import run_pytest
from pytest_readiness.errors import ConfigError, ReadinessError
from pytest_readiness.plugin.planning import Plan, Planner
from pytest_readiness.reports.text import columns, wrap
from pytest_readiness.target.values import near

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_readiness.plugin.gathering import Need, PlannedGather
    from pytest_readiness.plugin.planning import PlannedItem
    from pytest_readiness.probes.planned import PlannedLook

__all__ = ["add_arguments", "configure", "label", "make_plan", "no_such_item", "run"]

_WIDTH = 80
_KIND = 13
"""Columns of a look's kind, the indent included."""
_UNSAID = "this probe does not say what it sends"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "items", nargs="*", metavar="ITEM", help="only these, patterns such as 'a.*'"
    )
    add_arguments(parser)
    parser.add_argument("--gate", help="which stages (default: go-live)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what says where to look."""
    parser.add_argument("--target", help="the environment, or 'demo'")
    parser.add_argument("--config", type=Path, help="the target file")
    parser.add_argument("--suite", type=Path, help="the suite's folder")
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 with a whole plan, 1 where a probe does not say what it does."""
    plan = make_plan(arguments, gate=arguments.gate)
    items = _chosen(plan.items, arguments.items)
    needs = dict.fromkeys(need for item in items for need in item.needs)
    gathers = {need: plan.gathers[need] for need in needs}
    if arguments.json:
        text = json.dumps(_document(plan, items, gathers), indent=2)
    else:
        text = "\n".join(_lines(plan, items, gathers))
    sys.stdout.write(f"{text}\n")
    return 0 if all(_is_said(gather) for gather in gathers.values()) else 1


def make_plan(arguments: argparse.Namespace, *, gate: str | None) -> Plan:
    """Plan a run of the target that is named.

    Raises:
        ReadinessError: target file, suite or options are not what they must be; what
            the run itself would have said.
    """
    given = {"target": arguments.target, "config": arguments.config, "gate": gate}
    rest = [f"--readiness-{name}={value}" for name, value in given.items() if value]
    words = [*_suite(arguments), "--collect-only", "-pno:terminal", *rest]
    planner, said = Planner(), io.StringIO()
    # Without a terminal's plugin pytest says to standard error what is wrong.
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        run_pytest(words, planner)
    if planner.plan is not None:
        return planner.plan
    lines = planner.problems or [
        line.removeprefix("ERROR: ").removeprefix("readiness: ")
        for line in said.getvalue().splitlines()
        if line.strip()
    ]
    raise ReadinessError("", "\n".join(lines))


def _suite(arguments: argparse.Namespace) -> list[str]:
    suite: Path | None = arguments.suite
    if suite is None:
        return []
    if not suite.is_dir():
        raise ConfigError(str(suite), "there is no such suite", "name its folder")
    return [str(suite)]


def _chosen(
    items: Sequence[PlannedItem], patterns: Sequence[str]
) -> tuple[PlannedItem, ...]:
    """Give the items that match one of the patterns; all where there is none.

    Raises:
        ConfigError: a pattern matches nothing.
    """
    ids = [planned.item.id for planned in items]
    for pattern in patterns:
        if not any(fnmatchcase(id_, pattern) for id_ in ids):
            raise no_such_item(pattern, ids)
    return tuple(
        planned
        for planned in items
        if not patterns or any(fnmatchcase(planned.item.id, p) for p in patterns)
    )


def no_such_item(name: str, ids: Sequence[str]) -> ConfigError:
    """Make the error for an id that nobody has."""
    meant = near(name, ids)
    remedy = f"did you mean `{meant}`?" if meant else "`readiness plan` lists them"
    return ConfigError(name, "is no item here", remedy)


def label(need: Need) -> str:
    """Name a resource: ``postgres of production``."""
    return f"{need.probe} {need.name}".strip() + f" of {need.environment}"


def _is_said(gather: PlannedGather | Unavailable) -> bool:
    return isinstance(gather, Unavailable) or gather.looks is not None


# ------------------------------------------------------------------------------- text


def _lines(
    plan: Plan,
    items: Sequence[PlannedItem],
    gathers: Mapping[Need, PlannedGather | Unavailable],
) -> Iterator[str]:
    run = plan.run
    yield (
        f"{run.configuration.system} in {run.target.name}, gate {run.gate.name}: "
        f"{len(items)} items; nothing was asked yet"
    )
    yield ""
    yield "the run itself"
    for look in plan.own:
        yield from _look(look)
    for need, gather in gathers.items():
        users = [planned.item.id for planned in items if need in planned.needs]
        yield ""
        yield from _resource(need, gather, users)
    yield from _others(items)


def _resource(
    need: Need, gather: PlannedGather | Unavailable, users: Sequence[str]
) -> Iterator[str]:
    if isinstance(gather, Unavailable):
        yield f"{label(need)}: no look"
        yield from wrap(gather.reason, _WIDTH, indent="  ")
        yield from _field("for", ", ".join(users))
        return
    yield from wrap(f"{label(need)}: {gather.source}", _WIDTH)
    yield from _field("for", ", ".join(users))
    yield from _field("within", f"{duration(gather.limit)}, all tries together")
    if gather.looks is None:
        yield from _field("unknown", _UNSAID)
        return
    for look in gather.looks:
        yield from _look(look)
    for grant in dict.fromkeys((one.grant, one.optional) for one in gather.looks):
        if grant[0]:
            yield from _field("may need" if grant[1] else "needs", grant[0])
    for word in dict.fromkeys(look.intrusive for look in gather.looks):
        if word:
            yield from _field("needs", f'allow = ["{word}"] of {need.environment}')


def _look(look: PlannedLook) -> Iterator[str]:
    where = f" at {look.where}" if look.where else ""
    note = f" ({look.note})" if look.note else ""
    yield from _field(look.kind, f"{look.what}{where}{note}")


def _field(name: str, text: str) -> Iterator[str]:
    first, *more = wrap(text, _WIDTH, indent=" " * _KIND) or [""]
    yield f"  {name}".ljust(_KIND) + first[_KIND:]
    yield from more


def _others(items: Sequence[PlannedItem]) -> Iterator[str]:
    """Name the items that look at nothing, and what they need instead."""
    left = [planned.item for planned in items if not planned.needs]
    if not left:
        return
    yield ""
    yield "no look"
    width = max(columns(item.id) for item in left)
    for item in left:
        rule = item.signature
        signed = f"signed by {', '.join(rule.roles)}" if rule else ""
        computed = "computed from others" if item.rollup else ""
        what = ", ".join(filter(None, [computed, signed])) or "its body alone"
        if width + len(what) + 4 <= _WIDTH:
            yield f"  {item.id:{width}}  {what}"
        else:
            yield f"  {item.id}"
            yield from wrap(what, _WIDTH, indent="      ")


# ------------------------------------------------------------------------------- JSON


def _document(
    plan: Plan,
    items: Sequence[PlannedItem],
    gathers: Mapping[Need, PlannedGather | Unavailable],
) -> dict[str, object]:
    return {
        "system": plan.run.configuration.system,
        "target": plan.run.target.name,
        "gate": plan.run.gate.name,
        "run": [_look_table(look) for look in plan.own],
        "items": [
            {
                "id": planned.item.id,
                "looks_at": [label(need) for need in planned.needs],
                "roles": list(planned.item.signature.roles)
                if planned.item.signature
                else [],
            }
            for planned in items
        ],
        "resources": [_resource_table(need, one) for need, one in gathers.items()],
    }


def _resource_table(
    need: Need, gather: PlannedGather | Unavailable
) -> dict[str, object]:
    table: dict[str, object] = {
        "name": label(need),
        "probe": need.probe,
        "environment": need.environment,
    }
    if isinstance(gather, Unavailable):
        return table | {"no_look": gather.reason}
    said = None if gather.looks is None else [_look_table(one) for one in gather.looks]
    limit = gather.limit.total_seconds()
    return table | {"source": gather.source, "limit_seconds": limit, "looks": said}


def _look_table(look: PlannedLook) -> dict[str, object]:
    values = {name: getattr(look, name) for name in type(look).__dataclass_fields__}
    return {name: value for name, value in values.items() if value}
