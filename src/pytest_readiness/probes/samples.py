"""Percentiles of measured times: by nearest rank, and how sure one may be of them."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.catalogue.rendering import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Times", "fewest", "interval", "nearest_rank"]

_CONFIDENCE = 0.95


def nearest_rank(values: Sequence[float], share: float) -> float:
    """Give the smallest value that ``share`` of all do not exceed.

    >>> nearest_rank([1.0] * 95 + [9.0] * 5, 0.95)
    1.0
    >>> nearest_rank([1.0] * 94 + [9.0] * 6, 0.95)
    9.0
    """
    return sorted(values)[_rank(len(values), share) - 1]


def _rank(count: int, share: float) -> int:
    # 0.95 * 100 is 95.0, but 0.55 * 100 is 55.00000000000001.
    return max(math.ceil(round(share * count, 9)), 1)


def fewest(share: float) -> int:
    """Give how many samples a percentile needs so that 95 % are sure of its upper end.

    With fewer even the largest sample may lie below it: ``share ** n`` is the chance.

    >>> fewest(0.95), fewest(0.99)
    (59, 299)
    """
    return math.ceil(math.log(1 - _CONFIDENCE) / math.log(share))


def interval(count: int, share: float) -> tuple[int | None, int | None]:
    """Give the ranks between which a percentile lies with 95 %; None: there is none.

    From the binomial distribution of how many samples lie below it: no shape of the
    times is assumed (Conover, Practical Nonparametric Statistics, 3.2).
    """
    tail = (1 - _CONFIDENCE) / 2
    low: int | None = None
    high: int | None = None
    below = 0.0
    for rank in range(count + 1):
        # below: the chance that fewer than `rank` samples lie under the percentile
        if below <= tail and rank >= 1:
            low = rank
        if below >= 1 - tail and high is None and rank >= 1:
            high = rank
        below += math.exp(
            math.lgamma(count + 1)
            - math.lgamma(rank + 1)
            - math.lgamma(count - rank + 1)
            + rank * math.log(share)
            + (count - rank) * math.log1p(-share)
        )
    return low, high


@dataclass(frozen=True)
class Times:
    """Times in seconds that were measured alike."""

    seconds: tuple[float, ...]

    def percentile(self, share: float) -> dt.timedelta | Unavailable:
        """Give a percentile; unavailable where the samples are too few to claim it."""
        count = len(self.seconds)
        if count < fewest(share):
            return Unavailable(
                f"{count} samples are too few for the {share:.0%} percentile,"
                f" which takes {fewest(share)}",
                Cause.LOCAL,
                "take more samples",
            )
        return dt.timedelta(seconds=nearest_rank(self.seconds, share))

    def words(self, share: float) -> str:
        """Say beside a percentile what it rests on."""
        low, high = interval(len(self.seconds), share)
        ordered = sorted(self.seconds)
        if not ordered:
            return "no samples"
        shown = [
            f"p{100 * s:.0f} {_ms(nearest_rank(ordered, s))}"
            for s in (0.5, 0.99)
            if s != share
        ]
        lower = f"from {_ms(ordered[low - 1])}" if low else "from below"
        upper = f"to {_ms(ordered[high - 1])}" if high else "to above all samples"
        return (
            f"{len(ordered)} samples, 95 % sure {lower} {upper}; {', '.join(shown)},"
            f" slowest {_ms(ordered[-1])}"
        )


def _ms(seconds: float) -> str:
    return duration(dt.timedelta(seconds=seconds))
