"""``[target.NAME.network]``: the upstream endpoints that the service connects to."""

import datetime as dt
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pytest_readiness.target.blocks.block import (
    Duration,
    FilePath,
    Limit,
    LimitsBlock,
    SecretText,
    Share,
    Text,
    Url,
    refuse,
    setting,
    some_time,
    tupled,
)
from pytest_readiness.target.blocks.endpoint import Endpoint, or_text, own_names
from pytest_readiness.target.blocks.hosts import OnHost

__all__ = ["NetworkBlock", "NetworkLimits"]


class NetworkBlock(OnHost):
    """Every upstream endpoint, and how it is reached."""

    endpoints: Annotated[
        tuple[Endpoint, ...],
        BeforeValidator(tupled),
        Field(json_schema_extra=or_text),
    ]
    """What the service connects to, outside of its own hosts."""
    interpreter: FilePath | None = None
    """Path of a Python on ``host``: it makes the connects from there."""
    proxy: Url | None = None
    """Proxy that leads out, such as ``http://proxy.example:3128``: it is asked to
    connect (CONNECT), and that is what is timed."""
    proxy_user: Text | None = None
    """User at the proxy, where it asks for one."""
    proxy_password: SecretText | None = None
    """Password of the user."""
    connects: int = Field(default=20, ge=1, le=1000)
    """How often each endpoint is connected to."""
    interval: Duration = dt.timedelta(milliseconds=50)
    """Time between two connects to one endpoint."""
    connect_timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(
        seconds=1
    )
    """Time after which a connect is lost; it begins anew where a packet was."""
    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=10)
    """How long all of it may take."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        own_names(self.endpoints)
        if (self.host is None) != (self.interpreter is None):
            what = "sets one of host and interpreter"
            raise refuse(what, "give both to connect from there, or none")
        if self.host is not None and self.proxy is not None:
            raise refuse("sets host and proxy", "keep the way that the service goes")
        if (self.proxy_user is None) != (self.proxy_password is None):
            what = "sets one of proxy_user and proxy_password"
            raise refuse(what, "give both or none")
        if self.proxy is None and self.proxy_user is not None:
            raise refuse("sets proxy_user without proxy", "name the proxy")
        if self.proxy is not None and not self.proxy.startswith("http:"):
            what = "is no proxy of plain HTTP"
            raise refuse(what, 'write it like "http://proxy.example:3128"', key="proxy")
        return self


class NetworkLimits(LimitsBlock):
    """``[target.NAME.limits.network]``."""

    loss: Limit[Share] = setting(0.0)
    """Largest share of connects that may fail."""
    median: Limit[Duration] = setting(dt.timedelta(milliseconds=100))
    """Longest median time of a connect."""
    p99: Limit[Duration] = setting(dt.timedelta(milliseconds=500))
    """Longest time of the quickest 99 % of the connects."""
