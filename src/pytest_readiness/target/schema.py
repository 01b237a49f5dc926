"""The JSON Schema of the target file, for editors; made from the types that read it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from packaging.version import Version
from pydantic.json_schema import GenerateJsonSchema

from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.catalogue.requirement import Bound
from pytest_readiness.target.blocks import Block
from pytest_readiness.target.model import Document
from pytest_readiness.target.values import is_list, is_table

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import core_schema

__all__ = ["json_schema"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: dict[str, object] = {
    "type": "string",
    "pattern": r"\$\{(secret:)?(env|file|cmd):[^{}]+\}",
    "description": "a reference, which takes the type of its field",
}


class _WithReferences(GenerateJsonSchema):
    """Lets a reference stand for every value that is not a text anyway."""

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return _or_reference(super().bool_schema(schema))

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return _or_reference(super().int_schema(schema))

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return _or_reference(super().float_schema(schema))

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        return _or_reference(super().enum_schema(schema))

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        return _or_reference(super().literal_schema(schema))

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if isinstance(schema.get("default"), Block):
            return self.generate_inner(schema["schema"])  # its own keys say theirs
        return super().default_schema(schema)

    def encode_default(self, dft: Any) -> Any:  # noqa: ANN401  # pydantic's own
        value = dft.value if isinstance(dft, Bound) else dft
        if isinstance(value, dt.timedelta):
            return duration(value)
        if isinstance(value, Version):
            return str(value)
        return super().encode_default(value)


def _or_reference(schema: JsonSchemaValue) -> JsonSchemaValue:
    return {"anyOf": [schema, _REFERENCE]}


def json_schema() -> dict[str, object]:
    """Give the JSON Schema (draft 2020-12) of ``readiness.toml``."""
    schema = Document.model_json_schema(schema_generator=_WithReferences)
    tidy = cast("dict[str, object]", _without_null(schema))
    return {"$schema": _DIALECT, **tidy, "title": "readiness.toml"}


def _without_null(schema: object) -> object:
    """Take out what TOML cannot say: null, and defaults that are null."""
    if is_list(schema):
        return [_without_null(one) for one in schema if one != {"type": "null"}]
    if not is_table(schema):
        return schema
    tidy = {
        key: _without_null(value)
        for key, value in schema.items()
        if not (key == "default" and value is None)
    }
    options = tidy.get("anyOf")
    if is_list(options) and len(options) == 1:
        del tidy["anyOf"]
        return {**cast("dict[str, object]", options[0]), **tidy}
    return tidy
