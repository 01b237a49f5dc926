"""The open loop: rate, stalls, saturation, stopping; senders are functions here."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes.pacing import Answered, Driven, Plan, drive
from pytest_readiness.probes.samples import nearest_rank

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Service:
    """Answers as a function of the request's number says: True, False, or raises."""

    answer: Callable[[int], bool] = lambda _: True
    asked: list[int] = field(default_factory=list[int])
    opened: int = 0
    closed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def sender(self) -> Sender:
        return Sender(self)


@dataclass
class Sender:
    service: Service

    def open(self) -> None:
        with self.service.lock:
            self.service.opened += 1

    def send(self, number: int) -> bool:
        with self.service.lock:
            self.service.asked.append(number)
        return self.service.answer(number)

    def close(self) -> None:
        with self.service.lock:
            self.service.closed += 1


def p95(driven: Driven) -> float:
    return nearest_rank([one.took for one in driven.answered], 0.95)


def test_requests_leave_as_planned() -> None:
    service = Service()
    driven = drive(Plan(200.0, 100, 8), service.sender)
    assert sorted(service.asked) == list(range(100))
    assert (driven.sent, len(driven.good), driven.stopped) == (100, 100, "")
    # The last one leaves after 99 intervals, and the plan has 100.
    assert 0.495 <= driven.elapsed < 5
    assert [one.due for one in sorted(driven.answered, key=lambda a: a.due)][
        99
    ] == pytest.approx(0.495)


def test_a_stall_shows_in_all_that_were_due_meanwhile() -> None:
    until: list[float] = []

    def stalls(number: int) -> bool:
        if number >= 10:
            until[:] = until or [time.perf_counter() + 0.5]
            time.sleep(max(until[0] - time.perf_counter(), 0))
        return True

    # With four senders a closed loop would have sent four requests into the stall.
    driven = drive(Plan(100.0, 100, 4), Service(stalls).sender)
    slow = [one for one in driven.answered if one.took > 0.1]
    assert len(slow) >= 30
    assert p95(driven) > 0.4
    assert driven.late < 0.3, "the service was late, not the generator"


def test_more_at_once_than_senders_wait_and_their_time_counts() -> None:
    def slow(_: int) -> bool:
        time.sleep(0.05)
        return True

    driven = drive(Plan(100.0, 40, 1, 1), Service(slow).sender)
    assert driven.elapsed >= 2.0
    assert max(one.took for one in driven.answered) > 1.0


def test_errors_and_exceptions_are_no_good_answers() -> None:
    def answer(number: int) -> bool:
        if number % 4 == 0:
            raise OSError
        return number % 4 != 1

    driven = drive(Plan(500.0, 40, 4), Service(answer).sender)
    assert (len(driven.answered), len(driven.good)) == (40, 20)


def test_a_service_that_is_down_is_left_alone() -> None:
    service = Service(lambda _: False)
    driven = drive(Plan(200.0, 2000, 4), service.sender)
    assert driven.stopped == "most requests got no good answer"
    assert len(service.asked) < 400
    assert driven.elapsed < 5


def test_it_stops_when_its_time_is_over() -> None:
    service, over = Service(), threading.Event()
    threading.Timer(0.2, over.set).start()
    driven = drive(Plan(100.0, 10_000, 4), service.sender, over.is_set)
    assert driven.stopped == "its time was over"
    assert driven.sent < 1000
    sent = len(service.asked)
    time.sleep(0.1)
    assert len(service.asked) == sent, "nothing is sent any more"


def test_what_never_answers_does_not_hold_it_up() -> None:
    release, over = threading.Event(), threading.Event()
    threading.Timer(0.3, over.set).start()

    def hangs(_: int) -> bool:
        return release.wait(30)

    driven = drive(Plan(100.0, 10, 4), Service(hangs).sender, over.is_set)
    release.set()
    assert (driven.sent, driven.answered) == (10, ())
    assert driven.late == 0.0


def test_senders_are_closed() -> None:
    service = Service()
    drive(Plan(100.0, 10, 4), service.sender)
    over = time.monotonic() + 10
    while service.closed < service.opened and time.monotonic() < over:
        time.sleep(0.01)
    assert service.opened == service.closed >= 1


def test_a_sender_that_cannot_connect_is_no_answer() -> None:
    class Broken(Sender):
        def open(self) -> None:
            raise OSError

        def close(self) -> None:
            raise OSError

    service = Service(lambda _: False)
    driven = drive(Plan(500.0, 10, 4), lambda: Broken(service))
    assert len(driven.answered) == 10
    assert driven.good == ()


@pytest.mark.parametrize(
    ("late", "cpu", "words"),
    [
        (0.0, 0.2, ""),
        (0.09, 0.2, ""),
        (0.2, 0.2, "requests left 200 ms after they were due"),
        (0.0, 0.95, "it took 95% of a core"),
    ],
)
def test_its_own_limits_are_told_from_the_services(
    late: float, cpu: float, words: str
) -> None:
    answered = tuple(Answered(0.0, late, late + 0.1, good=True) for _ in range(100))
    driven = Driven(Plan(100.0, 100, 4), answered, 1.0, 100, cpu, "")
    assert driven.saturated(0.1) == words


def test_a_generator_without_cpu_says_so() -> None:
    stop = threading.Event()

    def burn() -> None:
        while not stop.is_set():
            sum(range(1000))

    burning = [threading.Thread(target=burn, daemon=True) for _ in range(3)]
    for thread in burning:
        thread.start()
    try:
        driven = drive(Plan(400.0, 200, 8), Service().sender)
    finally:
        stop.set()
    assert driven.saturated(0.002)
