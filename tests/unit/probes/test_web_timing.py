from __future__ import annotations

import random

import pytest

from pytest_readiness.probes.web.timing import slept

DELAY = 1.0


def safe(noise: random.Random) -> float:
    """Give the time of one answer of a busy server that does not sleep.

    Most take tens of milliseconds, some a few hundred, one in eight stalls for longer
    than any delay that is asked for.
    """
    if noise.random() < 0.125:
        return noise.uniform(1.0, 4.0)
    return noise.lognormvariate(-3.0, 1.0)


@pytest.mark.parametrize("seed", range(200))
def test_a_noisy_but_safe_server_gives_no_alarm(seed: int) -> None:
    noise = random.Random(seed)  # noqa: S311  # the same each time
    assert slept(lambda _seconds: safe(noise), DELAY) is not True


@pytest.mark.parametrize("seed", range(50))
def test_a_server_that_sleeps_is_found_within_its_noise(seed: int) -> None:
    noise = random.Random(seed)  # noqa: S311  # the same each time

    def measure(seconds: float) -> float:
        return seconds + noise.lognormvariate(-3.0, 1.0)

    assert slept(measure, DELAY) is True


def test_a_safe_server_costs_one_request() -> None:
    asked: list[float] = []

    def measure(seconds: float) -> float:
        asked.append(seconds)
        return 0.02

    assert slept(measure, DELAY) is False
    assert asked == [DELAY]


def test_a_server_that_is_always_slow_cannot_be_told() -> None:
    assert slept(lambda _seconds: 5.0, DELAY) is None


def test_what_does_not_sleep_twice_as_long_does_not_obey() -> None:
    assert slept(lambda seconds: 1.0 if seconds else 0.02, DELAY) is False
