"""Orders: placed by traders, seen by the trader who placed them and by risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import BadRequest, NotFound

from pytest_readiness.demo.engine.routing import (
    Call,
    Field,
    Route,
    answer,
    read_body,
    shape,
)

if TYPE_CHECKING:
    from werkzeug import Response

    from pytest_readiness.demo.engine.metrics import Metrics
    from pytest_readiness.demo.engine.storage import Database

__all__ = ["Orders"]

_ORDER = {
    "symbol": Field(str, most=32),
    "side": Field(str, most=4, options=("buy", "sell")),
    "quantity": Field(int, least=1, most=100_000),
    "limit_price": Field(float, most=1_000_000),
}
_SHOWN = shape(
    id="integer",
    trader="string",
    symbol="string",
    side="string",
    quantity="integer",
    limit_price="number",
    placed_at="string",
)
_PLACERS = frozenset({"trader"})
_READERS = frozenset({"trader", "risk"})
_PAGE = 100
_GREATEST = (1 << 63) - 1
_DIGITS = 20
"""What is longer is greater than any id."""

_INSERT = """
    INSERT INTO orders (trader, symbol, side, quantity, limit_price)
    SELECT %(trader)s, symbol, %(side)s, %(quantity)s, %(limit_price)s
    FROM contracts WHERE symbol = %(symbol)s AND expiry >= CURRENT_DATE
    RETURNING *
"""
_SELECT = """
    SELECT * FROM orders
    WHERE (%(trader)s::text IS NULL OR trader = %(trader)s)
      AND (%(id)s::bigint IS NULL OR id = %(id)s)
    ORDER BY placed_at DESC, id DESC LIMIT %(page)s
"""


class Orders:
    """The order book's routes."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._metrics = metrics
        self.routes = (
            Route(
                *("POST", "/orders", "Place an order", self.place),
                roles=_PLACERS,
                body=_ORDER,
                status=201,
                answers=_SHOWN,
            ),
            Route(
                *(
                    "GET",
                    "/orders",
                    "List the newest orders one may see",
                    self.list_newest,
                ),
                roles=_READERS,
                answers={"type": "array", "items": _SHOWN},
            ),
            Route(
                *("GET", "/orders/{id}", "Show one order", self.show),
                roles=_READERS,
                answers=_SHOWN,
            ),
        )

    def place(self, call: Call) -> Response:
        """Take an order for a contract that has not expired."""
        order = read_body(call.request, _ORDER)
        with self._database.transaction() as connection:
            placed = connection.execute(_INSERT, {**order, "trader": call.user})
            row = placed.fetchone()
        if row is None:
            raise BadRequest(f"there is no contract {order['symbol']} to trade")
        self._metrics.orders.add(str(order["side"]))
        return answer(row, 201)

    def list_newest(self, call: Call) -> Response:
        """Give the newest orders: a trader's own, everybody's for risk."""
        return answer(self._select(call))

    def show(self, call: Call) -> Response:
        """Give one order; somebody else's is not there for a trader."""
        number = call.arguments["id"]
        if not number.isdecimal() or int(number[:_DIGITS]) > _GREATEST:
            raise NotFound("an order's id is a number")
        found = self._select(call, int(number))
        if not found:
            raise NotFound(f"there is no order {number}")
        return answer(found[0])

    def _select(self, call: Call, number: int | None = None) -> list[dict[str, object]]:
        trader = call.user if call.role == "trader" else None
        asked = {"trader": trader, "id": number, "page": _PAGE}
        with self._database.transaction() as connection:
            return connection.execute(_SELECT, asked).fetchall()
