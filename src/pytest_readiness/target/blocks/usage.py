"""``[target.NAME.limits.usage]``: what the service may use of its machines."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from pytest_readiness.target.blocks.block import (
    Duration,
    Limit,
    LimitsBlock,
    Share,
    setting,
)

__all__ = ["UsageLimits"]

Amount = Annotated[float, Field(ge=0)]


class UsageLimits(LimitsBlock):
    """``[target.NAME.limits.usage]``."""

    cpu: Limit[Share] = setting(0.80)
    """What the 95th percentile of the CPU must stay below."""
    memory: Limit[Share] = setting(0.85)
    """What the 95th percentile of the memory must stay below."""
    disk: Limit[Share] = setting(0.80)
    """What the fullest disk must stay below."""
    workers: Limit[Amount] = setting(0.5)
    """Least workers of the service for each core."""
    memory_growth: Limit[Share] = setting(0.01)
    """What the growth of resident memory in an hour must stay below."""
    memory_window: Limit[Duration] = setting(dt.timedelta(hours=6))
    """How long it must have been seen to grow, or not to."""
    gc_collections: Limit[Amount] = setting(1.0)
    """Most full collections of garbage a second, in one process."""
    gc_pauses: Limit[Share] = setting(0.05)
    """Most of the time that collecting garbage may stop a process."""
