"""``[target.NAME.service]``: the running service and how it says its release."""

import datetime as dt
from typing import Annotated, Self

from pydantic import Field, model_validator

from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    FilePath,
    Limit,
    LimitsBlock,
    ResourceBlock,
    SecretText,
    Share,
    Text,
    Url,
    floor,
    refuse,
    setting,
)
from pytest_readiness.target.blocks.load import LoadTable
from pytest_readiness.target.blocks.routes import RoutesTable
from pytest_readiness.target.values import is_table, stays_private

__all__ = ["ReleaseRoute", "ServiceBlock", "ServiceLimits"]


class ReleaseRoute(Block):
    """Where the running service tells its release: in a JSON answer or in a header."""

    route: Text = "/version"
    """Route that tells it, below the service's URL."""
    json_key: Text | None = Field(default=None, alias="json")
    """Key of the JSON answer; dots go into nested objects."""
    header: Text | None = None
    """Header of the answer, instead of a JSON key."""

    @model_validator(mode="before")
    @classmethod
    def _default_key(cls, value: object) -> object:
        if is_table(value) and not {"json", "header"} & value.keys():
            return {**value, "json": "version"}
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.json_key is not None and self.header is not None:
            raise refuse("sets json and header", "keep the one that tells the release")
        if not self.route.startswith("/"):
            raise refuse("is no path", 'begin it with "/"', key="route")
        return self


class ServiceBlock(ResourceBlock):
    """The service as its clients reach it."""

    url: Url
    """Base of its routes, such as ``https://engine.example:8443``."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    token: SecretText | None = None
    """Bearer token, where reading the release needs one."""
    release: ReleaseRoute | None = None
    """How the running service tells its release."""
    routes: RoutesTable | None = None
    """What of it is timed, cached, recorded."""
    load: LoadTable | None = None
    """The load that it is put under."""

    @model_validator(mode="after")
    def _token_stays_private(self) -> Self:
        if self.token is not None and not stays_private(self.url):
            what = "would go over plain HTTP"
            raise refuse(what, "use an https URL", key="token")
        return self


class ServiceLimits(LimitsBlock):
    """``[target.NAME.limits.service]``."""

    p95: Limit[Duration] = floor(dt.timedelta(seconds=2))
    """What the 95th percentile of the response times must stay below."""
    errors: Limit[Share] = setting(0.01)
    """What the share of requests without a good answer must stay below."""
    rate: Limit[Annotated[float, Field(ge=0)]] = floor(1000.0)
    """Least good answers a minute under load."""
    load: Limit[Duration] = setting(dt.timedelta(seconds=60))
    """Shortest load that says anything."""
