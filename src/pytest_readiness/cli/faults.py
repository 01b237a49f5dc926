"""``readiness faults``: the ways to break the demo, and whether each is noticed."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.cli.matrix import Matrix, Result
from pytest_readiness.demo.faults import FAULTS, Fault, find_fault, table
from pytest_readiness.plugin.suite import bundled_suite

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--run",
        nargs="*",
        metavar="NAME",
        help="break the demo in these ways (without names: in all) and compare",
    )
    parser.add_argument(
        "--whole",
        action="store_true",
        help="with --run: look at every resource again for each fault",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="for scripts")
    form.add_argument("--markdown", action="store_true", help="the table of the docs")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where every fault changes just what it says, 1 where one does not."""
    if arguments.run is None:
        _list(arguments)
        return 0
    faults = [find_fault(name) for name in arguments.run] or list(FAULTS.values())
    with (
        tempfile.TemporaryDirectory(prefix="readiness-faults-") as folder,
        Matrix(bundled_suite(), Path(folder), whole=arguments.whole) as matrix,
    ):
        results = [_told(matrix.judge(fault), arguments) for fault in faults]
    wrong = [result for result in results if not result.agrees]
    if arguments.json:
        _write(json.dumps([_described(result) for result in results], indent=2))
    else:
        _write(f"{len(results)} faults, {len(wrong)} not as declared")
    return 1 if wrong else 0


def _list(arguments: argparse.Namespace) -> None:
    if arguments.json:
        _write(json.dumps([_declared(fault) for fault in FAULTS.values()], indent=2))
    elif arguments.markdown:
        _write(table().rstrip())
    else:
        width = max(map(len, FAULTS))
        for fault in FAULTS.values():
            _write(f"{fault.name:{width}}  {fault.summary}")


def _told(result: Result, arguments: argparse.Namespace) -> Result:
    """Show a result as soon as it is there."""
    if not arguments.json:
        mark = "ok " if result.agrees else "NOT"
        seen = _states(result.changed.items()) or "nothing changes"
        _write(f"{mark} {result.fault.name}: {seen} ({result.seconds:.1f} s)")
        if not result.agrees:
            _write(f"    declared: {_states(result.declared.items()) or 'nothing'}")
        for item, reason in result.reasons.items():
            _write(f"    {item}: {reason}")
    return result


def _states(states: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{item} {state}" for item, state in states)


def _declared(fault: Fault) -> dict[str, object]:
    return {
        "name": fault.name,
        "summary": fault.summary,
        "turns": dict(fault.turns),
        "turns_signed": fault.turns_signed,
        "touches": sorted(fault.touches),
    }


def _described(result: Result) -> dict[str, object]:
    return {
        **_declared(result.fault),
        "changed": dict(result.changed),
        "reasons": dict(result.reasons),
        "seconds": round(result.seconds, 3),
        "agrees": result.agrees,
    }


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
