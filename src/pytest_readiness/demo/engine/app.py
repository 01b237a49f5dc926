"""The WSGI application: routes a request, lets in who may, counts, answers errors."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from werkzeug import Request, Response
from werkzeug.exceptions import BadRequest, HTTPException, ServiceUnavailable
from werkzeug.routing import Map, Rule

from pytest_readiness.demo.engine.access import Access
from pytest_readiness.demo.engine.contracts import Contracts
from pytest_readiness.demo.engine.health import Health
from pytest_readiness.demo.engine.metrics import Metrics
from pytest_readiness.demo.engine.openapi import document
from pytest_readiness.demo.engine.orders import Orders
from pytest_readiness.demo.engine.quotes import Quotes
from pytest_readiness.demo.engine.release import NAME, VERSION
from pytest_readiness.demo.engine.routing import Call, Route, answer, shape
from pytest_readiness.demo.engine.storage import (
    Cache,
    Database,
    DatabaseError,
    DataError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from pytest_readiness.demo.engine.settings import Settings

__all__ = ["Engine"]

_MAX_BODY = 64 * 1024
_HEADERS = {
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Engine:
    """The service."""

    def __init__(self, settings: Settings) -> None:
        self._digest = settings.digest
        self._metrics = Metrics(VERSION)
        self._access = Access(
            settings.users, settings.token_key, settings.token_public_key
        )
        database, cache = Database(settings), Cache(settings)
        self._routes: tuple[Route, ...] = (
            Route(
                *("GET", "/version", "The release that runs", self._version),
                answers=shape(name="string", version="string", digest="string"),
            ),
            Route(
                *("GET", "/openapi.json", "This description", self._description),
                answers={"type": "object"},
            ),
            *Health(database, cache).routes,
            *self._metrics.routes,
            *self._access.routes,
            *Orders(database, self._metrics).routes,
            *Quotes(database, cache, self._metrics).routes,
            *Contracts(database).routes,
        )
        self._by_name = {f"{one.method} {one.path}": one for one in self._routes}
        self._map = Map(
            [
                Rule(
                    route.path.replace("{", "<").replace("}", ">"),
                    methods=[route.method],
                    endpoint=name,
                )
                for name, route in self._by_name.items()
            ]
        )

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Answer one request."""
        began = time.perf_counter()
        request = Request(environ)
        request.max_content_length = _MAX_BODY
        route, response = self._dispatch(request)
        response.headers.extend(_HEADERS)
        # Counted by route: method and path are whatever a client chose to send.
        counted = (route.method, route.path) if route else ("-", "-")
        self._metrics.requests.add(*counted, str(response.status_code))
        self._metrics.seconds.observe(time.perf_counter() - began, counted[1])
        return response(environ, start_response)

    def _dispatch(self, request: Request) -> tuple[Route | None, Response]:
        route: Route | None = None
        try:
            endpoint, arguments = self._map.bind_to_environ(request.environ).match()
            route = self._by_name[endpoint]
            user, role = "", ""
            if route.roles:
                user, role = self._access.admit(request, route.roles)
            return route, route.handle(Call(request, arguments, user, role))
        except HTTPException as error:
            return route, _explain(error)
        except DataError:
            return route, _explain(BadRequest("a value is none that can be stored"))
        except DatabaseError:
            return route, _explain(ServiceUnavailable("the database does not answer"))

    def _version(self, _call: Call) -> Response:
        return answer({"name": NAME, "version": VERSION, "digest": self._digest})

    def _description(self, call: Call) -> Response:
        response = answer(document(self._routes, "Options Trading Engine", VERSION))
        # It is the same as long as the release runs: who has it need not get it again.
        response.headers["Cache-Control"] = "max-age=300"
        response.add_etag()
        return response.make_conditional(call.request)


def _explain(error: HTTPException) -> Response:
    response = answer({"error": error.description}, error.code or 500)
    # Which methods are allowed, how to log in: what the error itself knows.
    for name, value in error.get_headers():
        if name.lower() != "content-type":
            response.headers[name] = value
    return response
