"""``[target.NAME.health]``: the routes by which the service says how it is."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from pytest_readiness.target.blocks.block import (
    Duration,
    Limit,
    LimitsBlock,
    Text,
    refuse,
    setting,
    tupled,
)
from pytest_readiness.target.blocks.web import WebBlock

__all__ = ["HealthBlock", "HealthLimits"]


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise refuse("is no path", 'begin it with "/"')
    return text


Route = Annotated[Text, AfterValidator(_path)]


class HealthBlock(WebBlock):
    """The health routes of the running service, below its URL."""

    live: Route = "/health/live"
    """Whether the process answers; Kubernetes' ``/livez``."""
    ready: Route = "/health/ready"
    """Whether it can do its work: ``/readyz?verbose``, ``/actuator/health`` ..."""
    dependencies: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """What readiness must name; left out, whatever its format carries is read."""
    good_words: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """What your service says of a dependency that is well, where that is its own."""


class HealthLimits(LimitsBlock):
    """``[target.NAME.limits.health]``."""

    answer: Limit[Duration] = setting(dt.timedelta(seconds=1))
    """How long a health route may take to answer."""
