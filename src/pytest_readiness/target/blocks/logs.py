"""``[target.NAME.logs]``: where the service's log lines are."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, model_validator

from pytest_readiness.target.blocks.block import (
    Duration,
    Limit,
    LimitsBlock,
    Text,
    refuse,
    setting,
    some_time,
)
from pytest_readiness.target.blocks.web import TenantBlock

__all__ = ["LogsBlock", "LogsLimits"]


class LogsBlock(TenantBlock):
    """A log store: Loki, or Elasticsearch, whose API OpenSearch speaks as well."""

    kind: Literal["loki", "elasticsearch"]
    """Whose API it speaks."""
    query: Text
    """What chooses this service's lines: LogQL, or a Lucene query."""
    index: Text = "logs-*"
    """Elasticsearch's indexes or data streams."""
    time_field: Text = "@timestamp"
    """Elasticsearch's field with a line's time."""
    token_scheme: Literal["Bearer", "ApiKey"] = "Bearer"  # noqa: S105  # a word
    """How the token is sent; Elasticsearch's API keys are ``ApiKey``."""
    window: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(days=1)
    """So far back it is looked for the newest line."""

    @property
    def scheme(self) -> str:
        """Give the scheme that the token is sent with."""
        return self.token_scheme

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.kind == "loki" and not self.query.startswith("{"):
            what = "is no LogQL of a stream"
            raise refuse(what, 'write it like `{app="engine"}`', key="query")
        if not all(c.isalnum() or c in "-_.*,:" for c in self.index):
            raise refuse("is no name of an index", key="index")
        return self


class LogsLimits(LimitsBlock):
    """``[target.NAME.limits.logs]``."""

    age: Limit[Duration] = setting(dt.timedelta(minutes=15))
    """How old the newest line may be."""
