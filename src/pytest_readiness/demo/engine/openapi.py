"""The service's own description, made from its routes: OpenAPI 3.1."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.demo.engine.routing import Json, Route

__all__ = ["document"]

_ERROR: Json = {"$ref": "#/components/responses/Error"}


def document(routes: Iterable[Route], title: str, version: str) -> Json:
    """Describe the routes."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {
                "Error": {
                    "description": "What was wrong",
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["error"],
                                "properties": {"error": {"type": "string"}},
                            }
                        }
                    },
                }
            },
        },
    }


def _operation(route: Route) -> Json:
    responses: Json = {
        str(route.status): {
            "description": route.summary,
            "content": {
                route.gives.split(";")[0]: {"schema": route.answers}
                if route.answers
                else {}
            },
        },
        "default": _ERROR,
    }
    operation: Json = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "responses": responses,
    }
    names = re.findall(r"{(\w+)}", route.path)
    text: Json = {"type": "string"}
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in names
    ]
    for name, rule in route.query.items():
        parameters.append({"name": name, "in": "query", "schema": rule.schema()})
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        schema = {
            "type": "object",
            "required": list(route.body),
            "additionalProperties": False,
            "properties": {name: rule.schema() for name, rule in route.body.items()},
        }
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    if route.roles:
        operation["security"] = [{"token": []}]
        responses |= {"401": _ERROR, "403": _ERROR}
    return operation


def _operation_id(route: Route) -> str:
    words = re.findall(r"\w+", route.path)
    return "-".join([route.method.lower(), *words])
