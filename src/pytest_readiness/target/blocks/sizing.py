"""``[target.NAME.sizing]``: how many connections and threads the service may open."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from pytest_readiness.catalogue.item import SLUG
from pytest_readiness.target.blocks.block import (
    Block,
    FilePath,
    Limit,
    LimitsBlock,
    Text,
    setting,
    worded,
)
from pytest_readiness.target.blocks.hosts import OnHost
from pytest_readiness.target.values import Mistake

__all__ = ["ClientSizes", "SizingBlock", "SizingLimits"]

Amount = int | Text
"""A number, or the dotted key under which the settings file has it."""


def _client(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name of a client"
    raise Mistake(what, "use small letters, digits and hyphens")


class ClientSizes(Block):
    """One program that has connections to the database."""

    replicas: Amount = 1
    """How many machines, containers or pods run it."""
    workers: Amount = 1
    """Processes of each, every one of which has a pool of its own."""
    pool_size: Amount
    """Connections of a pool."""
    max_overflow: Amount = 0
    """Connections that a pool may open beyond its size."""
    threads: Amount | None = None
    """Threads of a process that work at the same time."""
    through_pool: bool = False
    """Whether it connects to PgBouncer, not to the database."""


class SizingBlock(OnHost):
    """The sizes, as the service is configured."""

    settings: FilePath | None = None
    """The file that has the numbers which are written here as keys."""
    clients: Mapping[Annotated[str, AfterValidator(worded(_client))], ClientSizes] = (
        Field(default_factory=dict)
    )
    """Every program that connects, by its name."""


class SizingLimits(LimitsBlock):
    """``[target.NAME.limits.sizing]``."""

    threads_per_core: Limit[Annotated[float, Field(gt=0)]] = setting(8.0)
    """Most threads for each of the machine's cores."""
