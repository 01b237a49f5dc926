"""``[target.NAME.pgbouncer]``: the pool between the service and the database."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    FilePath,
    Host,
    Limit,
    LimitsBlock,
    Port,
    ResourceBlock,
    SecretText,
    Share,
    Text,
    setting,
)
from pytest_readiness.target.blocks.postgres import PostgresBlock, SslMode

__all__ = ["ClientTable", "PgbouncerBlock", "PgbouncerLimits"]

_CONSOLE = "pgbouncer"
"""PgBouncer's own database, behind which is its console."""


class ClientTable(Block):
    """``[target.NAME.pgbouncer.client]``: who goes through the pool, as a try."""

    database: Text
    """The database to reach through the pool."""
    user: Text
    """A role that may."""
    password: SecretText | None = None
    """Its password."""
    connects: Annotated[int, Field(ge=1, le=5)] = 5
    """How many connections at once, as far as that many are free."""


class PgbouncerBlock(ResourceBlock):
    """Where PgBouncer is, and a user who may see its console."""

    host: Host
    """Name or address."""
    port: Port = 6432
    """Port, the clients' as well."""
    user: Text
    """One of its ``stats_users``."""
    password: SecretText | None = None
    """The user's password."""
    sslmode: SslMode = "verify-full"
    """How its certificate is checked; libpq's words."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    client: ClientTable | None = None
    """Who goes through the pool, as a try."""
    interval: Duration = dt.timedelta(seconds=1)
    """Time between two of the three looks at who waits."""

    @property
    def console(self) -> PostgresBlock:
        """The console, as a database."""
        return self._through(_CONSOLE, self.user, self.password)

    def through(self, client: ClientTable) -> PostgresBlock:
        """Give the database behind the pool."""
        return self._through(client.database, client.user, client.password)

    def _through(
        self, database: str, user: str, password: SecretText | None
    ) -> PostgresBlock:
        return PostgresBlock(
            host=self.host,
            port=self.port,
            database=database,
            user=user,
            password=password,
            sslmode=self.sslmode,
            ca_file=self.ca_file,
            timeout=self.timeout,
        )


class PgbouncerLimits(LimitsBlock):
    """``[target.NAME.limits.pgbouncer]``."""

    max_wait: Limit[Duration] = setting(dt.timedelta(seconds=1))
    """What the longest wait for a connection must stay below."""
    max_in_use: Limit[Share] = setting(0.80)
    """What the active connections of a pool, of its size, must stay below."""
