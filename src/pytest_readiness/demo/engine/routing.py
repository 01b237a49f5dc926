"""Routes as data: dispatch, checks of bodies and OpenAPI all come from the same."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug import Request

__all__ = [
    "Call",
    "Field",
    "Json",
    "Route",
    "answer",
    "read_body",
    "read_query",
    "shape",
]

Json = dict[str, object]
"""A JSON object."""

_TYPES = {str: "string", int: "integer", float: "number"}


@dataclass(frozen=True)
class Field:
    """One field of a request's body."""

    kind: type[str | int | float]
    most: int
    """Greatest number, or longest text."""
    least: int = 0
    options: tuple[str, ...] = ()

    def accepts(self, value: object) -> bool:
        """Whether a value of JSON meets type and bounds."""
        if isinstance(value, bool):
            return False
        if self.kind is str:
            if not isinstance(value, str) or len(value) > self.most:
                return False
            # No control characters, and nothing that has no place in UTF-8.
            return value.isprintable() and (not self.options or value in self.options)
        numbers = (int, float) if self.kind is float else int
        return isinstance(value, numbers) and self.least <= value <= self.most

    def schema(self) -> Json:
        """Give the field's JSON Schema."""
        schema: Json = {"type": _TYPES[self.kind]}
        if self.options:
            return {**schema, "enum": list(self.options)}
        if self.kind is str:
            return {**schema, "maxLength": self.most}
        return {**schema, "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Call:
    """One request as a route's handler sees it."""

    request: Request
    arguments: Mapping[str, str]
    """What stands in the path's ``{parts}``."""
    user: str = ""
    role: str = ""


@dataclass(frozen=True)
class Route:
    """One operation of the service."""

    method: str
    path: str
    """As OpenAPI writes it: ``/orders/{id}``."""
    summary: str
    handle: Callable[[Call], Response]
    roles: frozenset[str] = frozenset()
    """Who may call it; nobody needs to log in where this is empty."""
    query: Mapping[str, Field] = field(default_factory=dict[str, Field])
    """Texts of the query, which may be left out."""
    body: Mapping[str, Field] = field(default_factory=dict[str, Field])
    """Fields of the body, all required; none where it takes no body."""
    status: int = 200
    """Of the answer when all is well."""
    gives: str = "application/json"
    answers: Json = field(default_factory=dict[str, object])
    """JSON Schema of that answer."""


def answer(value: object, status: int = 200) -> Response:
    """Make a JSON answer."""
    text = json.dumps(value, default=_plain)
    return Response(text, status, mimetype="application/json")


def shape(**fields: str) -> Json:
    """Give the JSON Schema of an object: each field by the name of its type."""
    return {
        "type": "object",
        "required": list(fields),
        "properties": {name: {"type": kind} for name, kind in fields.items()},
    }


def read_body(request: Request, fields: Mapping[str, Field]) -> Json:
    """Read a JSON object that has exactly these fields.

    Raises:
        BadRequest: it is none, or a field is missing, unknown or out of bounds.
    """
    try:
        given: object = request.get_json(silent=True)
    except RecursionError:
        raise BadRequest("the body is nested too deeply") from None
    if not isinstance(given, dict):
        raise BadRequest("the body is not a JSON object")
    body = cast("Json", given)  # an object's keys are texts
    wrong = sorted(body.keys() ^ fields.keys())
    if wrong:
        raise BadRequest(f"missing or unknown: {', '.join(wrong)}")
    for name, rule in fields.items():
        if not rule.accepts(body[name]):
            raise BadRequest(f"{name} must meet {json.dumps(rule.schema())}")
    return body


def read_query(request: Request, fields: Mapping[str, Field]) -> dict[str, str]:
    """Read texts of the query; one that is left out is empty.

    Raises:
        BadRequest: one is unknown or out of bounds.
    """
    unknown = sorted(request.args.keys() - fields.keys())
    if unknown:
        raise BadRequest(f"unknown: {', '.join(unknown)}")
    query = {name: request.args.get(name, "") for name in fields}
    for name, rule in fields.items():
        if not rule.accepts(query[name]):
            raise BadRequest(f"{name} must meet {json.dumps(rule.schema())}")
    return query


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case dt.date():
            return value.isoformat()
        case _:
            msg = f"{type(value).__name__} has no place in JSON"
            raise TypeError(msg)
