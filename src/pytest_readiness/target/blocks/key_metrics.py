"""``[target.NAME.prometheus.key_metrics]``: the metrics that somebody must be told of.

Each has a name for people and the metric that an alert must read. Nobody can tell by a
server which of its thousand metrics matter: this list says so.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from pytest_readiness.catalogue.item import SLUG
from pytest_readiness.target.blocks.block import worded
from pytest_readiness.target.values import Mistake

__all__ = ["KeyMetrics"]

_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
"""Prometheus' documentation, "Data model"; recording rules have colons."""


def _name(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name of a key metric"
    raise Mistake(what, "use small letters, digits and hyphens")


def _metric(text: str) -> str:
    if _METRIC.fullmatch(text):
        return text
    what = "is no name of a metric"
    raise Mistake(what, "write it without labels, like `engine_requests_total`")


KeyMetrics = Mapping[
    Annotated[str, AfterValidator(worded(_name))],
    Annotated[str, AfterValidator(worded(_metric))],
]
"""Metrics by the names that people call them."""
