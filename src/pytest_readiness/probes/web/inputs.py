"""⚡ What malformed input comes to, operation by operation of the OpenAPI document.

Operations that only read are tried with the grant ``attack``; the others are a probe of
their own, which needs ``write`` as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.openapi.operations import operations
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.probes.tree import parsed, read_bounded, table as table_of
from pytest_readiness.probes.web.authorization import SAFE
from pytest_readiness.probes.web.identities import (
    Credential,
    client_of,
    credential,
    planned_log_ins,
)
from pytest_readiness.probes.web.junk import requests_of
from pytest_readiness.probes.web.traces import has_trace
from pytest_readiness.probes.web.unset import unset

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.probes.http import Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.openapi.operations import Operation
    from pytest_readiness.probes.web.junk import Request
    from pytest_readiness.target.blocks import Grant, ServiceBlock
    from pytest_readiness.target.blocks.security import InputsTable

__all__ = ["BodyInputs", "Inputs", "TriedOperation"]

_SERVER_ERROR = 500
_OK = range(200, 300)


@dataclass(frozen=True)
class TriedOperation:
    """One operation, and what malformed input to it came to."""

    name: str
    broken: Observed[tuple[str, ...]]
    """Input that brought an error of the server, or no answer at all."""
    traces: Observed[tuple[str, ...]]
    """Input that was answered with a stack trace."""
    strict: bool
    """Whether the target says that it refuses what its schema does not allow."""
    accepted: Observed[tuple[str, ...]]
    """Input against the schema that was taken all the same."""


@dataclass(frozen=True, kw_only=True)
class Inputs(Facts):
    """Operations that only read."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True
    grant: ClassVar[Grant | None] = "attack"
    writes: ClassVar[bool] = False

    operations: Observed[tuple[TriedOperation, ...]]
    """Each that takes input."""
    coverage: Observed[int]
    """How many were tried; the detail says of how many, and what was left alone."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Send every malformed request once."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.inputs
        if table is None:
            nothing = unset("inputs", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        every = _described(table)
        chosen = [one for one in every if cls._takes(one, table)]
        with client_of(block, look, answers=10_000) as client:
            client.ask("GET", "/")  # one that is not there is no fault of the input
            shown = Credential()
            if table.identity is not None:
                shown = credential(block, table.identity, client, look)
            trying = _Trying(client, look, shown, table)
            tried = tuple(map(trying.operation, chosen))
        skipped = f", left alone: {', '.join(table.skip)}" if table.skip else ""
        detail = f"of {len(every)} operations{skipped}"
        return cls(
            operations=look.seen(tried, what="malformed input"),
            coverage=look.seen(len(tried), what="malformed input", detail=detail),
        )

    @classmethod
    def _takes(cls, operation: Operation, table: InputsTable) -> bool:
        if operation.name in table.skip or (operation.method in SAFE) is cls.writes:
            return False
        return any(True for _ in requests_of(operation))

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give all requests together their own time."""
        return block.inputs.timeout if block.inputs else block.timeout

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read and sent."""
        table = block.inputs
        if table is None:
            return ()
        kind = "each other operation" if cls.writes else "each GET, HEAD and OPTIONS"
        return (
            *planned_log_ins(block, [table.identity] if table.identity else []),
            *files(table.document),
            PlannedLook("request", "GET /"),
            PlannedLook(
                "request",
                f"{kind} of the document, with malformed input",
                intrusive="write" if cls.writes else "attack",
            ),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return f"{block.url} (malformed input)"


@dataclass(frozen=True, kw_only=True)
class BodyInputs(Inputs):
    """⚡ Operations that could change something."""

    also: ClassVar[Grant | None] = "write"
    writes: ClassVar[bool] = True

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return f"{block.url} (malformed bodies)"


@dataclass(frozen=True)
class _Trying:
    client: Client
    look: Look
    shown: Credential
    table: InputsTable

    def operation(self, operation: Operation) -> TriedOperation:
        """Send every malformed request of one operation."""
        broken: list[str] = []
        traces: list[str] = []
        accepted: list[str] = []
        for request in requests_of(operation):
            status, trace = self._send(operation.method, request)
            if isinstance(status, str) or status >= _SERVER_ERROR:
                broken.append(f"{request.what}: {status}")
            if trace:
                traces.append(request.what)
            if request.breaks_schema and status in _OK:
                accepted.append(f"{request.what}: {status}")
        what = operation.name
        return TriedOperation(
            name=what,
            broken=self.look.seen(tuple(broken), what=what),
            traces=self.look.seen(tuple(traces), what=what),
            strict=what in self.table.strict,
            accepted=self.look.seen(tuple(accepted), what=what),
        )

    def _send(self, method: str, request: Request) -> tuple[int | str, bool]:
        body = request.body
        try:
            answer = self.client.ask(
                method,
                request.route,
                headers=self.shown.headers,
                body=None if body is None else (lambda: body),
            )
        except LookError as error:
            if error.unavailable.cause is not Cause.NO_ANSWER or self.look.over:
                raise
            return error.unavailable.reason, False
        return answer.status, has_trace(answer.body)


def _described(table: InputsTable) -> tuple[Operation, ...]:
    """Read the operations of the document."""
    name = table.document.name
    found = operations(table_of(parsed(read_bounded(table.document), name)))
    if not found:
        raise LookError(f"{name} describes no operation", Cause.LOCAL, final=True)
    return found
