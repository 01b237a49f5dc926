"""``[target.NAME.postgres]``: the database server."""

import datetime as dt
from typing import Annotated, Any, Literal, Self

from packaging.version import Version
from pydantic import AfterValidator, BeforeValidator, PrivateAttr, model_validator

from pytest_readiness.target.blocks.block import (
    Count,
    Duration,
    FilePath,
    Host,
    Limit,
    LimitsBlock,
    Port,
    ResourceBlock,
    SecretText,
    Share,
    Size,
    Text,
    VersionText,
    exclusive,
    floor,
    refuse,
    setting,
    tupled,
    worded,
)
from pytest_readiness.target.blocks.database import (
    AccessTable,
    ContentsTable,
    StructureTable,
)
from pytest_readiness.target.context import Context
from pytest_readiness.target.dsn import Dsn, parse_dsn
from pytest_readiness.target.values import Mistake, parse_host

__all__ = ["PostgresBlock", "PostgresLimits", "SslMode"]

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
"""libpq's words (PostgreSQL documentation, section 34.19)."""


def _host_or_socket(text: str) -> str:
    """Accept the folder of a socket too, as libpq does."""
    return text if text.startswith("/") else parse_host(text)


class PostgresBlock(ResourceBlock):
    """Where the database is and how to log in: a ``dsn``, or ``host`` and the rest."""

    dsn: SecretText | None = None
    """A whole connection URI or string, instead of host, user and so on."""
    host: Annotated[str, AfterValidator(worded(_host_or_socket))] | None = None
    """Name or address of the server, or the folder of its socket."""
    port: Port = 5432
    """Port of the server."""
    database: Text | None = None
    """Name of the database."""
    user: Text | None = None
    """Role to log in as; it needs no more than to read."""
    password: SecretText | None = None
    """Password of the role."""
    sslmode: SslMode = "verify-full"
    """How the server's certificate is checked; libpq's words."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    cert_file: FilePath | None = None
    """Client certificate, where the server asks for one."""
    key_file: FilePath | None = None
    """Key of the client certificate."""
    managed: Text | None = None
    """Who runs the server, where somebody else does: ``rds``, ``cloudsql`` ..."""
    ram: Size | None = None
    """Memory of the server's machine or container; it cannot be asked for it."""
    replicas: Annotated[tuple[Host, ...], BeforeValidator(tupled)] = ()
    """Standbys that the service reads from, with the same log-in and port."""
    access: AccessTable | None = None
    """What the service's role may do."""
    structure: StructureTable | None = None
    """What the release's schema must have."""
    contents: ContentsTable | None = None
    """What the tables must hold."""

    _dsn: Dsn | None = PrivateAttr(default=None)

    @property
    def location(self) -> tuple[str, int, str]:
        """Host, port and database, without credentials; empty where unknown."""
        if self._dsn is not None:
            return self._dsn.host, self._dsn.port, self._dsn.database
        if self.dsn is not None:
            return "", self.port, ""
        return self.host or "", self.port, self.database or ""

    @property
    def dsn_words(self) -> frozenset[str]:
        """Which of libpq's words the ``dsn`` itself sets, such as ``sslmode``."""
        return self._dsn.words if self._dsn is not None else frozenset()

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401  # pydantic's own
        """Look into the DSN for what evidence may show and what it must not."""
        if self.dsn is None or not self.dsn.available:
            return
        try:
            self._dsn = parse_dsn(self.dsn.reveal())
        except Mistake as mistake:
            raise refuse(mistake.what, mistake.remedy, key="dsn") from None
        if isinstance(context, Context):
            for secret in self._dsn.secrets:
                context.redactor.add(secret)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        parts = ("host", "database", "user", "password")
        if self.dsn is None:
            missing = [name for name in parts[:3] if getattr(self, name) is None]
            if missing:
                what = f"misses {', '.join(missing)}"
                raise refuse(what, "give host, database and user, or a dsn")
        else:
            also = [*exclusive({name: getattr(self, name) for name in parts})]
            also += ["port"] * ("port" in self.model_fields_set)
            if also:
                what = f"sets dsn and {', '.join(also)}"
                raise refuse(what, "keep the dsn or the parts, not both")
            if "sslmode" in self.model_fields_set and "sslmode" in self.dsn_words:
                what = "is set in the dsn as well"
                raise refuse(what, "keep one of them", key="sslmode")
        if (self.cert_file is None) != (self.key_file is None):
            raise refuse("sets one of cert_file and key_file", "give both or none")
        return self


class PostgresLimits(LimitsBlock):
    """``[target.NAME.limits.postgres]``."""

    min_version: Limit[VersionText] = floor(Version("12"))
    """Oldest version that will do."""
    min_shared_buffers: Limit[Share] = setting(0.15)
    """Least of the machine's memory that the server caches in."""
    max_shared_buffers: Limit[Share] = setting(0.40)
    """Most of it: the system's own cache needs room as well."""
    max_work_memory: Limit[Share] = setting(0.5)
    """Most of it that all connections may take to sort and hash at once."""
    min_wal_size: Limit[Size] = setting(10**9)
    """Least write-ahead log between two checkpoints (``max_wal_size``)."""
    cache_hit_ratio: Limit[Share] = setting(0.95)
    """Least share of blocks that are found in the cache."""
    cache_sample: Limit[Count] = setting(100_000)
    """Blocks that must have been read before that share says anything."""
    max_dead_rows: Limit[Share] = setting(0.2)
    """Most of a table's rows that may be dead."""
    max_xid_age: Limit[Share] = setting(0.5)
    """Most of ``autovacuum_freeze_max_age`` that a database may have reached."""
    statement_mean: Limit[Duration] = setting(dt.timedelta(milliseconds=500))
    """What the mean time of a statement must stay below."""
    statement_calls: Limit[Count] = setting(100)
    """Calls from which on a statement's mean counts."""
    large_table: Limit[Count] = setting(100_000)
    """Rows from which on a table is better not read as a whole."""
    max_sequential: Limit[Share] = setting(0.1)
    """Most of such a table's reads that may be so."""
    index_idle: Limit[Duration] = setting(dt.timedelta(days=7))
    """How long an index may be without use."""
