"""The page for people: contracts to choose from, found by a word."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from pytest_readiness.demo.engine.routing import Call, Field, Route, read_query

if TYPE_CHECKING:
    from pytest_readiness.demo.engine.storage import Database

__all__ = ["Contracts"]

_QUERY = {"q": Field(str, most=32)}
_SELECT = """
    SELECT symbol, underlying, kind FROM contracts
    WHERE symbol ILIKE '%%' || %(q)s || '%%' ORDER BY symbol LIMIT 50
"""
_PAGE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Contracts</title></head>
<body>
<form action="/contracts"><input name="q" value="{q}"><button>Search</button></form>
<p>Contracts with &ldquo;{q}&rdquo;: {count}</p>
<ul>{rows}</ul>
</body>
</html>
"""


class Contracts:
    """The route that shows contracts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.routes = (
            Route(
                *("GET", "/contracts", "Search the contracts", self.search),
                query=_QUERY,
                gives="text/html; charset=utf-8",
            ),
        )

    def search(self, call: Call) -> Response:
        """Show the contracts whose symbol holds a word."""
        query = read_query(call.request, _QUERY)
        with self._database.transaction() as connection:
            rows = connection.execute(_SELECT, query).fetchall()
        page = _PAGE.format(
            q=escape(query["q"]),
            count=len(rows),
            rows="".join(
                f"<li>{escape(str(row['symbol']))} ({escape(str(row['kind']))})"
                for row in rows
            ),
        )
        return Response(page, mimetype="text/html")
