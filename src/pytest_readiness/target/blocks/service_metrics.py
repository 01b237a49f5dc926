"""``[target.NAME.prometheus.service]``: what the service itself must tell."""

from typing import Annotated

from pydantic import BeforeValidator

from pytest_readiness.target.blocks.block import Block, Text, tupled

__all__ = ["ServiceMetrics"]

Texts = Annotated[tuple[Text, ...], BeforeValidator(tupled)]


class ServiceMetrics(Block):
    """The service's own metrics, by the queries' names, and its routes."""

    metrics: Texts = ()
    """Queries of the service's own metrics; each must have a fresh sample."""
    routes: Texts = ()
    """Routes that must be told apart; left out, one that is told apart will do."""
    route_label: Text = "route"
    """Label that names the route; ``handler``, ``uri``, ``path`` elsewhere."""
