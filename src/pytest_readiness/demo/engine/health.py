"""Health: alive as long as it answers, ready when what it needs answers too."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_readiness.demo.engine.routing import Call, Route, answer, shape
from pytest_readiness.demo.engine.storage import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug import Response

    from pytest_readiness.demo.engine.storage import Cache, Database

__all__ = ["Health"]


class Health:
    """The routes that a balancer and an orchestrator ask."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self.routes = (
            Route(
                *("GET", "/health/live", "Whether the process answers", self.live),
                answers=shape(status="string"),
            ),
            Route(
                *("GET", "/health/ready"),
                *("Whether its dependencies answer", self.ready),
                answers=shape(status="string", dependencies="object"),
            ),
        )

    def live(self, _call: Call) -> Response:
        """Answer; that is the whole point."""
        return answer({"status": "live"})

    def ready(self, _call: Call) -> Response:
        """Ask each dependency; 503 where one does not answer."""
        dependencies = {
            "database": _timed(self._ask_database),
            "cache": _timed(self._cache.answers),
        }
        ready = all(found["status"] == "up" for found in dependencies.values())
        status = "ready" if ready else "not ready"
        body = {"status": status, "dependencies": dependencies}
        return answer(body, 200 if ready else 503)

    def _ask_database(self) -> bool:
        try:
            with self._database.transaction() as connection:
                connection.execute("SELECT 1")
        except DatabaseError:
            return False
        return True


def _timed(ask: Callable[[], bool]) -> dict[str, object]:
    began = time.perf_counter()
    up = ask()
    took = round((time.perf_counter() - began) * 1000, 3)
    return {"status": "up" if up else "down", "milliseconds": took}
