"""Gathering: is the run as long as its longest chain of looks, and no longer?

All looks of the demo are gathered together, then each of them alone; the rounds take
turns. Wall time of the whole is held against the larger of the longest chain alone and
the CPU time of all, of this process and its children, over the processors. A chain is
what must come one after the other: the longest look of most, the longest of those that
need quiet, and each that must run alone.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo.demo import NAME, Demo
from pytest_readiness.plugin.gathering import Gathering, Need
from pytest_readiness.probes import REGISTRY, probe
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_readiness.target.model import Target

MAX_RATIO = 1.2


def gathered(target: Target, needs: Sequence[Need]) -> tuple[float, float]:
    """Gather these; give wall and CPU seconds, those of children that ended too."""
    gathering = Gathering({NAME: target}, "readiness.toml", Redactor(), 120.0)
    before, began = os.times(), time.perf_counter()
    gathering.run(needs)
    wall, after = time.perf_counter() - began, os.times()
    return wall, sum(after[:4]) - sum(before[:4])


def needs_of(target: Target) -> list[Need]:
    """Name every look that the demo's target file has something for."""
    found: list[Need] = []
    for name in REGISTRY:
        kind = probe(name)
        if kind.view_of:
            continue
        members = target.providers if kind.several else {"": None}
        found += [Need(name, NAME, member) for member in members]
    return found


def chain_of(alone: Mapping[Need, float]) -> list[Need]:
    """Give the looks that together last longest, though each waits for no other."""
    together: dict[bool, list[Need]] = {False: [], True: []}
    chain: list[Need] = []
    for need in alone:
        kind = probe(need.probe)
        (chain if kind.exclusive else together[kind.needs_quiet]).append(need)
    longest = (max(some, key=lambda need: alone[need]) for some in together.values())
    return [*longest, *chain]


def main() -> int:
    """Print the figures; exit 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds: int = parser.parse_args().rounds
    with (
        tempfile.TemporaryDirectory(prefix="readiness-chain-") as folder,
        Demo.start(Path(folder)) as demo,
    ):
        environ = {**os.environ, **demo.environ}
        target = load(demo.config_path, Redactor(), environ).select(NAME)
        needs = needs_of(target)
        gathered(target, needs)  # loads the drivers
        whole: list[float] = []
        used: list[float] = []
        alone: dict[Need, list[float]] = {need: [] for need in needs}
        for _ in range(rounds):
            wall, cpu = gathered(target, needs)
            whole.append(wall)
            used.append(cpu)
            for need in needs:
                alone[need].append(gathered(target, [need])[0])
    chains = {need: statistics.median(taken) for need, taken in alone.items()}
    chain = chain_of(chains)
    share = statistics.median(used) / (os.cpu_count() or 1)
    least = max(sum(chains[need] for need in chain), share)
    ratio = statistics.median(whole) / least
    print(f"{len(needs)} looks together   {statistics.median(whole):.3f} s")
    steps = ", ".join(f"{need.probe} {chains[need]:.3f}" for need in chain)
    print(f"longest chain        {sum(chains[need] for need in chain):.3f} s  {steps}")
    print(f"CPU over processors  {share:.3f} s")
    print(f"all after each other {sum(chains.values()):.3f} s")
    print(f"ratio                {ratio:.2f}  (bar {MAX_RATIO})")
    return int(ratio > MAX_RATIO)


if __name__ == "__main__":
    sys.exit(main())
