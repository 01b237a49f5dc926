"""Several questions at the same time, no more than a server should mind.

Threads are daemons: what outlasts its look is left behind and holds nothing up.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_readiness.probes.look import Look

__all__ = ["together"]

K = TypeVar("K")
T = TypeVar("T")

_AT_ONCE = 4


def together(
    jobs: Mapping[K, Callable[[], T]], look: Look, instead: Callable[[K], T]
) -> dict[K, T]:
    """Do each job, a few at a time; ``instead`` makes what stands for one not done.

    Jobs do not raise. Returns when all are done, or with the look.
    """
    waiting: queue.SimpleQueue[tuple[K, Callable[[], T]]] = queue.SimpleQueue()
    for job in jobs.items():
        waiting.put(job)
    done: dict[K, T] = {}

    def work() -> None:
        while not look.over:
            try:
                key, job = waiting.get_nowait()
            except queue.Empty:
                return
            done[key] = job()

    workers = [
        threading.Thread(target=work, name=f"readiness {look.source}", daemon=True)
        for _ in range(min(_AT_ONCE, len(jobs)))
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(look.remaining())
    finished = dict(done)
    return {key: finished[key] if key in finished else instead(key) for key in jobs}
