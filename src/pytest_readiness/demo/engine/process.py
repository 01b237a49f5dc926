"""What the process says of itself: memory, age, garbage, under the usual names."""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Process"]

_STATM = Path("/proc/self/statm")


class Process:
    """Metrics of the process; collecting garbage is timed from the making of it."""

    def __init__(self) -> None:
        self._began = time.time()
        self._collecting = 0.0
        self._collected = 0.0
        gc.callbacks.append(self._watch)

    def lines(self) -> Iterator[str]:
        """Write them down."""
        pages = int(_STATM.read_text("ascii").split()[1])
        values = {
            "process_resident_memory_bytes": pages * os.sysconf("SC_PAGE_SIZE"),
            "process_start_time_seconds": round(self._began, 3),
            "engine_workers": 1,
        }
        for name, value in values.items():
            yield f"# TYPE {name} gauge"
            yield f"{name} {value}"
        yield "# TYPE engine_gc_seconds_total counter"
        yield f"engine_gc_seconds_total {self._collected:.6f}"
        yield "# TYPE python_gc_collections_total counter"
        for generation, counts in enumerate(gc.get_stats()):
            labels = f'{{generation="{generation}"}}'
            yield f"python_gc_collections_total{labels} {counts['collections']}"

    def _watch(self, phase: str, _info: Mapping[str, int]) -> None:
        if phase == "start":
            self._collecting = time.perf_counter()
        else:
            self._collected += time.perf_counter() - self._collecting
