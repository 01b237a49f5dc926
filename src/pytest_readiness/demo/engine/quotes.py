"""Quotes: what a contract is worth now, kept in the cache for a few seconds.

A cache that is not there makes quotes slower, not unavailable.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from werkzeug.exceptions import NotFound

from pytest_readiness.demo.engine.pricing import Contract, price
from pytest_readiness.demo.engine.routing import Call, Json, Route, answer, shape

if TYPE_CHECKING:
    from werkzeug import Response

    from pytest_readiness.demo.engine.metrics import Metrics
    from pytest_readiness.demo.engine.storage import Cache, Database

__all__ = ["Quotes"]

_FRESH = 5
"""Seconds that a quote may be used again."""
_SELECT = """
    SELECT symbol, kind, spot::float8, strike::float8, volatility::float8,
           (expiry - CURRENT_DATE) / 365.0::float8 AS years
    FROM contracts WHERE symbol = %s
"""


class Quotes:
    """The route that prices contracts."""

    def __init__(self, database: Database, cache: Cache, metrics: Metrics) -> None:
        self._database = database
        self._cache = cache
        self._metrics = metrics
        self.routes = (
            Route(
                *("GET", "/quotes/{symbol}", "Price one contract", self.show),
                answers=shape(
                    symbol="string", price="number", delta="number", priced_at="string"
                ),
            ),
        )

    def show(self, call: Call) -> Response:
        """Give a quote; ``X-Cache`` says whether it was at hand."""
        symbol = call.arguments["symbol"]
        cached = self._look_up(symbol)
        quote = cached or self._price(symbol)
        if cached is None:
            self._keep(symbol, quote)
        found = "miss" if cached is None else "hit"
        self._metrics.lookups.add(found)
        response = answer(quote)
        response.headers["X-Cache"] = found
        return response

    def _price(self, symbol: str) -> Json:
        with self._database.transaction() as connection:
            row = connection.execute(_SELECT, (symbol,)).fetchone()
        if row is None:
            raise NotFound(f"there is no contract {symbol}")
        priced = price(Contract(**row))  # type: ignore[arg-type]  # columns are fields
        return {
            "symbol": symbol,
            "price": round(priced.value, 4),
            "delta": round(priced.delta, 4),
            "priced_at": dt.datetime.now(dt.UTC).isoformat(),
        }

    def _look_up(self, symbol: str) -> Json | None:
        text = self._cache.get(f"quotes:{symbol}")
        found: Json | None = json.loads(text) if text else None
        return found

    def _keep(self, symbol: str, quote: Json) -> None:
        if not self._cache.set(f"quotes:{symbol}", json.dumps(quote), _FRESH):
            self._metrics.lookups.add("error")
