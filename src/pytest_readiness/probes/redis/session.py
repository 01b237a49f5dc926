"""One connection to a Redis-compatible server, bounded by the look's deadline.

redis-py retries by default (a black hole then takes 14 s) and its time-outs are per
read; here it gets one try, and a socket that ends with the look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, cast

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.retry import Retry

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.errors import ProbeError
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import (
    CLOSED,
    connect,
    connect_unix,
    same_network,
)
from pytest_readiness.probes.secure import (
    load_client_certificate,
    secured,
    trust_context,
)
from pytest_readiness.probes.stream import Stream

if TYPE_CHECKING:
    import socket

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import RedisBlock

__all__ = ["NOT_REDIS", "Session"]

NOT_REDIS = "what answers there is not Redis"

_NONSENSE = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
)
"""What redis-py's parser raises over bytes that are not RESP."""

_CODES = frozenset(
    {"BUSY", "CLUSTERDOWN", "DENIED", "MASTERDOWN", "MISCONF", "MOVED", "READONLY"}
)
"""Kinds of error replies that are passed on; the rest of a reply may quote anything."""


class _Connection(redis.Connection):
    """redis-py's connection over a socket that is already there."""

    def __init__(self, stream: Stream, **settings: Any) -> None:  # noqa: ANN401  # theirs
        retry = Retry(NoBackoff(), 0)
        super().__init__(retry=retry, protocol=2, **settings)  # type: ignore[no-untyped-call]
        self._stream = stream
        # No CLIENT SETINFO: it is not among the commands that a role needs here.
        self.driver_info = None
        self.lib_name = self.lib_version = None

    def _connect(self) -> socket.socket:
        # It stands where redis-py expects its socket, and has what is used of one.
        return cast("socket.socket", self._stream)


class Session(Closing):
    """An open connection, logged in; a context manager that closes it."""

    def __init__(
        self, stream: Stream, connection: _Connection, block: RedisBlock, *, near: bool
    ) -> None:
        self._stream = stream
        self._connection = connection
        self._user = block.username or "default"
        self.near = near
        """Whether the server is on this host or at a private address."""
        self.encrypted = block.tls
        """Whether the connection runs over TLS."""

    @classmethod
    def open(cls, block: RedisBlock, look: Look) -> Self:
        """Connect, log in, and select the database.

        Raises:
            ProbeError: a secret is missing, no answer in time, or the log-in failed.
        """
        if block.password is not None and not block.password.available:
            block.password.reveal()  # raises, before anything is sent
        sock = _socket(block, look)
        stream = Stream(sock, look)
        try:
            near = same_network(sock)
            connection = _Connection(
                stream,
                db=block.db,
                username=block.username,
                password=block.password.reveal() if block.password else None,
            )
            session = cls(stream, connection, block, near=near)
            session._log_in()
        except ProbeError:
            stream.close()
            raise
        return session

    def close(self) -> None:
        """Close the connection."""
        self._connection.disconnect()  # type: ignore[no-untyped-call]
        self._stream.close()

    def ask(self, *words: str) -> bytes:
        """Send one command and give its answer as it came.

        Raises:
            LookError: no answer in time, an error, or a missing permission.
        """
        try:
            self._connection.send_command(*words)  # type: ignore[no-untyped-call]
            answer = cast(
                "object", self._connection.read_response(disable_decoding=True)
            )
        except redis.AuthenticationError:
            reason = "the server asks for a password and the target gives none"
            raise LookError(reason, remedy="set password", final=True) from None
        except (redis.RedisError, *_NONSENSE) as error:
            raise self._failed(error, words[0].lower()) from None
        if not isinstance(answer, bytes):
            raise LookError(NOT_REDIS, final=True)
        return answer

    def _log_in(self) -> None:
        try:
            self._connection.connect()  # type: ignore[no-untyped-call]
        except redis.AuthenticationError:
            reason = "the server rejected the credential"
            raise LookError(
                reason, remedy="check username and password", final=True
            ) from None
        except (redis.RedisError, *_NONSENSE) as error:
            raise self._failed(error, "select") from None

    def _failed(self, error: Exception, command: str) -> LookError:
        """Say what an error means; classes are matched, texts may quote anything."""
        if isinstance(error, NoPermissionError):
            grant = f"ACL SETUSER {self._user} +{command}"
            reason = f"the user may not run {command.upper()}"
            return LookError(reason, Cause.WITHHELD, grant, final=True)
        if isinstance(error, redis.BusyLoadingError):
            return LookError("the server is still loading its data")
        if isinstance(error, redis.ResponseError):
            code = str(error).split(" ", 1)[0]
            shown = f" with {code}" if code in _CODES else ""
            return LookError(f"the server refused {command.upper()}{shown}", final=True)
        if isinstance(error, redis.InvalidResponse) or not isinstance(
            error, redis.ConnectionError
        ):
            return LookError(NOT_REDIS, remedy=self._perhaps_tls)
        return LookError(CLOSED, remedy=self._perhaps_tls)

    @property
    def _perhaps_tls(self) -> str:
        return "" if self.encrypted else "if it speaks TLS, set `tls = true`"


def _socket(block: RedisBlock, look: Look) -> socket.socket:
    if block.socket is not None:
        return connect_unix(block.socket, look)
    host = block.host or ""
    if not block.tls:
        return connect(host, block.port, look)
    context = trust_context(block.ca_file)
    if block.cert_file is not None:
        load_client_certificate(context, block.cert_file, block.key_file)
    return secured(connect(host, block.port, look), context, host, look)
