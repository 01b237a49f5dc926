"""The resources of a target: one module each, with its table and its limits.

A new resource is a module here, one line in :class:`Resources` and, where it has
limits, one in :class:`Limits`; the example file and the JSON Schema follow from that.
"""

from pytest_readiness.target.blocks.block import (
    Block,
    Grant,
    LimitsBlock,
    ResourceBlock,
)
from pytest_readiness.target.blocks.postgres import PostgresBlock, PostgresLimits
from pytest_readiness.target.blocks.prometheus import PrometheusBlock, PrometheusQuery
from pytest_readiness.target.blocks.python import PythonBlock, PythonLimits
from pytest_readiness.target.blocks.redis import RedisBlock, RedisLimits
from pytest_readiness.target.blocks.service import ReleaseRoute, ServiceBlock
from pytest_readiness.target.blocks.tls import CertificateLimits, TlsBlock, TlsEndpoint

__all__ = [
    "Block",
    "CertificateLimits",
    "Grant",
    "Limits",
    "LimitsBlock",
    "PostgresBlock",
    "PostgresLimits",
    "PrometheusBlock",
    "PrometheusQuery",
    "PythonBlock",
    "PythonLimits",
    "RedisBlock",
    "RedisLimits",
    "ReleaseRoute",
    "ResourceBlock",
    "Resources",
    "ServiceBlock",
    "TlsBlock",
    "TlsEndpoint",
]


class Resources(Block):
    """Where to look; a table that is absent leaves its items unconfigured."""

    python: PythonBlock | None = None
    """The interpreter that runs the service."""
    postgres: PostgresBlock | None = None
    """The database server."""
    redis: RedisBlock | None = None
    """The cache."""
    tls: TlsBlock | None = None
    """The endpoints whose certificates are looked at."""
    service: ServiceBlock | None = None
    """The running service."""
    prometheus: PrometheusBlock | None = None
    """The metrics of all of it."""


class Limits(Block):
    """What the facts are held against."""

    python: PythonLimits = PythonLimits()
    """Limits of the interpreter."""
    postgres: PostgresLimits = PostgresLimits()
    """Limits of the database server."""
    redis: RedisLimits = RedisLimits()
    """Limits of the cache."""
    certificates: CertificateLimits = CertificateLimits()
    """Limits of every certificate."""
