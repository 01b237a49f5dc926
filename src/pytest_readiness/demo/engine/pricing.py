"""What an option is worth: Black and Scholes (1973), European, without dividends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

__all__ = ["Contract", "Price", "price"]

RATE = 0.03
"""Risk-free interest a year."""
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Contract:
    """One listed option and the market that it is priced in."""

    symbol: str
    kind: Literal["call", "put"]
    spot: float
    strike: float
    years: float
    """Time to expiry."""
    volatility: float
    """A year's, as a share."""


@dataclass(frozen=True)
class Price:
    """A theoretical price, in the underlying's currency, and how it moves with it."""

    value: float
    delta: float


def price(contract: Contract, rate: float = RATE) -> Price:
    """Price one option; an expired one is worth what exercising it gives.

    >>> at_the_money = Contract("DEMO", "call", 100.0, 100.0, 1.0, 0.2)
    >>> round(price(at_the_money).value, 4)
    9.4134
    """
    sign = 1 if contract.kind == "call" else -1
    if contract.years <= 0:
        worth = max(sign * (contract.spot - contract.strike), 0.0)
        return Price(worth, float(sign) if worth else 0.0)
    spread = contract.volatility * math.sqrt(contract.years)
    drift = (rate + contract.volatility**2 / 2) * contract.years
    d1 = (math.log(contract.spot / contract.strike) + drift) / spread
    present = contract.strike * math.exp(-rate * contract.years)
    delta = sign * _NORMAL.cdf(sign * d1)
    value = contract.spot * delta - sign * present * _NORMAL.cdf(sign * (d1 - spread))
    return Price(value, delta)
