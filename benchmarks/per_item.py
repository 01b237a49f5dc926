"""Per item: what does judging a trivial item cost against a plain pytest test?

A suite of N *items*, each holding one fact against one requirement with the fixture
`check`, is judged with its lock and its report. N *plain* tests that assert the same
with a fixture of their own run beside it in turns, and N *bare* ones without a fixture.
The cost an item is what N items take over one item, divided by N - 1, so that starting
up counts on neither side. Bars: items over plain, and that ten times the items take ten
times as long, not more.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from measuring import Environment, Usage, installed

MAX_RATIO = 1.3
MAX_GROWTH = 1.3
"""How much dearer an item may be among ten times as many; 1 is perfectly linear."""
SIZES = (1, 1_000, 10_000)
A_MODULE = 100

TARGET = """\
[system]
name = "benchmark"

[release]
version = "1"

[target.here]
"""
SUITE_HEAD = '''\
"""Section {module}."""

import datetime as dt

from pytest_readiness import Observed, item, section

pytestmark = section("section-{module}", stage="pre-production")
FACT = Observed(1, "benchmark", dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
'''
ITEM = '''

@item("item-{number}", owner="ops-lead")
def test_item_{number}(check):
    """Number {number} is one.

    Why: it is trivial.
    Fix: there is nothing to fix.
    """
    check("one", FACT).equals(1)
'''
PLAIN_HEAD = '''\
"""Section {module}."""

FACT = 1
'''
BARE = '''

def test_item_{number}():
    """Number {number} is one.

    Why: it is trivial.
    Fix: there is nothing to fix.
    """
    assert FACT == 1
'''
PLAIN = BARE.replace("():", "(check):").replace("assert FACT == 1", "check(FACT)")
PLAIN_CHECK = """\
import pytest

@pytest.fixture
def check():
    def is_one(fact):
        assert fact == 1
    return is_one
"""
FIXTURES = "from pytest_readiness.plugin.fixtures import *\n"


class Cost(NamedTuple):
    """What one more item takes: microseconds of CPU, and bytes at the peak."""

    cpu: float
    memory: float


def write_modules(folder: Path, count: int, head: str, body: str) -> None:
    """Write so many tests, a hundred a module."""
    for start in range(0, count, A_MODULE):
        module = start // A_MODULE
        numbers = range(start, min(start + A_MODULE, count))
        text = head.format(module=module) + "".join(
            body.format(number=number) for number in numbers
        )
        (folder / f"test_section_{module}.py").write_text(text)


def prepare(full: Environment, folder: Path, count: int) -> dict[str, Path]:
    """Write a project with its suite and lock, and folders with plain tests."""
    folders = {kind: folder / f"{kind}-{count}" for kind in ("items", "plain", "bare")}
    for place in folders.values():
        place.mkdir(parents=True)
    suite = folders["items"] / "readiness_suite"
    suite.mkdir()
    (suite / "conftest.py").write_text(FIXTURES)
    write_modules(suite, count, SUITE_HEAD, ITEM)
    (folders["items"] / "readiness.toml").write_text(TARGET)
    (folders["plain"] / "conftest.py").write_text(PLAIN_CHECK)
    write_modules(folders["plain"], count, PLAIN_HEAD, PLAIN)
    write_modules(folders["bare"], count, PLAIN_HEAD, BARE)
    full.command(folders["items"], "check", "--write")
    return folders


def cost(one: list[Usage], many: list[Usage], count: int) -> Cost:
    """Give what each further item took."""
    cpu = statistics.median(u.cpu for u in many) - statistics.median(u.cpu for u in one)
    memory = max(u.memory for u in many) - max(u.memory for u in one)
    return Cost(cpu / (count - 1) * 1e6, memory / (count - 1) * 1024 * 1024)


def measure(full: Environment, folder: Path, rounds: int) -> dict[str, list[Usage]]:
    """Run every size of each kind in turns, the first time to warm up."""
    taken: dict[str, list[Usage]] = {}
    projects = {size: prepare(full, folder, size) for size in SIZES}
    for turn in range(rounds + 1):
        for size, places in projects.items():
            for kind, place in places.items():
                flags = ("--readiness",) if kind == "items" else ("-p", "no:readiness")
                used = full.run(place, "-q", *flags)
                if turn:
                    taken.setdefault(f"{kind} {size}", []).append(used)
    return taken


def report(taken: dict[str, list[Usage]]) -> int:
    """Print what was taken, and give 1 where a bar is missed."""
    missed = False
    costs: dict[str, Cost] = {}
    for size in SIZES[1:]:
        for kind in ("items", "plain", "bare"):
            key = f"{kind} {size}"
            costs[key] = cost(taken[f"{kind} 1"], taken[key], size)
            whole = statistics.median(usage.cpu for usage in taken[key])
            print(
                f"{size:6} {kind}: {whole:6.2f} s in all, {costs[key].cpu:6.0f} us and "
                f"{costs[key].memory:6.0f} bytes each"
            )
        items = costs[f"items {size}"].cpu
        like, less = (items / costs[f"{kind} {size}"].cpu for kind in ("plain", "bare"))
        missed |= like > MAX_RATIO
        print(
            f"{size:6} items/plain {like:.3f} (<= {MAX_RATIO}), items/bare {less:.3f}"
        )
    small, large = (costs[f"items {size}"].cpu for size in SIZES[1:])
    missed |= large / small > MAX_GROWTH
    print(f"an item among 10 000 over one among 1 000: {large / small:.3f}")
    print(f"(<= {MAX_GROWTH}; 1 is linear)")
    return int(missed)


def main() -> int:
    """Measure, print, and give 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken = measure(installed(folder), folder, rounds)
    return report(taken)


if __name__ == "__main__":
    sys.exit(main())
