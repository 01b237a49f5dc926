"""Start-up: what does the installed and unused plugin cost an ordinary pytest run?

Three runs of one trivial test take turns: *bare* has pytest alone; *off* has all that
installing pytest-readiness brings, with our entry point blocked; *on* is the same with
the entry point. CPU time, not wall time. The bar is on over off; off over bare is the
price of the installed dependencies (pytest-html and its like), shown beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from measuring import Environment, Usage, bound, installed, link, ratio

MAX_RATIO = 1.05
MAX_MODULES = 3
REPORT = """
import json, sys
def pytest_unconfigure(config):
    with open("modules.json", "w") as file:
        json.dump(sorted(sys.modules), file)
"""


def our_modules(full: Environment, folder: Path) -> list[str]:
    """Name the modules of ours that an ordinary run has loaded at its end."""
    folder.mkdir()
    (folder / "conftest.py").write_text(REPORT)
    (folder / "test_plain.py").write_text("def test_plain():\n    assert True\n")
    full.run(folder, "-q")
    loaded: list[str] = json.loads((folder / "modules.json").read_text())
    return [name for name in loaded if name.split(".")[0] == "pytest_readiness"]


def measure(
    bare: Environment, full: Environment, folder: Path, pairs: int
) -> dict[str, list[Usage]]:
    """Run the three in turns, in an order that rotates."""
    folder.mkdir()
    (folder / "test_plain.py").write_text("def test_plain():\n    assert True\n")
    off, on = "no:readiness", "no:nothing-that-exists"
    runs = {"bare": (bare, off), "off": (full, off), "on": (full, on)}
    taken: dict[str, list[Usage]] = {name: [] for name in runs}
    for environment, option in runs.values():
        # Writes the byte code, and reads the files into memory.
        environment.run(folder, "-q", "-p", option)
    names = list(runs)
    for turn in range(pairs):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            environment, option = runs[name]
            taken[name].append(environment.run(folder, "-q", "-p", option))
    return taken


def main() -> int:
    """Measure, print, and give 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pairs", type=int, default=60)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = Environment((link(folder / "bare", ["pytest"]),))
        full = installed(folder)
        modules = our_modules(full, folder / "modules")
        taken = measure(bare, full, folder / "runs", pairs)
    cpu = {name: [usage.cpu for usage in taken[name]] for name in taken}
    for name, times in cpu.items():
        print(f"{name:5} {statistics.median(times) * 1000:7.1f} ms CPU (median)")
    on_off = list(zip(cpu["on"], cpu["off"], strict=True))
    off_bare = list(zip(cpu["off"], cpu["bare"], strict=True))
    upper = bound(on_off)
    words = "upper 95 % bound"
    print(f"on/off   {ratio(on_off):.3f}, {words} {upper:.3f} (<= {MAX_RATIO})")
    print(f"off/bare {ratio(off_bare):.3f}, {words} {bound(off_bare):.3f}")
    print(f"modules of ours: {len(modules)} (<= {MAX_MODULES}): {', '.join(modules)}")
    return int(upper > MAX_RATIO or len(modules) > MAX_MODULES)


if __name__ == "__main__":
    sys.exit(main())
