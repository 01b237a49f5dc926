"""One session with a PostgreSQL server, bounded by the look's deadline.

Nothing here blocks: libpq is driven step by step, and every wait ends in time. A server
that was asked something and did not answer is not asked again in that session.
"""

from __future__ import annotations

import contextlib
import selectors
from typing import TYPE_CHECKING, Self

import psycopg
from psycopg import pq

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import CLOSED
from pytest_readiness.probes.postgres.connecting import (
    Connecting,
    each_host,
    places,
    wait,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_readiness.probes.look import Look

__all__ = ["BEGIN", "END", "TIMEOUT", "Rows", "Session"]

_ONE_ACCOUNT = ("host", "hostaddr", "port", "dbname", "user", "password", "sslmode")
_READY = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK})
_INSUFFICIENT_PRIVILEGE = "42501"
_QUERY_CANCELED = "57014"

Rows = tuple[tuple[str, ...], ...]
"""What a statement gave, as texts; NULL is an empty one."""

BEGIN = "BEGIN READ ONLY"
TIMEOUT = "SET LOCAL statement_timeout = {milliseconds}"
END = "ROLLBACK"


class Session(Closing):
    """An open session; a context manager that closes it."""

    def __init__(self, connection: pq.abc.PGconn, look: Look) -> None:
        self._connection = connection
        self._look = look
        self._over: LookError | None = None
        self._columns: tuple[str, ...] = ()

    @classmethod
    def open(
        cls, settings: Mapping[str, str], look: Look, opening: Look | None = None
    ) -> Self:
        """Connect to the first of the settings' addresses that answers.

        A credential that was rejected once in this run is not sent again. ``opening``
        bounds this, where the session itself may last longer.

        Raises:
            LookError: none did; the last one's reason.
        """
        key = ("postgres", *(settings.get(word, "") for word in _ONE_ACCOUNT))
        brief = opening or look
        return look.doors.enter(key, brief, lambda: cls._open(settings, brief, look))

    @classmethod
    def _open(cls, settings: Mapping[str, str], brief: Look, look: Look) -> Self:
        hosts = list(each_host(settings))
        failure = LookError("the target names no host")
        for index, host in enumerate(hosts):
            share = brief.share(brief.remaining() / (len(hosts) - index))
            try:
                return cls._open_host(host, share, look)
            except LookError as error:
                if error.final:
                    raise
                failure = error
        raise failure

    @classmethod
    def _open_host(cls, settings: Mapping[str, str], share: Look, look: Look) -> Self:
        """Connect to one host: libpq would wait for each of its addresses for ever."""
        found = places(settings, share)
        for index, place in enumerate(found):
            bounded = share.share(share.remaining() / (len(found) - index))
            connecting = Connecting({**settings, **place}, bounded)
            try:
                return cls(connecting.finish(), look)
            except LookError:
                connecting.close()
                if connecting.reached or index == len(found) - 1:
                    raise
        raise LookError("the host's name has no address")

    def close(self) -> None:
        """End the session."""
        self._connection.finish()

    @property
    def user(self) -> str:
        """The role that logged in."""
        return self._connection.user.decode(errors="replace")

    @property
    def server_version(self) -> int:
        """``server_version_num`` as libpq derives it from the start-up; 0: unknown."""
        return self._connection.server_version

    @property
    def encrypted(self) -> bool:
        """Whether the session runs over TLS."""
        return self._connection.ssl_in_use

    @property
    def address(self) -> str:
        """The server's address; empty on a Unix socket."""
        return self._connection.hostaddr.decode(errors="replace")

    def query(self, statement: str) -> Rows:
        """Run one statement and give its rows.

        Raises:
            LookError: no answer in time, an error, or a missing privilege.
        """
        return self._run(lambda: self._connection.send_query(statement.encode()))

    def table(self, statement: str) -> tuple[Mapping[str, str], ...]:
        """Run one statement and give its rows by the names of their columns.

        Raises:
            LookError: as :meth:`query` does.
        """
        rows = self.query(statement)
        return tuple(dict(zip(self._columns, row, strict=True)) for row in rows)

    def read(self, statement: str) -> Rows:
        """Run a statement of our own in a read-only transaction: one round trip.

        Raises:
            LookError: as :meth:`query` does.
        """
        return self._ended(lambda: self.query(f"{self._begin}; {statement}; {END}"))

    def read_foreign(self, statement: str) -> Rows:
        """Run somebody's statement, read-only; never more than one.

        The extended protocol takes a single statement, so that a text cannot end the
        transaction and go on.

        Raises:
            LookError: as :meth:`query` does.
        """

        def run() -> Rows:
            self.query(self._begin)
            rows = self._run(
                lambda: self._connection.send_query_params(statement.encode(), None)
            )
            self.query(END)
            return rows

        return self._ended(run)

    def literal(self, text: str) -> str:
        """Quote a text as SQL does."""
        return pq.Escaping(self._connection).escape_literal(text.encode()).decode()

    def identifier(self, name: str) -> str:
        """Quote a name as SQL does."""
        return pq.Escaping(self._connection).escape_identifier(name.encode()).decode()

    @property
    def _begin(self) -> str:
        milliseconds = max(int(self._look.remaining() * 1000), 1)
        return f"{BEGIN}; {TIMEOUT.format(milliseconds=milliseconds)}"

    def _ended(self, run: Callable[[], Rows]) -> Rows:
        """Leave no transaction behind, whatever the statement came to."""
        try:
            return run()
        except LookError:
            if self._over is None:
                with contextlib.suppress(LookError):
                    self.query(END)
            raise

    def _run(self, send: Callable[[], None]) -> Rows:
        if self._over is not None:
            raise self._over
        try:
            return self._answer(send)
        except psycopg.Error:
            self._over = LookError(CLOSED)
        except _StatementError:
            raise
        except LookError as error:
            # An answer that did not come in time would be taken for the next one's.
            self._over = error
        raise self._over

    def _answer(self, send: Callable[[], None]) -> Rows:
        send()
        self._flush()
        rows: Rows = ()
        failed: LookError | None = None
        try:
            while (result := self._next_result()) is not None:
                if result.status not in _READY:
                    failed = failed or _failed(result, self._look)
                elif result.nfields:
                    rows, self._columns = _rows(result), _columns(result)
        except psycopg.Error:
            if failed is None:
                raise
        if failed is not None:
            raise failed
        return rows

    def _flush(self) -> None:
        while self._connection.flush() == 1:
            wait(self._connection.socket, selectors.EVENT_WRITE, self._look)

    def _next_result(self) -> pq.abc.PGresult | None:
        while self._connection.is_busy():
            wait(self._connection.socket, selectors.EVENT_READ, self._look)
            self._connection.consume_input()
        return self._connection.get_result()


class _StatementError(LookError):
    """One statement failed; the session is still good."""


def _rows(result: pq.abc.PGresult) -> Rows:
    return tuple(
        tuple(
            (result.get_value(row, column) or b"").decode(errors="replace")
            for column in range(result.nfields)
        )
        for row in range(result.ntuples)
    )


def _columns(result: pq.abc.PGresult) -> tuple[str, ...]:
    names = (result.fname(column) or b"" for column in range(result.nfields))
    return tuple(name.decode(errors="replace") for name in names)


def _failed(result: pq.abc.PGresult, look: Look) -> LookError:
    field = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
    state = field.decode(errors="replace")
    if state == _INSUFFICIENT_PRIVILEGE:
        reason = "the role may not read this"
        remedy = "GRANT it to the role"
        return _StatementError(reason, Cause.WITHHELD, remedy, final=True)
    if state == _QUERY_CANCELED:
        reason = look.overdue("the statement was cancelled").unavailable.reason
        return _StatementError(reason)
    shown = state if state.isalnum() and state.isascii() else "of no known kind"
    return _StatementError(f"the statement failed with SQLSTATE {shown}")
