"""``[target.NAME.grafana]``: what people look at."""

from typing import Annotated

from pydantic import BeforeValidator

from pytest_readiness.target.blocks.block import Text, tupled
from pytest_readiness.target.blocks.web import WebBlock

__all__ = ["GrafanaBlock"]


class GrafanaBlock(WebBlock):
    """A Grafana, asked as somebody of operations would."""

    dashboards: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Uids of the dashboards that must exist: what follows ``/d/`` in their address."""
    anonymous: bool = False
    """Whether it is agreed that everybody may look."""
