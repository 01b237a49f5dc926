"""Sizes in bytes, written with their unit: ``500MB``, ``16 GB``, ``7.6GiB``."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from pytest_readiness.target.blocks.block import worded
from pytest_readiness.target.values import Mistake

__all__ = ["Size", "parse_size"]

_UNITS = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?) ?([A-Za-z]+)")
_REMEDY = 'write a number and a unit, like "500MB", "16GB" or "16GiB"'


def parse_size(text: str) -> int:
    """Read a size; GB is 10^9 bytes, GiB is 2^30.

    >>> parse_size("1.5 kB")
    1500
    """
    matched = _SIZE.fullmatch(text.strip())
    if matched is None:
        what = "is no size"
        raise Mistake(what, _REMEDY)
    number, unit = matched.groups()
    if unit not in _UNITS:
        what = "has an unknown unit"
        raise Mistake(what, _REMEDY)
    return round(float(number) * _UNITS[unit])


Size = Annotated[
    int,
    Field(ge=0),
    BeforeValidator(worded(parse_size)),
    WithJsonSchema({"type": "string", "examples": ["16GB"]}),
]
