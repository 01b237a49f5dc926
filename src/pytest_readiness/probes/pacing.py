"""Load at a set rate, whatever the answers do: an open loop.

Requests leave when the plan says, not when the one before was answered, and each
one's time counts from then: a service that stalls for a second delays all that were due
in it, and all of them show it. What the generator itself does late is measured apart.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pytest_readiness.probes.samples import nearest_rank

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Answered", "Driven", "Plan", "Sender", "drive"]

_CORE = 0.9
"""Share of one core: Python's threads have no more than one between them."""
_SHARE = 0.95
_RECENT = 20
_PATIENCE = 0.05
"""Seconds after which a wait looks whether it is still wanted."""


class Sender(Protocol):
    """One connection of the generator; each has a thread of its own."""

    def open(self) -> None:
        """Connect ahead; may fail, and say nothing."""

    def send(self, number: int) -> bool:
        """Send a request and wait for the answer; whether it was a good one."""
        ...

    def close(self) -> None:
        """Close the connection."""


@dataclass(frozen=True)
class Plan:
    """What is sent, and by how many at once."""

    rate: float
    """Requests a second."""
    count: int
    senders: int
    """At most so many at once; what is due beyond that waits, and its time counts."""
    ready: int = 4
    """So many connect before it begins."""


@dataclass(frozen=True)
class Answered:
    """One request; times in seconds."""

    due: float
    """Since the beginning."""
    late: float
    """How long the generator itself let it wait, with a sender that was free."""
    took: float
    """From when it was due until the answer's end."""
    good: bool


@dataclass(frozen=True)
class Driven:
    """What came of it."""

    plan: Plan
    answered: tuple[Answered, ...]
    elapsed: float
    """Until the last answer; at least as long as the plan."""
    sent: int
    """Those that left; each that is not answered got no answer while it was waited."""
    cpu: float
    """CPU seconds of this process meanwhile, for each second."""
    stopped: str
    """Why it ended before its time; empty where it did not."""

    @property
    def good(self) -> tuple[Answered, ...]:
        """Those with a good answer."""
        return tuple(one for one in self.answered if one.good)

    @property
    def late(self) -> float:
        """How late the generator itself was, 95th percentile."""
        if not self.answered:
            return 0.0
        return nearest_rank([one.late for one in self.answered], _SHARE)

    def saturated(self, tolerance: float) -> str:
        """Say why the generator, not the service, is what was measured."""
        if self.late > tolerance:
            return f"requests left {self.late * 1000:.0f} ms after they were due"
        if self.cpu > _CORE:
            return f"it took {self.cpu:.0%} of a core"
        return ""


def drive(
    plan: Plan, sender: Callable[[], Sender], over: Callable[[], bool] = lambda: False
) -> Driven:
    """Send all requests of a plan, unless it is over before.

    It also ends where most of the last answers were none: what is down need not be
    knocked at any longer. Never raises what a sender raises; that is no good answer.
    """
    run = _Run(plan, sender, over)
    run.make_ready()
    began, used = time.perf_counter(), time.process_time()
    run.began = began
    try:
        run.dispatch()
        run.wait()
    finally:
        run.end()
    elapsed = max(time.perf_counter() - began, plan.count / plan.rate)
    if run.stopped:
        elapsed = time.perf_counter() - began
    cpu = (time.process_time() - used) / max(time.perf_counter() - began, 1e-9)
    return Driven(plan, tuple(run.answered), elapsed, run.sent, cpu, run.stopped)


@dataclass
class _Run:
    plan: Plan
    sender: Callable[[], Sender]
    over: Callable[[], bool]
    began: float = 0.0
    answered: list[Answered] = field(default_factory=list["Answered"])
    stopped: str = ""
    sent: int = 0
    _idle: list[_Worker] = field(default_factory=list["_Worker"])
    _workers: list[_Worker] = field(default_factory=list["_Worker"])
    _backlog: deque[int] = field(default_factory=deque[int])
    _recent: deque[bool] = field(default_factory=lambda: deque(maxlen=_RECENT))
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def make_ready(self) -> None:
        """Have some senders connect, at the same time, and wait for them."""
        with self._changed:
            fresh = [
                self._hire() for _ in range(min(self.plan.ready, self.plan.senders))
            ]
        for worker in fresh:
            worker.connected.wait()
        with self._changed:
            self._idle += fresh

    def dispatch(self) -> None:
        """Give each request to a sender when it is due."""
        for number in range(self.plan.count):
            due = self.began + number / self.plan.rate
            while (left := due - time.perf_counter()) > 0:
                if self._ends():
                    return
                time.sleep(min(left, _PATIENCE))
            if self._ends():
                return
            with self._changed:
                self.sent += 1
                # The last that came back has its connection the warmest.
                if self._idle:
                    self._idle.pop().give(number)
                elif len(self._workers) < self.plan.senders:
                    self._hire(number)
                else:
                    self._backlog.append(number)

    def wait(self) -> None:
        """Wait until everything that was sent is answered."""
        with self._changed:
            while len(self.answered) < self.sent and not self._ends():
                self._changed.wait(_PATIENCE)

    def end(self) -> None:
        """Let the senders go; one that still waits for an answer is left behind."""
        with self._changed:
            self._backlog.clear()
            for worker in self._workers:
                worker.give(None)

    def next(self, worker: _Worker, answered: Answered) -> int | None:
        """Note an answer; give what has been waiting, else None."""
        with self._changed:
            self.answered.append(answered)
            self._recent.append(answered.good)
            self._changed.notify_all()
            if self._backlog:
                return self._backlog.popleft()
            self._idle.append(worker)
            return None

    def _hire(self, first: int | None = None) -> _Worker:
        worker = _Worker(self, self.sender(), first)
        self._workers.append(worker)
        worker.start()
        return worker

    def _ends(self) -> bool:
        if not self.stopped and self.over():
            self.stopped = "its time was over"
        with self._changed:
            recent = tuple(self._recent)
        if not self.stopped and len(recent) == _RECENT and sum(recent) * 2 < _RECENT:
            self.stopped = "most requests got no good answer"
        return bool(self.stopped)


class _Worker(threading.Thread):
    """Sends what it is given, one after the other."""

    def __init__(self, run: _Run, sender: Sender, first: int | None) -> None:
        super().__init__(name="readiness load", daemon=True)
        self._load = run
        self._sender = sender
        self._first = first
        self._orders: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self.connected = threading.Event()

    def give(self, number: int | None) -> None:
        """Have a request sent; None ends the thread."""
        self._orders.put(number)

    def run(self) -> None:
        """Send until there is nothing more."""
        # To connect takes the service's time, not the generator's.
        begun = time.perf_counter() if self._first is not None else 0.0
        with contextlib.suppress(Exception):
            self._sender.open()
        self.connected.set()
        number, free = self._first, 0.0
        while number is not None or (number := self._orders.get()) is not None:
            number, free = self._send(number, begun or time.perf_counter(), free)
            begun = 0.0
        with contextlib.suppress(Exception):
            self._sender.close()

    def _send(self, number: int, left: float, free: float) -> tuple[int | None, float]:
        """Send one; give what is next, and since when there was time for it."""
        due = self._load.began + number / self._load.plan.rate
        try:
            good = self._sender.send(number)
        except Exception:  # noqa: BLE001  # whatever it was, it is no answer
            good = False
        now = time.perf_counter()
        late = max(left - max(due, free), 0.0)
        answered = Answered(due - self._load.began, late, now - due, good)
        following = self._load.next(self, answered)
        return following, 0.0 if following is None else now
