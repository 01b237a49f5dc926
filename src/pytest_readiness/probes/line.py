"""One connection to a service that is kept for the next request, and timed.

http.client speaks over a socket that ends with the look. Where the service closes the
connection, the next request opens another one, and its time counts: so it is for
clients, too.
"""

from __future__ import annotations

import http.client
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import CLOSED, ENDLESS, connect
from pytest_readiness.probes.secure import secured, trust_context
from pytest_readiness.probes.stream import Stream

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock

__all__ = ["Door", "Line", "Reply", "bearer"]

_INTAKE = 64 << 20
"""Bytes of one answer; more is no answer that a route gives all the time."""
_CHUNK = 1 << 16
_PORTS = {"https": 443, "http": 80}
_ASIDE = {"User-Agent": "pytest-readiness", "Accept": "*/*"}


@dataclass(frozen=True)
class Reply:
    """One answer: its status and headers, their names in small letters."""

    status: int
    headers: Mapping[str, str]
    seconds: float
    """From the request's first byte to the answer's last one."""

    @property
    def good(self) -> bool:
        """Whether it is what a client wanted."""
        return 200 <= self.status < 300  # noqa: PLR2004  # HTTP's class of success


class Door:
    """Where a service is, and whom to trust about it: lines are opened through it."""

    def __init__(self, block: ServiceBlock) -> None:
        """Read the certificates once.

        Raises:
            LookError: they cannot be used.
        """
        parts = urlsplit(block.url)
        self.host = parts.hostname or ""
        self.port = parts.port or _PORTS[parts.scheme]
        self.base = parts.path
        self.authority = parts.netloc
        self.patience = block.timeout.total_seconds()
        """For one answer."""
        secure = parts.scheme == "https"
        self.trust = trust_context(block.ca_file) if secure else None


def bearer(block: ServiceBlock) -> dict[str, str]:
    """Give the headers of a request; they hold the token, so they are not kept."""
    if block.token is None:
        return dict(_ASIDE)
    return {**_ASIDE, "Authorization": f"Bearer {block.token.reveal()}"}


class Line(Closing):
    """One connection at a time; not for threads to share."""

    def __init__(self, door: Door, look: Look) -> None:
        self._door = door
        self._look = replace(look, timeout=door.patience)
        self._until = look.deadline
        self._connection: _Connection | None = None
        self.opened = 0
        """How many connections it took so far."""

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def open(self) -> None:
        """Connect, if there is no connection.

        Raises:
            LookError: there is none, and why.
        """
        self._wait_anew()
        self._connect()

    def _wait_anew(self) -> None:
        """Let each request have the time of one."""
        self._look.deadline = min(time.monotonic() + self._look.timeout, self._until)

    def _connect(self) -> None:
        if self._connection is None or self._connection.sock is None:
            self._connection = _Connection(self._door, self._look)
            self._connection.connect()
            self.opened += 1

    def ask(self, method: str, route: str, headers: Mapping[str, str]) -> Reply:
        """Send a request without a body, and read the answer to its end.

        A kept connection may have been closed meanwhile: then once more on a new one.

        Raises:
            LookError: no answer, and why.
        """
        self._wait_anew()
        began, opened = time.perf_counter(), self.opened
        try:
            return self._once(method, route, headers, began)
        except LookError as error:
            self.close()
            kept = self.opened == opened
            if not kept or error.unavailable.reason != CLOSED or self._look.over:
                raise
        return self._once(method, route, headers, began)

    def _once(
        self, method: str, route: str, headers: Mapping[str, str], began: float
    ) -> Reply:
        self._connect()
        connection = cast("_Connection", self._connection)
        try:
            connection.request(method, self._door.base + route, headers=dict(headers))
            response = connection.getresponse()
            taken = 0
            while part := response.read(_CHUNK):
                taken += len(part)
                if taken > _INTAKE:
                    raise LookError(ENDLESS)
            # http.client does not mind an answer that is shorter than it said.
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
        except (http.client.HTTPException, OSError, UnicodeError, ValueError) as error:
            self.close()
            raise _explained(error) from None
        return Reply(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            time.perf_counter() - began,
        )


def _explained(error: Exception) -> LookError:
    if isinstance(error, http.client.RemoteDisconnected | ConnectionError):
        return LookError(CLOSED)
    if isinstance(error, http.client.IncompleteRead):
        return LookError("the answer ends in its middle")
    if isinstance(error, TimeoutError):
        return LookError("no answer in time")
    if isinstance(error, http.client.HTTPException):
        return LookError("what answers there is not HTTP")
    # A token with a line break, perhaps; the error's text quotes it.
    return LookError("the request cannot be sent", Cause.LOCAL, final=True)


class _Connection(http.client.HTTPConnection):
    """http.client's, over a stream of ours."""

    def __init__(self, door: Door, look: Look) -> None:
        super().__init__(door.authority)
        self._door = door
        self._look = look

    def connect(self) -> None:
        door, look = self._door, self._look
        sock: socket.socket | ssl.SSLSocket = connect(door.host, door.port, look)
        if door.trust is not None:
            sock = secured(sock, door.trust, door.host, look)
        self.sock = cast("Any", Stream(sock, look, 1 << 62))
