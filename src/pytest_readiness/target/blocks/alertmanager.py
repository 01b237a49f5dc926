"""``[target.NAME.alertmanager]``: who is called, and by whom it is tried out."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    Limit,
    LimitsBlock,
    Text,
    refuse,
    setting,
    some_time,
    tupled,
    worded,
)
from pytest_readiness.target.blocks.web import TenantBlock
from pytest_readiness.target.values import Mistake, parse_endpoint

__all__ = ["AlertmanagerBlock", "AlertmanagerLimits", "PageTable"]


def _address(text: str) -> str:
    parse_endpoint(text)
    if "://" in text:
        what = "is no address to listen at"
        raise Mistake(what, 'write it like "127.0.0.1:9095"')
    return text


Names = Annotated[tuple[Text, ...], BeforeValidator(tupled)]
Labels = Mapping[str, Text]
Address = Annotated[str, AfterValidator(worded(_address))]


class PageTable(Block):
    """``[target.NAME.alertmanager.page]``: a test alert that calls nobody at night."""

    receiver: Text
    """The receiver that is there for test alerts; no other may get one."""
    labels: Labels = Field(default_factory=lambda: {"severity": "critical"})
    """Labels of the test alert, beside ``alertname`` and ``readiness_test``."""
    webhook: Address | None = None
    """Where we listen for the receiver's webhook, while the test lasts."""
    smtp: Address | None = None
    """Where we listen for the receiver's email, likewise."""
    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(minutes=2)
    """How long it may take to arrive and to be resolved, together."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.webhook is None and self.smtp is None:
            raise refuse("says nowhere to listen", "add webhook or smtp, or both")
        return self


class AlertmanagerBlock(TenantBlock):
    """An Alertmanager, or what speaks version 2 of its API, such as Mimir's."""

    critical: Annotated[
        tuple[Labels, ...], BeforeValidator(tupled), Field(min_length=1)
    ] = ({"severity": "critical"},)
    """The labels of alerts that must reach somebody; those of one kind together."""
    receivers: Names = ()
    """Who must get them, by the receivers' names; else any that is a real one."""
    agreed: Names = ()
    """Time intervals of routes that are agreed on: they need not call at all times."""
    page: PageTable | None = None
    """How a test alert is sent, where the target allows ``page``."""


class AlertmanagerLimits(LimitsBlock):
    """``[target.NAME.limits.alertmanager]``."""

    group_wait: Limit[Duration] = setting(dt.timedelta(seconds=30))
    """How long a critical alert may wait for others of its group."""
