"""The resources of a target: one module each, with its table and its limits.

A new resource is a module here, one line in :class:`Resources` and, where it has
limits, one in :class:`Limits`; the example file and the JSON Schema follow from that.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, get_origin

from pydantic import AfterValidator, Field

from pytest_readiness.catalogue.item import SLUG
from pytest_readiness.target.blocks.block import (
    Block,
    Grant,
    LimitsBlock,
    ResourceBlock,
    worded,
)
from pytest_readiness.target.blocks.dependencies import DependenciesBlock
from pytest_readiness.target.blocks.postgres import PostgresBlock, PostgresLimits
from pytest_readiness.target.blocks.prometheus import PrometheusBlock, PrometheusQuery
from pytest_readiness.target.blocks.providers import ProviderBlock, ProviderLimits
from pytest_readiness.target.blocks.python import PythonBlock, PythonLimits
from pytest_readiness.target.blocks.redis import RedisBlock, RedisLimits
from pytest_readiness.target.blocks.service import ReleaseRoute, ServiceBlock
from pytest_readiness.target.blocks.tls import CertificateLimits, TlsBlock, TlsEndpoint
from pytest_readiness.target.values import Mistake

__all__ = [
    "Block",
    "CertificateLimits",
    "DependenciesBlock",
    "Grant",
    "Limits",
    "LimitsBlock",
    "PostgresBlock",
    "PostgresLimits",
    "PrometheusBlock",
    "PrometheusQuery",
    "ProviderBlock",
    "ProviderLimits",
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


def _member(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name that an item's id can end with"
    raise Mistake(what, "use small letters, digits and hyphens")


MemberName = Annotated[str, AfterValidator(worded(_member))]


class Resources(Block):
    """Where to look; a table that is absent leaves its items unconfigured."""

    python: PythonBlock | None = None
    """The interpreter that runs the service."""
    dependencies: DependenciesBlock | None = None
    """What must be installed for the service."""
    postgres: PostgresBlock | None = None
    """The database server."""
    redis: RedisBlock | None = None
    """The cache."""
    tls: TlsBlock | None = None
    """The endpoints whose certificates are looked at."""
    service: ServiceBlock | None = None
    """The running service."""
    providers: Mapping[MemberName, ProviderBlock] = Field(default_factory=dict)
    """The providers of data, each by the name that ends its item's id."""

    def resource(self, table: str) -> ResourceBlock | None:
        """Give a resource's table; of several under one name, ``name.member``."""
        name, _, member = table.partition(".")
        found: ResourceBlock | Mapping[str, ResourceBlock] | None = getattr(self, name)
        return found.get(member) if isinstance(found, Mapping) else found

    @classmethod
    def table_of(cls, path: Sequence[str | int]) -> str | None:
        """Name the resource that a key belongs to, as :meth:`resource` takes it."""
        name, *rest = map(str, path)
        if name not in cls.model_fields:
            return None
        several = get_origin(cls.model_fields[name].annotation) is Mapping
        return f"{name}.{rest[0]}" if several else name

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
    providers: ProviderLimits = ProviderLimits()
    """Limits of every provider."""
    certificates: CertificateLimits = CertificateLimits()
    """Limits of every certificate."""
