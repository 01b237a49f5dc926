"""``[target.NAME.service.load]``: the load that the service is put under."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, Field

from pytest_readiness.target.blocks.block import Block, Duration, some_time
from pytest_readiness.target.blocks.routes import Routes

__all__ = ["LoadTable"]


class LoadTable(Block):
    """``[target.NAME.service.load]``: needs ``allow = ["load"]``."""

    routes: Routes = ()
    """What is asked for, in turn; else the routes that are timed."""
    rate: Annotated[float, Field(ge=1, le=600_000)] = 1050.0
    """Requests a minute; a little more than what must be reached."""
    duration: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=60)
    """How long."""
    connections: Annotated[int, Field(ge=1, le=1000)] = 64
    """Most connections at once."""
    late: Duration = dt.timedelta(milliseconds=100)
    """How late the generator itself may be before nothing is said of the service."""
