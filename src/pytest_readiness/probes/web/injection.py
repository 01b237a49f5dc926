"""⚡ Whether a parameter speaks to the database: payloads in its place, by GET only.

Three signs: the text of a database's error, an answer that follows a condition, and an
answer that takes as long as the database was asked to sleep.
"""

from __future__ import annotations

import html
import re
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import quote

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.web.identities import (
    Credential,
    client_of,
    credential,
    planned_log_ins,
)
from pytest_readiness.probes.web.timing import slept
from pytest_readiness.probes.web.unset import unset

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.probes.http import Answer, Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import Grant, ServiceBlock
    from pytest_readiness.target.blocks.security import InjectionPoint

__all__ = ["Injection", "Parameter"]

_VALUE = "{value}"
_SERVER_ERROR = 500
_BREAKING = ("'", '"', "')", "\\", "' --", "1/0")
_PAIRS = (
    ("' AND '1'='1", "' AND '1'='2"),
    ("' OR '1'='1' -- ", "' OR '1'='2' -- "),
    (" AND 1=1", " AND 1=2"),
    ("%' AND '1%'='1", "%' AND '1%'='2"),
)
"""Conditions that hold and do not, as long as each other."""
_SLEEPING = (
    "'||(SELECT ''||pg_sleep({}))||'",
    "' AND 1=(SELECT 1 FROM pg_sleep({}))-- ",
    "'; SELECT pg_sleep({})-- ",
    "; SELECT pg_sleep({})-- ",
    "' AND SLEEP({})-- ",
    " AND SLEEP({})",
    "'; WAITFOR DELAY '0:0:{}'-- ",
    "'||DBMS_PIPE.RECEIVE_MESSAGE('a',{})||'",
)
"""PostgreSQL, MySQL, SQL Server, Oracle."""
_ERRORS = re.compile(
    r"syntax error at or near|unterminated quoted string|SQLSTATE\W|psycopg|PG::\w+"
    r"|You have an error in your SQL syntax|mysql_fetch|MySQLSyntaxError"
    r"|Unclosed quotation mark|Incorrect syntax near|ODBC SQL Server Driver"
    r"|ORA-\d{5}|SQLITE_ERROR|sqlite3\.\w*Error|unrecognized token:"
    r"|org\.hibernate|java\.sql\.SQL|sqlalchemy\.exc",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Parameter:
    """One parameter, and what the payloads in its place showed."""

    route: str
    error: Observed[str]
    """A database's error in an answer; empty where there is none."""
    breaking: Observed[tuple[str, ...]]
    """Payloads that were answered with an error of the server."""
    conditional: Observed[tuple[str, ...]]
    """Payloads whose condition decides what is answered, each time."""
    sleeping: Observed[tuple[str, ...]]
    """Payloads that made the database sleep, each time and no longer than asked."""


@dataclass(frozen=True, kw_only=True)
class Injection(Facts):
    """The declared parameters, tried one after the other."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True
    grant: ClassVar[Grant | None] = "attack"

    parameters: Observed[tuple[Parameter, ...]]
    """Each of the target's parameters."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Try every payload in every parameter."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.injection
        if table is None:
            nothing = unset("injection", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        with client_of(block, look, answers=1000) as client:
            shown = Credential()
            if table.identity is not None:
                shown = credential(block, table.identity, client, look)
            delay = table.delay.total_seconds()
            tried = tuple(
                _Trying(client, look, point, shown, delay).parameter()
                for point in table.parameters
            )
        return cls(parameters=look.seen(tried, what="parameters"))

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give all requests together their own time."""
        return block.injection.timeout if block.injection else block.timeout

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which routes get payloads."""
        table = block.injection
        if table is None:
            return ()
        return (
            *planned_log_ins(block, [table.identity] if table.identity else []),
            *(
                PlannedLook("request", f"GET {point.route}", intrusive="attack")
                for point in table.parameters
            ),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return f"{block.url} (payloads)"


@dataclass(frozen=True)
class _Trying:
    client: Client
    look: Look
    point: InjectionPoint
    shown: Credential
    delay: float

    def parameter(self) -> Parameter:
        """Try everything; where a good value is not answered, nothing is known."""
        asked = f"GET {self.point.route}"
        good = self.look.observe(self._good, what=asked)
        reason = good.value
        if isinstance(reason, Unavailable):
            nothing: Observed[Any] = self.look.seen(reason, what=asked)
            return Parameter(self.point.route, nothing, nothing, nothing, nothing)
        answers = self.look.observe(self._broken, what=asked)
        return Parameter(
            route=self.point.route,
            error=answers.map(_first_error),
            breaking=answers.map(
                lambda got: tuple(
                    payload
                    for payload, answer in got.items()
                    if answer.status >= _SERVER_ERROR
                )
            ),
            conditional=self.look.observe(self._conditional, what=asked),
            sleeping=self.look.observe(self._sleeping, what=asked),
        )

    def _good(self) -> bool:
        answer = self._ask("")
        if answer.status >= _SERVER_ERROR:
            raise LookError(f"a good value is answered with {answer.status}")
        return True

    def _ask(self, payload: str) -> Answer:
        sent = quote(f"{self.point.value}{payload}", safe="")
        route = self.point.route.replace(_VALUE, sent)
        return self.client.ask("GET", route, headers=self.shown.headers)

    def _broken(self) -> dict[str, Answer]:
        return {payload: self._ask(payload) for payload in _BREAKING}

    def _conditional(self) -> tuple[str, ...]:
        return tuple(true for true, false in _PAIRS if self._follows(true, false))

    def _follows(self, true: str, false: str) -> bool:
        """Whether the answer is one thing, twice, and another, twice."""
        first = self._shape(true), self._shape(false)
        if first[0] == first[1]:
            return False
        return first == (self._shape(true), self._shape(false))

    def _shape(self, payload: str) -> tuple[int, int]:
        """Give status class and size, without what comes back of the payload."""
        answer = self._ask(payload)
        text, sent = answer.body.decode("utf-8", "replace"), self.point.value + payload
        for form in (sent, html.escape(sent), quote(sent), quote(sent, safe="")):
            text = text.replace(form, "")
        return answer.status // 100, len(text)

    def _sleeping(self) -> tuple[str, ...] | Unavailable:
        found: list[str] = []
        for payload in _SLEEPING:
            sleeps = slept(partial(self._took, payload), self.delay)
            if sleeps is None:
                reason = "the service is too slow to tell sleep from work"
                return Unavailable(reason, remedy="set a longer delay")
            if sleeps:
                found.append(payload.format(f"{self.delay:g}"))
        return tuple(found)

    def _took(self, payload: str, seconds: float) -> float:
        began = time.perf_counter()
        self._ask(payload.format(f"{seconds:g}"))
        return time.perf_counter() - began


def _first_error(answers: dict[str, Answer]) -> str:
    for answer in answers.values():
        found = _ERRORS.search(answer.body.decode("utf-8", "replace"))
        if found:
            return found[0]
    return ""
