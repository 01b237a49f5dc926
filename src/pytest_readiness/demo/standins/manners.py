"""What the front does to some requests: it keeps them waiting, or turns them away."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.front import Answered

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.demo.standins.front import Asked, Change, Forward

__all__ = ["Manners"]

_UNAVAILABLE = 503


@dataclass(frozen=True)
class Manners:
    """How it treats the requests for one path; each gets a number, from 0."""

    path: str = ""
    """Of the requests that it is about; all, where it is empty."""
    delay: Callable[[int], float] = lambda _: 0.0
    """Seconds that a request waits."""
    in_turn: bool = False
    """Whether they wait one after the other."""
    sheds: Callable[[int], bool] = lambda _: False
    """Whether a request is turned away."""
    status: int = _UNAVAILABLE
    """What it is told then."""
    drops: frozenset[str] = frozenset()
    """Headers, in small letters, that get lost, of requests and answers."""
    closes: bool = False
    """Whether the connection is closed after each answer."""

    def change(self) -> Change:
        """Give a change for a front, which counts its requests from 0."""
        numbers, turn = itertools.count(), threading.Lock()
        lost = dict.fromkeys(self.drops, "")
        added = {**lost, "connection": "close"} if self.closes else lost

        def change(asked: Asked, forward: Forward) -> Answered:
            if self.path in {"", asked.path}:
                number = next(numbers)
                with turn if self.in_turn else contextlib.nullcontext():
                    time.sleep(self.delay(number))
                if self.sheds(number):
                    return Answered(self.status, {}).but(headers=added)
            kept = {k: v for k, v in asked.headers.items() if k not in self.drops}
            return forward(replace(asked, headers=kept)).but(headers=added)

        return change
