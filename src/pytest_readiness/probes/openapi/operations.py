"""The operations of an OpenAPI document, and what each leaves undescribed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pytest_readiness.probes.tree import Json, table

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["METHODS", "Operation", "operations"]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_JUMPS = 20
"""References to references that are followed."""
_OLD = "2.0"


@dataclass(frozen=True)
class Operation:
    """One operation: a method of a path."""

    method: str
    """In capitals."""
    path: str
    """As the document writes it: ``/orders/{id}``."""
    operation_id: str
    """Empty where it has none."""
    summary: str
    """Its summary, or its description; empty where it has neither."""
    parameters: tuple[Json, ...]
    """Those of the path and its own, references followed."""
    body: Json
    """What it takes, references followed; empty where it takes none."""
    responses: Json
    """By status, references followed."""
    undescribed: tuple[str, ...]
    """What is not said of it."""

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"


def operations(document: Json) -> tuple[Operation, ...]:
    """Give every operation, in the document's order."""
    reader = _Reader(document)
    return tuple(
        reader.operation(path, item, method)
        for path, entry in table(document.get("paths")).items()
        for item in [reader.followed(entry)]
        for method in METHODS
        if isinstance(item.get(method), dict)
    )


class _Reader:
    def __init__(self, document: Json) -> None:
        self._document = document
        self._old = document.get("swagger") == _OLD

    def followed(self, value: object) -> Json:
        """Give a table, or what it refers to within the document."""
        found = table(value)
        for _ in range(_JUMPS):
            reference = found.get("$ref")
            if not isinstance(reference, str):
                return found
            found = self._at(reference)
        return {}

    def _at(self, reference: str) -> Json:
        place: Json = self._document if reference.startswith("#/") else {}
        for step in reference[2:].split("/"):
            place = table(place.get(step.replace("~1", "/").replace("~0", "~")))
        return place

    def operation(self, path: str, item: Json, method: str) -> Operation:
        """Read one operation of a path."""
        own = table(item.get(method))
        listed = [*_members(item.get("parameters")), *_members(own.get("parameters"))]
        parameters = tuple(map(self.followed, listed))
        body = self.followed(own.get("requestBody"))
        responses = table(own.get("responses"))
        followed: Json = {code: self.followed(one) for code, one in responses.items()}
        summary = str(own.get("summary") or own.get("description") or "").strip()
        lacking = [
            *([] if summary else ["no summary"]),
            *([] if followed else ["no responses"]),
            *self._unshaped(parameters, body, followed),
        ]
        name = f"{method.upper()} {path}"
        return Operation(
            method=method.upper(),
            path=path,
            operation_id=str(own.get("operationId") or ""),
            summary=summary,
            parameters=parameters,
            body=body,
            responses=followed,
            undescribed=tuple(f"{name}: {what}" for what in lacking),
        )

    def _unshaped(
        self, parameters: tuple[Json, ...], body: Json, responses: Json
    ) -> Iterator[str]:
        """Say what has no schema; of what is no JSON none is asked."""
        for one in parameters:
            if not (one.get("schema") or one.get("content") or one.get("type")):
                yield f"no schema of parameter {one.get('name')}"
        if _lacks_schema(body):
            yield "no schema of its body"
        for code, answer in responses.items():
            if not self._old and _lacks_schema(table(answer)):
                yield f"no schema of answer {code}"


def _lacks_schema(described: Json) -> bool:
    return any(
        "json" in kind.lower() and not table(media).get("schema")
        for kind, media in table(described.get("content")).items()
    )


def _members(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
