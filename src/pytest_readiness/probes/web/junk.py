"""Malformed input for one operation of an OpenAPI document: a small, fixed set.

Where the schema says what is allowed, a request that breaks it says so; what only
looks odd does not.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_readiness.probes.tree import table
from pytest_readiness.target.values import is_list

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_readiness.probes.openapi.operations import Operation
    from pytest_readiness.probes.tree import Json

__all__ = ["Request", "requests_of"]

_LONG = 8_000
_HUGE = 1_000_000
_DEEP = 20_000
_TEXTS: Mapping[str, str] = {
    "a NUL": "\0",
    "a line break": "a\r\nX: y",
    "a quote": "'\"<;>",
    "a path": "../../etc/passwd",
    "a negative number": "-1",
    "a huge number": "9" * 40,
    "no number": "NaN",
    "a format": "%s%n{0}${7*7}",
    "a long text": "A" * _LONG,
    "another script": "\u202e\u0661\U0001f4a5",
}
"""What a parameter gets; none of it is known to break its schema."""
_WRONG: Mapping[str, object] = {
    "string": 12345,
    "integer": "twelve",
    "number": "twelve",
    "boolean": "perhaps",
    "array": "none",
    "object": "none",
}
_PART = re.compile(r"{(\w+)}")


@dataclass(frozen=True)
class Request:
    """One malformed request."""

    what: str
    """What is wrong with it."""
    route: str
    body: bytes | None = None
    breaks_schema: bool = False


def requests_of(operation: Operation) -> Iterator[Request]:
    """Give each malformed request of an operation."""
    yield from _in_parameters(operation)
    schema = table(table(table(operation.body.get("content")).get(_JSON)).get("schema"))
    if operation.body:
        yield from _in_body(operation, schema)


_JSON = "application/json"


def _in_parameters(operation: Operation) -> Iterator[Request]:
    for parameter in operation.parameters:
        name, place = str(parameter.get("name", "")), parameter.get("in")
        if place not in {"path", "query"} or not name:
            continue
        schema = table(parameter.get("schema"))
        for what, text in _TEXTS.items():
            sent = quote(text, safe="")
            route = _route(operation, {name: sent} if place == "path" else {})
            if place == "query":
                route = f"{route}?{quote(name, safe='')}={sent}"
            yield Request(f"{what} as {name}", route, None, _is_wrong(text, schema))


def _is_wrong(text: str, schema: Json) -> bool:
    """Whether a text is not what the schema of a parameter asks for."""
    most = schema.get("maxLength")
    if isinstance(most, int) and len(text) > most:
        return True
    if schema.get("type") == "integer":
        return re.fullmatch(r"-?\d+", text) is None
    return False


def _in_body(operation: Operation, schema: Json) -> Iterator[Request]:
    route = _route(operation, {})
    wrong = bool(schema)
    for what, body in {
        "a body that is no JSON": b"{",
        "a body that is not UTF-8": b'"\xff\xfe"',
        "a list as body": b"[]",
        "null as body": b"null",
        "an empty body": b"",
        "a body that nests too deep": b"[" * _DEEP,
        "a huge body": b'{"a": "' + b"A" * _HUGE + b'"}',
    }.items():
        yield Request(what, route, body, wrong)
    fields = table(schema.get("properties"))
    usual = {name: _good(table(field)) for name, field in fields.items()}
    for name, field in fields.items():
        kind = str(table(field).get("type", ""))
        if kind in _WRONG:
            changed = {**usual, name: _WRONG[kind]}
            yield _sent(f"a wrong type of {name}", route, changed, wrong=True)
        yield _sent(f"null as {name}", route, {**usual, name: None}, wrong=True)
        if kind == "string":
            text = {**usual, name: "\0\ud800"}
            yield _sent(f"what is no text as {name}", route, text)
    required = schema.get("required")
    for missing in required if is_list(required) else ():
        less = {key: value for key, value in usual.items() if key != missing}
        yield _sent(f"no {missing}", route, less, wrong=True)


def _sent(what: str, route: str, body: object, *, wrong: bool = False) -> Request:
    return Request(what, route, json.dumps(body).encode(), wrong)


def _good(schema: Json) -> object:
    """Give what meets a schema, or nearly so: another field is what is wrong."""
    options = schema.get("enum")
    if is_list(options) and options:
        return options[0]
    least = schema.get("minimum")
    values: dict[str, object] = {
        "integer": least if isinstance(least, int) else 1,
        "number": least if isinstance(least, int | float) else 1,
        "boolean": True,
        "array": [],
        "object": {},
    }
    return values.get(str(schema.get("type")), "x")


def _route(operation: Operation, values: Mapping[str, str]) -> str:
    return _PART.sub(lambda part: values.get(part[1], "1"), operation.path)
