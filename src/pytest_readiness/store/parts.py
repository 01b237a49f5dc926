"""What the report's documents are made of: clean texts, instants, a strict base.

A text that comes from outside is one printable line: control and bidirectional
characters stand as escapes, so that no renderer has to think of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from pytest_readiness.catalogue.item import ITEM_ID, SLUG
from pytest_readiness.catalogue.rendering import printable

__all__ = [
    "MAX_LENGTH",
    "Amount",
    "Instant",
    "ItemId",
    "Part",
    "Slug",
    "Sorted",
    "Text",
]

V = TypeVar("V")

MAX_LENGTH = 2000
"""Longest text, in characters; what is longer was cut and ends in an ellipsis."""


def _clean(text: str) -> str:
    # Most are clean already: of all white space only the blank is printable.
    clean = text.isprintable() and "  " not in text and text == text.strip()
    line = text if clean else printable(" ".join(text.split()))
    return line if len(line) <= MAX_LENGTH else f"{line[: MAX_LENGTH - 1]}…"


def _instant(value: dt.datetime) -> dt.datetime:
    # Milliseconds: what is written is what is read back.
    utc = value.astimezone(dt.UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def _written(value: dt.datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sorted(table: dict[str, V]) -> dict[str, V]:
    return dict(sorted(table.items()))


Text = Annotated[str, AfterValidator(_clean)]
Instant = Annotated[
    AwareDatetime,
    AfterValidator(_instant),
    PlainSerializer(_written, return_type=str, when_used="json"),
    Field(json_schema_extra={"format": "date-time"}),
]
ItemId = Annotated[str, StringConstraints(pattern=f"^{ITEM_ID.pattern}$")]
Slug = Annotated[str, StringConstraints(pattern=f"^{SLUG.pattern}$")]
Sorted = AfterValidator(_sorted)
"""Of a table whose keys are data: written in their order, too."""
# Within these bounds a number is written without an exponent, which has many forms.
Amount = Annotated[
    float,
    Field(ge=0, le=1e14, allow_inf_nan=False),
    AfterValidator(lambda value: round(value, 4)),
]


class Part(BaseModel):
    """Base of every part: frozen, strict, nothing unknown in it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        use_attribute_docstrings=True,
        # Every key is always written, so readers need not ask whether it is there.
        json_schema_serialization_defaults_required=True,
    )

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401  # pydantic's own
        """Keep fields in the order of their names: what is written is canonical."""
        cls.__annotations__ = dict(sorted(cls.__annotations__.items()))
        super().__init_subclass__(**options)
