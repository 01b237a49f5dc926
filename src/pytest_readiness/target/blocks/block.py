"""The base of every table of the target file, and its typed fields.

Strict: unknown keys and wrong types are refused. A table follows its fields
(:class:`~pytest_readiness.target.context.Context`), fills in references before a value
meets its type, and turns limits into bounds that know their floor and their source.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, get_args, get_origin

from packaging.version import Version
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    PlainSerializer,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError, core_schema

from pytest_readiness.catalogue.requirement import Bound
from pytest_readiness.target.context import Context, Member, Unset
from pytest_readiness.target.secret import Secret
from pytest_readiness.target.values import (
    DURATION,
    Mistake,
    is_list,
    is_table,
    parse_base_url,
    parse_duration,
    parse_host,
    parse_size,
    parse_version,
    plain_text,
)

__all__ = [
    "MISTAKE",
    "UNSET",
    "Block",
    "Count",
    "Duration",
    "FilePath",
    "Grant",
    "Host",
    "Limit",
    "LimitsBlock",
    "Port",
    "ResourceBlock",
    "SecretText",
    "Share",
    "Size",
    "Text",
    "Url",
    "VersionText",
    "exclusive",
    "floor",
    "refuse",
    "setting",
    "some_time",
    "tupled",
    "types_within",
    "worded",
]

T = TypeVar("T")

MISTAKE = "readiness_mistake"
UNSET = "readiness_unset"
"""The types of our own validation errors; their texts never hold the value."""

Grant = Literal["load", "write", "attack", "restore", "page", "scan"]
"""What an intrusive probe may do to an environment that allows it."""

_SPELLED = rf"{DURATION}|\$\{{"
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?")


def refuse(what: str, remedy: str = "", *, key: str = "") -> PydanticCustomError:
    """Make the error of a validator: what is wrong, never the value, and the remedy.

    ``key`` names the culprit where the validator looks at a whole table.
    """
    details = {"what": what, "remedy": remedy, "key": key}
    return PydanticCustomError(MISTAKE, "{what}", details)


def worded(parse: Callable[[str], T]) -> Callable[[object], object]:
    """Let a field be written as a text that ``parse`` reads; its own type passes."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except Mistake as mistake:
            raise refuse(mistake.what, mistake.remedy) from None

    return read


def tupled(value: object) -> object:
    """Make TOML's lists what a frozen table holds."""
    return tuple(value) if is_list(value) else value


def types_within(annotation: object) -> frozenset[type]:
    """Give the classes that an annotation is made of, containers included."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return frozenset({annotation})
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return frozenset({str})
    if origin is Annotated:
        return types_within(arguments[0])
    return frozenset(found for part in arguments for found in types_within(part))


def _relative_to_file(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        return value
    text = worded(plain_text)(value)
    base = info.context.base if isinstance(info.context, Context) else Path()
    return base / str(text)


def _text_schema(**more: object) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **more})


Text = Annotated[str, AfterValidator(worded(plain_text))]
Host = Annotated[str, AfterValidator(worded(parse_host))]
Url = Annotated[str, AfterValidator(worded(parse_base_url))]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Size = Annotated[
    int,
    BeforeValidator(worded(parse_size)),
    _text_schema(examples=["8GB", "512MiB"]),
]
Duration = Annotated[
    dt.timedelta,
    BeforeValidator(worded(parse_duration)),
    _text_schema(pattern=_SPELLED),
]
VersionText = Annotated[
    Version, BeforeValidator(worded(parse_version)), _text_schema(examples=["3.11"])
]
FilePath = Annotated[Path, BeforeValidator(_relative_to_file), _text_schema()]
SecretText = Annotated[
    Secret,
    PlainSerializer(lambda secret: {"secret": secret.name}),
    _text_schema(writeOnly=True),
]


class Block(BaseModel):
    """One table: frozen, strict, without unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="wrap")
    @classmethod
    def _within(
        cls,
        value: object,
        handler: ModelWrapValidatorHandler[Self],
        info: ValidationInfo,
    ) -> Self:
        """Let a table in a list, or under a name of the user's, know its place."""
        if isinstance(value, Member) and isinstance(info.context, Context):
            with info.context.at(value.index):
                return handler(value)
        return handler(value)

    @field_validator("*", mode="wrap")
    @classmethod
    def _fill_in(
        cls, value: object, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> object:
        """Fill in the references of a field before its type looks at it."""
        context = info.context
        if not isinstance(context, Context) or info.field_name is None:
            return handler(value)
        field = cls.model_fields[info.field_name]
        types = types_within(field.annotation)
        with context.at(field.alias or info.field_name):
            try:
                if Secret in types:
                    return handler(context.secret(value))
                if is_table(value) and any(issubclass(t, Block) for t in types):
                    return handler(_named(value, field.annotation))
                filled = context.plain(value)
            except Mistake as mistake:
                raise refuse(mistake.what, mistake.remedy) from None
            except Unset as unset:
                details = {"reason": unset.reason}
                raise PydanticCustomError(UNSET, "{reason}", details) from None
            if isinstance(filled, str) and filled is not value:
                return handler(_typed(filled, types))
            return handler(filled)


def _named(table: dict[str, object], annotation: object) -> dict[str, object]:
    """Let the tables that stand under names of the user's know those names."""
    if get_origin(annotation) is not Mapping:
        return table
    return {k: Member(one, k) if is_table(one) else one for k, one in table.items()}


def _typed(text: str, types: frozenset[type]) -> object:
    """Give a reference's text the type of its field, as TOML would write it."""
    if bool in types and text in {"true", "false"}:
        return text == "true"
    if int in types and _WHOLE.fullmatch(text):
        return int(text)
    if float in types and _NUMBER.fullmatch(text):
        return float(text)
    return text


def some_time(value: dt.timedelta) -> dt.timedelta:
    """Refuse no time at all."""
    if not value:
        raise refuse("is no time at all", 'write a longer one, like "5s"')
    return value


class ResourceBlock(Block):
    """A table that says where to look at one resource."""

    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=5)
    """How long one look may wait for its answer."""
    retries: int = Field(default=0, ge=0, le=10)
    """How often a look that got no answer is repeated; shown in the evidence."""


class _AsValue:
    """Reads a ``Bound[T]`` as its ``T``; :class:`LimitsBlock` makes the bound."""

    def __get_pydantic_core_schema__(
        self,
        source: Any,  # noqa: ANN401  # pydantic's own
        handler: GetCoreSchemaHandler,
    ) -> core_schema.CoreSchema:
        return handler.generate_schema(get_args(source)[0])


Limit = Annotated[Bound[T], _AsValue()]
"""A limit of the target: written as its value, read as a ``Bound``."""


def floor(value: T) -> Bound[T]:
    """Give a default that is also the checklist's floor (its own, bold figures)."""
    return Bound(value, value, "default")


def setting(value: T) -> Bound[T]:
    """Give a default that the target may change either way."""
    return Bound(value, None, "default")


class LimitsBlock(Block):
    """Limits of one resource; what is set keeps the default's floor."""

    @field_validator("*", mode="after")
    @classmethod
    def _bound(cls, value: object, info: ValidationInfo) -> object:
        default = cls.model_fields[info.field_name or ""].default
        if not isinstance(default, Bound) or isinstance(value, Bound):
            return value
        source = "set"
        if isinstance(info.context, Context):
            with info.context.at(info.field_name or ""):
                source = info.context.where
        return replace(default, value=value, source=source)


def exclusive(given: Mapping[str, object]) -> tuple[str, ...]:
    """Give the names of those that are set."""
    return tuple(name for name, value in given.items() if value is not None)
