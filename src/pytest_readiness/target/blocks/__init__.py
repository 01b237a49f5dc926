"""The resources of a target: one module each, with its table and its limits.

A new resource is a module here, one line in :class:`Resources` and, where it has
limits, one in :class:`Limits`; the example file and the JSON Schema follow from that.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Self, get_origin

from pydantic import AfterValidator, Field, model_validator

from pytest_readiness.catalogue.item import SLUG
from pytest_readiness.target.blocks.alertmanager import (
    AlertmanagerBlock,
    AlertmanagerLimits,
    PageTable,
)
from pytest_readiness.target.blocks.artefacts import (
    ArtefactsBlock,
    CaseLimits,
    CoverageLimits,
    LoadLimits,
    place_artefacts,
)
from pytest_readiness.target.blocks.backup import BackupBlock, BackupLimits
from pytest_readiness.target.blocks.backup_schedule import BackupScheduleBlock
from pytest_readiness.target.blocks.block import (
    Block,
    Grant,
    LimitsBlock,
    ResourceBlock,
    worded,
)
from pytest_readiness.target.blocks.cdn import CdnBlock
from pytest_readiness.target.blocks.configuration import (
    ConfigurationBlock,
    ConfigurationFile,
)
from pytest_readiness.target.blocks.dependencies import DependenciesBlock
from pytest_readiness.target.blocks.documents import (
    DocumentBlock,
    DocumentLimits,
    DrillLimits,
)
from pytest_readiness.target.blocks.endpoint import Endpoint
from pytest_readiness.target.blocks.environment import EnvironmentBlock
from pytest_readiness.target.blocks.forge import ForgeBlock
from pytest_readiness.target.blocks.grafana import GrafanaBlock
from pytest_readiness.target.blocks.health import HealthBlock, HealthLimits
from pytest_readiness.target.blocks.hosts import HostBlock, OnHost, place
from pytest_readiness.target.blocks.logs import LogsBlock, LogsLimits
from pytest_readiness.target.blocks.machine import MachineBlock, MachineLimits
from pytest_readiness.target.blocks.network import NetworkBlock, NetworkLimits
from pytest_readiness.target.blocks.openapi import OpenapiBlock
from pytest_readiness.target.blocks.pgbouncer import PgbouncerBlock, PgbouncerLimits
from pytest_readiness.target.blocks.pipeline import PipelineBlock
from pytest_readiness.target.blocks.postgres import PostgresBlock, PostgresLimits
from pytest_readiness.target.blocks.prometheus import PrometheusBlock, PrometheusQuery
from pytest_readiness.target.blocks.providers import ProviderBlock, ProviderLimits
from pytest_readiness.target.blocks.python import PythonBlock, PythonLimits
from pytest_readiness.target.blocks.redis import RedisBlock, RedisLimits
from pytest_readiness.target.blocks.rota import RotaBlock, RotaLevel, RotaLimits
from pytest_readiness.target.blocks.service import (
    ReleaseRoute,
    ServiceBlock,
    ServiceLimits,
)
from pytest_readiness.target.blocks.sizing import (
    ClientSizes,
    SizingBlock,
    SizingLimits,
)
from pytest_readiness.target.blocks.sources import SourcesBlock
from pytest_readiness.target.blocks.tls import CertificateLimits, TlsBlock, TlsEndpoint
from pytest_readiness.target.blocks.usage import UsageLimits
from pytest_readiness.target.values import Mistake

__all__ = [
    "AlertmanagerBlock",
    "AlertmanagerLimits",
    "ArtefactsBlock",
    "BackupBlock",
    "BackupLimits",
    "BackupScheduleBlock",
    "Block",
    "CaseLimits",
    "CdnBlock",
    "CertificateLimits",
    "ClientSizes",
    "ConfigurationBlock",
    "ConfigurationFile",
    "CoverageLimits",
    "DependenciesBlock",
    "DocumentBlock",
    "DocumentLimits",
    "DrillLimits",
    "Endpoint",
    "EnvironmentBlock",
    "ForgeBlock",
    "GrafanaBlock",
    "Grant",
    "HealthBlock",
    "HealthLimits",
    "HostBlock",
    "Limits",
    "LimitsBlock",
    "LoadLimits",
    "LogsBlock",
    "LogsLimits",
    "MachineBlock",
    "MachineLimits",
    "NetworkBlock",
    "NetworkLimits",
    "OnHost",
    "OpenapiBlock",
    "PageTable",
    "PgbouncerBlock",
    "PgbouncerLimits",
    "PipelineBlock",
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
    "RotaBlock",
    "RotaLevel",
    "RotaLimits",
    "ServiceBlock",
    "ServiceLimits",
    "SizingBlock",
    "SizingLimits",
    "SourcesBlock",
    "TlsBlock",
    "TlsEndpoint",
    "UsageLimits",
]


def _member(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name that an item's id can end with"
    raise Mistake(what, "use small letters, digits and hyphens")


def _host(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name of a host"
    raise Mistake(what, "use small letters, digits and hyphens")


MemberName = Annotated[str, AfterValidator(worded(_member))]
HostName = Annotated[str, AfterValidator(worded(_host))]


class Resources(Block):
    """Where to look; a table that is absent leaves its items unconfigured."""

    python: PythonBlock | None = None
    """The interpreter that runs the service."""
    dependencies: DependenciesBlock | None = None
    """What must be installed for the service."""
    environment: EnvironmentBlock | None = None
    """The variables that the service must have."""
    configuration: ConfigurationBlock | None = None
    """The files that configure the service."""
    sizing: SizingBlock | None = None
    """How many connections and threads the service may open."""
    machine: MachineBlock | None = None
    """The machine that runs the service."""
    network: NetworkBlock | None = None
    """The upstream endpoints that the service connects to."""
    postgres: PostgresBlock | None = None
    """The database server."""
    pgbouncer: PgbouncerBlock | None = None
    """The pool between the service and the database."""
    backup: BackupBlock | None = None
    """The database's backups."""
    backup_schedule: BackupScheduleBlock | None = None
    """What makes the backups, again and again."""
    redis: RedisBlock | None = None
    """The cache."""
    tls: TlsBlock | None = None
    """The endpoints whose certificates are looked at."""
    service: ServiceBlock | None = None
    """The running service."""
    documents: Mapping[MemberName, DocumentBlock] = Field(default_factory=dict)
    """Guides, plans and procedures, each by the name that ends its item's id."""
    health: HealthBlock | None = None
    """The routes by which the service says how it is."""
    sources: SourcesBlock | None = None
    """The service's source."""
    pipeline: PipelineBlock | None = None
    """How a release is deployed."""
    forge: ForgeBlock | None = None
    """Where the source is kept."""
    rota: RotaBlock | None = None
    """Who is on call."""
    openapi: OpenapiBlock | None = None
    """The description of the API."""
    cdn: CdnBlock | None = None
    """The network that serves static files."""
    providers: Mapping[MemberName, ProviderBlock] = Field(default_factory=dict)
    """The providers of data, each by the name that ends its item's id."""

    prometheus: PrometheusBlock | None = None
    """The metrics of all of it."""
    artefacts: Mapping[MemberName, ArtefactsBlock] = Field(default_factory=dict)
    """What the release's jobs made, each table by the name that ends its item's id."""
    alertmanager: AlertmanagerBlock | None = None
    """Who is called when something is wrong."""
    grafana: GrafanaBlock | None = None
    """The dashboards."""
    logs: LogsBlock | None = None
    """Where the service's log lines are."""
    hosts: Mapping[HostName, HostBlock] = Field(default_factory=dict)
    """Other machines that resources stand on, each by its name."""

    @model_validator(mode="after")
    def _placed(self) -> Self:
        unresolved: Mapping[str, str] = getattr(self, "unresolved", {})
        resources = {name: getattr(self, name) for name in Resources.model_fields}
        place(resources, self.hosts, self.prometheus, unresolved)
        for document in self.documents.values():
            document.know(self.prometheus)
        place_artefacts(self.artefacts)
        return self

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


