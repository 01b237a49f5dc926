"""``[target.NAME.postgres.*]``: what the database must be like, table by table."""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pytest_readiness.target.blocks.block import (
    Block,
    Count,
    Duration,
    FilePath,
    Host,
    Port,
    Text,
    refuse,
    tupled,
    worded,
)
from pytest_readiness.target.values import Mistake

__all__ = [
    "AccessTable",
    "Assertion",
    "ContentsTable",
    "Privilege",
    "StructureTable",
    "TableName",
]

_NAME = re.compile(r"[^\s.\"']{1,63}(\.[^\s.\"']{1,63})?")

Privilege = Literal[
    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"
]
"""What may be granted on a table."""


def _table_name(text: str) -> str:
    if _NAME.fullmatch(text):
        return text
    what = "is no name of the database"
    raise Mistake(what, 'write "orders", or "sales.orders" with its schema, unquoted')


def _sql(text: str) -> str:
    if text.strip():
        return text
    what = "is empty"
    raise Mistake(what, "write one SELECT")


def _listed(value: object) -> object:
    """Let one text stand for a list of one."""
    return (value,) if isinstance(value, str) else tupled(value)


TableName = Annotated[str, AfterValidator(worded(_table_name))]
Sql = Annotated[str, AfterValidator(worded(_sql))]
Names = Annotated[tuple[TableName, ...], BeforeValidator(tupled)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Privileges = Annotated[tuple[Privilege, ...], BeforeValidator(tupled)]


class AccessTable(Block):
    """``[target.NAME.postgres.access]``: what the service's role may do."""

    role: TableName | None = None
    """The service's role; else the one that logs in here."""
    migrates: bool = False
    """Whether it also changes the schema, and so may own its tables."""
    privileges: Mapping[TableName, Privileges] = Field(default_factory=dict)
    """What it needs, table by table; more than that is too much."""


class StructureTable(Block):
    """``[target.NAME.postgres.structure]``: what the release's schema must have."""

    tables: Mapping[TableName, Names] = Field(default_factory=dict)
    """The tables that must exist, each with the columns that it must have."""
    indexes: Names = ()
    """The indexes that must exist."""
    no_primary_key: Texts = ()
    """Tables that rightly have none, such as logs; patterns like ``ticks_*``."""
    head: Literal["alembic", "django", "flyway", "liquibase"] | None = None
    """Who migrates the schema, which says where its head is read."""
    head_query: Sql | None = None
    """A SELECT that gives the head instead, one row a branch."""
    revision: Texts = ()
    """The head that belongs to the release; several where it has branches."""
    earlier: Texts = ()
    """Heads that come before it; a target that is yet to migrate may have one."""
    scripts: FilePath | None = None
    """Folder of Alembic's scripts: head and what comes before are read from them."""

    @model_validator(mode="after")
    def _one_head(self) -> Self:
        if self.head is not None and self.head_query is not None:
            raise refuse("sets head and head_query", "keep one of them")
        if self.scripts is not None and self.head != "alembic":
            raise refuse(
                "sets scripts without Alembic",
                'set head = "alembic", or list revision and earlier',
                key="scripts",
            )
        if self.scripts is not None and self.revision:
            what = "sets scripts and revision"
            raise refuse(what, "keep one of them", key="revision")
        return self


class Assertion(Block):
    """One SELECT with one value, and what that must be."""

    name: Text
    """What is claimed; reports call it so."""
    sql: Sql
    """The SELECT."""
    equals: int | float | str | None = None
    """The value must be this,"""
    at_least: int | float | None = None
    """or not less than this,"""
    at_most: int | float | None = None
    """and not more than this."""

    @model_validator(mode="after")
    def _some_bound(self) -> Self:
        ranged = self.at_least is not None or self.at_most is not None
        if ranged == (self.equals is not None):
            raise refuse(
                "sets equals and a range" if ranged else "says not what the value is",
                "give equals, or at_least and at_most",
            )
        return self

    @property
    def required(self) -> str:
        """The requirement in words."""
        if self.equals is not None:
            return f"equal to {self.equals}"
        low = [f"at least {self.at_least}"] if self.at_least is not None else []
        high = [f"at most {self.at_most}"] if self.at_most is not None else []
        return " and ".join(low + high)

    def holds(self, value: str) -> bool:
        """Whether a value, as the server writes it, is what it must be."""
        number = _number(value)
        if self.equals is not None:
            wanted = _number(str(self.equals))
            same = number is not None and number == wanted
            return same or value == str(self.equals)
        if number is None:
            return False
        return not (
            (self.at_least is not None and number < Decimal(str(self.at_least)))
            or (self.at_most is not None and number > Decimal(str(self.at_most)))
        )


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class ContentsTable(Block):
    """``[target.NAME.postgres.contents]``: what the tables must hold."""

    rows: Mapping[TableName, Count] = Field(default_factory=dict)
    """The least number of rows, table by table."""
    assertions: Annotated[tuple[Assertion, ...], BeforeValidator(tupled)] = ()
    """SELECTs and what they must give."""
    max_cost: Annotated[float, Field(gt=0)] = 1_000_000.0
    """The planner's cost above which a SELECT is not run."""
    timeout: Duration = dt.timedelta(seconds=10)
    """How long all of this may take."""
    host: Host | None = None
    """A replica to ask instead, with the same log-in."""
    port: Port | None = None
    """Its port, where that is another one."""

    @model_validator(mode="after")
    def _own_names(self) -> Self:
        names = {assertion.name for assertion in self.assertions}
        if len(names) < len(self.assertions):
            what = "has two of the same name"
            raise refuse(what, "give each its own `name`", key="assertions")
        return self
