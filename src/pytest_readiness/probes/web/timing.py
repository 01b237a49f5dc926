"""Whether a payload made a database sleep, told from a server that is just slow.

Only what sleeps every time it is asked to, twice as long when asked for twice as long,
and not at all when asked for none, has been spoken to. A safe server is found safe by
the first request that comes back early: it costs one request.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["slept"]

_ROUNDS = 7
_DOUBLE = 2
_REACHED = 0.8
"""Share of the delay that an answer must take at least: clocks and pools round."""
_QUICK = 0.6
"""Share of the delay under which the answers to no delay must stay."""


def slept(measure: Callable[[float], float], delay: float) -> bool | None:
    """Say whether a payload sleeps; None where the server is too slow to tell.

    ``measure`` sends the payload with a number of seconds and gives how long the answer
    took. That a server that spikes past the delay in half of its answers, each by
    itself, passes for a sleeping one has a chance of 0.5 ** 9.
    """
    controls: list[float] = []
    for seconds in (*[delay] * _ROUNDS, *[2 * delay] * _DOUBLE):
        if measure(seconds) < _REACHED * seconds:
            return False
        controls.append(measure(0))
    return True if median(controls) < _QUICK * delay else None