class Limits(Block):
    """What the facts are held against."""

    python: PythonLimits = PythonLimits()
    """Limits of the interpreter."""
    machine: MachineLimits = MachineLimits()
    """Limits of the machine."""
    network: NetworkLimits = NetworkLimits()
    """Limits of the connects to upstream endpoints."""
    postgres: PostgresLimits = PostgresLimits()
    """Limits of the database server."""
    pgbouncer: PgbouncerLimits = PgbouncerLimits()
    """Limits of the pool."""
    backup: BackupLimits = BackupLimits()
    """Limits of the backups."""
    sizing: SizingLimits = SizingLimits()
    """Limits of the service's threads."""
    redis: RedisLimits = RedisLimits()
    """Limits of the cache."""
    documents: DocumentLimits = DocumentLimits()
    """Limits of every document."""
    rota: RotaLimits = RotaLimits()
    """Limits of the rota."""
    drills: DrillLimits = DrillLimits()
    """Limits of what is signed of drills."""
    providers: ProviderLimits = ProviderLimits()
    """Limits of every provider."""
    service: ServiceLimits = ServiceLimits()
    """Limits of the service towards those who reach it."""
    health: HealthLimits = HealthLimits()
    """Limits of the health routes."""
    logs: LogsLimits = LogsLimits()
    """Limits of the log lines."""
    alertmanager: AlertmanagerLimits = AlertmanagerLimits()
    """Limits of how critical alerts are sent."""
    """Limits of the service's answers."""
    usage: UsageLimits = UsageLimits()
    """Limits of what the service uses."""
    certificates: CertificateLimits = CertificateLimits()
    """Limits of every certificate."""
    cases: CaseLimits = CaseLimits()
    """Limits of the test cases that an item is tied to."""
    coverage: CoverageLimits = CoverageLimits()
    """Limits of what the unit tests cover."""
    load: LoadLimits = LoadLimits()
    """Limits of a load test."""
