"""A Loki with one stream of lines, as its documented HTTP API shows them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from pytest_readiness.demo.standins.web import Asked, Reply, Web

if TYPE_CHECKING:
    import ssl

__all__ = ["Loki"]

_LINE = "order 4711 filled"


class Loki(Web):
    """Answers until closed; what it has may be changed while it runs."""

    def __init__(self, tls: ssl.SSLContext | None = None, token: str = "") -> None:
        self.query = '{app="engine"}'
        """What chooses its stream."""
        self.age: float | None = 20.0
        """Seconds since its newest line; None where there is none."""
        self.ready = True
        self._token = token
        super().__init__(self._reply, tls)

    def _reply(self, asked: Asked) -> Reply:
        parts = urlsplit(asked.path)
        if parts.path == "/ready":
            if self.ready:
                return Reply("ready\n", kind="text/plain; charset=utf-8")
            return Reply("Ingester not ready: starting\n", 503, "text/plain")
        if asked.headers.get("authorization", "") != f"Bearer {self._token}":
            return Reply("no org id\n", 401, "text/plain")
        if parts.path != "/loki/api/v1/query_range":
            return Reply("404 page not found\n", 404, "text/plain")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        data = {"resultType": "streams", "result": self._streams(query)}
        return Reply({"status": "success", "data": data})

    def _streams(self, query: dict[str, str]) -> list[dict[str, object]]:
        if self.age is None or query.get("query") != self.query:
            return []
        at = int((time.time() - self.age) * 1e9)
        if not int(query["start"]) <= at <= int(query["end"]):
            return []
        return [{"stream": {"app": "engine"}, "values": [[str(at), _LINE]]}]
