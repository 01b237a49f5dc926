"""The forms of Prometheus' answers, and how they become numbers."""

from __future__ import annotations

import math
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pytest_readiness.probes.look import LookError

__all__ = [
    "Points",
    "Result",
    "Rules",
    "Said",
    "Targets",
    "Vector",
    "read",
    "said",
    "shown",
    "vector",
]

D = TypeVar("D", bound=BaseModel)

_MOST_SERIES = 1000
"""A fact of more series than this is no fact that anybody reads."""
_SHOWN = 160
_END_OF_TIME = 4e9


class Said(BaseModel):
    """The envelope of every answer."""

    model_config = ConfigDict(hide_input_in_errors=True, extra="ignore")

    status: str
    data: object = None
    error: str = ""
    error_type: str = Field(default="", alias="errorType")
    warnings: list[str] | None = None
    is_partial: bool = Field(default=False, alias="isPartial")


class _Series(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    metric: dict[str, str] = Field(default_factory=dict)
    value: tuple[float, str] | None = None
    values: list[tuple[float, str]] | None = None
    histogram: object = None
    histograms: object = None


class Result(BaseModel):
    """``/api/v1/query`` and ``/api/v1/query_range``."""

    model_config = ConfigDict(hide_input_in_errors=True)

    kind: str = Field(alias="resultType")
    result: object


class _Vector(BaseModel):
    result: list[_Series]


class _Scalar(BaseModel):
    result: tuple[float, str]


class _Target(BaseModel):
    labels: dict[str, str] = Field(default_factory=dict)
    health: str = "unknown"
    error: str = Field(default="", alias="lastError")
    scraped: str = Field(default="", alias="lastScrape")


class Targets(BaseModel):
    """``/api/v1/targets``."""

    active: list[_Target] | None = Field(alias="activeTargets")


class _Rule(BaseModel):
    name: str
    query: str
    kind: str = Field(alias="type")
    health: str = "unknown"
    error: str = Field(default="", alias="lastError")
    state: str = ""
    duration: float = 0.0
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class _Group(BaseModel):
    name: str
    rules: list[_Rule] | None = None


class Rules(BaseModel):
    """``/api/v1/rules``."""

    groups: list[_Group] | None


Points = tuple[tuple[float, float], ...]
"""Times (Unix, seconds) and values, oldest first."""
Vector = tuple[tuple[dict[str, str], Points], ...]
"""Series: their labels and points."""


def said(body: bytes) -> Said | None:
    """Read the envelope of an answer; None where it is none."""
    try:
        return Said.model_validate_json(body)
    except ValidationError:
        return None


def read(model: type[D], data: object) -> D:
    """Read the data of an answer.

    Raises:
        LookError: they have another form.
    """
    try:
        return model.model_validate(data)
    except ValidationError:
        reason = "the answer is not of the form that Prometheus documents"
        raise LookError(reason, final=True) from None


def vector(result: Result, route: str) -> Vector:
    """Make numbers of a result.

    Raises:
        LookError: it is of another kind, or too much.
    """
    if result.kind == "scalar" and route == "query":
        return (({}, (_point(read(_Scalar, {"result": result.result}).result),)),)
    expected = "vector" if route == "query" else "matrix"
    if result.kind != expected:
        reason = f"the result is a {shown(result.kind)}, not a {expected}"
        raise LookError(reason, remedy="correct the query", final=True)
    series = read(_Vector, {"result": result.result}).result
    if len(series) > _MOST_SERIES:
        reason = f"the result has {len(series):,} series, more than {_MOST_SERIES:,}"
        raise LookError(reason, remedy="select or aggregate in the query", final=True)
    return tuple((one.metric, _points(one)) for one in series)


def _points(series: _Series) -> Points:
    if series.histogram is not None or series.histograms is not None:
        reason = "its values are native histograms"
        remedy = "ask for a number, such as histogram_quantile(0.95, ...)"
        raise LookError(reason, remedy=remedy, final=True)
    single = [series.value] if series.value is not None else []
    return tuple(_point(pair) for pair in series.values or single)


def _point(pair: tuple[float, str]) -> tuple[float, float]:
    at, text = pair
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(at) or not 0 <= at < _END_OF_TIME:
        raise LookError("a sample has an impossible time", final=True)
    return at, value


def shown(text: str) -> str:
    """Bound what a server says, and keep control characters out."""
    cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return "".join(c if c.isprintable() else "?" for c in cut)
