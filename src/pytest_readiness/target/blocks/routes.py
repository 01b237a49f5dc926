"""``[target.NAME.service.routes]``: what of the service is timed, cached, recorded."""

import re
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from pytest_readiness.catalogue.item import SLUG
from pytest_readiness.target.blocks.block import Block, Text, tupled, worded
from pytest_readiness.target.values import Mistake

__all__ = ["Asked", "RoutesTable", "asked"]

_ROUTE = re.compile(r"(?:(GET|HEAD) )?(/[!-~]*)")


class Asked(NamedTuple):
    """One route as it is asked for."""

    method: str
    path: str

    def __str__(self) -> str:
        return self.path if self.method == "GET" else f"{self.method} {self.path}"


def _route(text: str) -> str:
    if _ROUTE.fullmatch(text):
        return text
    what = "is no route that may be asked for"
    raise Mistake(what, 'write "/quotes/ABC" or "HEAD /quotes/ABC"; others write')


def _query(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name of a query"
    raise Mistake(what, "use small letters, digits and hyphens")


def asked(route: str) -> Asked:
    """Read a route.

    >>> asked("HEAD /orders")
    Asked(method='HEAD', path='/orders')
    """
    method, _, path = route.rpartition(" ")
    return Asked(method or "GET", path)


Route = Annotated[Text, AfterValidator(worded(_route))]
Routes = Annotated[tuple[Route, ...], BeforeValidator(tupled)]


class RoutesTable(Block):
    """``[target.NAME.service.routes]``: routes below the service's URL."""

    timed: Routes = ()
    """Those whose answers are timed: by GET, or ``HEAD /...``."""
    recorded: Annotated[Text, AfterValidator(worded(_query))] | None = None
    """Query of ``prometheus`` for the latency buckets of those that write."""
    cacheable: Routes = ()
    """Those whose answers clients may keep: with a validator, and 304 for it."""
    description: Route | None = None
    """Where the service gives its OpenAPI document: says what the lists are out of."""
    samples: Annotated[int, Field(ge=59, le=10_000)] = 100
    """How often each is timed; with fewer than 59 nobody knows a 95th percentile."""
    parallel: Annotated[int, Field(ge=1, le=32)] = 4
    """How many requests at once."""
