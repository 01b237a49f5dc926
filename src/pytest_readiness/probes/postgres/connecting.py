"""A connection with a PostgreSQL server on its way, bounded by the look's deadline.

psycopg's ``connect_timeout`` has whole seconds and ends when the connection stands; a
server that accepts and then hangs, or sends a byte a second, outlasts it. Here libpq is
driven without blocking: every wait ends at the deadline.
"""

from __future__ import annotations

import selectors
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import ENDLESS, INTAKE, received, resolve
from pytest_readiness.probes.postgres.refusals import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_readiness.probes.look import Look

__all__ = ["Connecting", "each_host", "places", "wait"]

_DEFAULT_PORT = "5432"
_BEFORE_CONNECTED = frozenset(
    {pq.ConnStatus.STARTED, pq.ConnStatus.NEEDED, pq.ConnStatus.BAD}
)


class Connecting:
    """One connection on its way; ``reached`` once the other side accepted it."""

    def __init__(self, settings: Mapping[str, str], look: Look) -> None:
        self._look = look
        self.reached = False
        try:
            self._connection = pq.PGconn.connect_start(
                make_conninfo(**settings).encode()
            )
        except psycopg.Error:
            reason = "libpq does not understand the connection's settings"
            raise LookError(reason, Cause.LOCAL, final=True) from None

    def finish(self) -> pq.abc.PGconn:
        """Wait until the session stands, and give it."""
        # libpq asks for this order: wait until it may write, then poll. Polled sooner,
        # it takes a connection that is still being made for made.
        wants = pq.PollingStatus.WRITING
        try:
            while wants is not pq.PollingStatus.OK:
                wants = self._step(wants)
        except psycopg.Error:
            raise refusal(self._message()) from None
        self._connection.nonblocking = 1
        return self._connection

    def close(self) -> None:
        """Give the connection up."""
        self._connection.finish()

    def _step(self, wants: pq.PollingStatus) -> pq.PollingStatus:
        """Wait for what libpq wants, let it go on, and give what it wants next."""
        connection = self._connection
        if connection.status == pq.ConnStatus.BAD:
            raise refusal(self._message())
        reading = wants is pq.PollingStatus.READING
        event = selectors.EVENT_READ if reading else selectors.EVENT_WRITE
        waited_for = "the connection was accepted" if self.reached else ""
        wait(connection.socket, event, self._look, waited_for)
        wants = pq.PollingStatus(connection.connect_poll())
        if wants is pq.PollingStatus.FAILED:
            raise refusal(self._message())
        self.reached = self.reached or connection.status not in _BEFORE_CONNECTED
        return wants

    def _message(self) -> str:
        return self._connection.error_message.decode(errors="replace")


def wait(descriptor: int, event: int, look: Look, waited_for: str = "") -> None:
    """Wait until a socket is ready; raise at the look's deadline."""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, event)
        # What never stops sending is always ready: the clock decides, not the socket.
        if not selector.select(look.remaining()) or look.over:
            raise look.overdue(waited_for)
    # A row may say that it is a gigabyte long, and libpq would make room for it.
    if received(descriptor) > INTAKE:
        raise LookError(ENDLESS)


def each_host(settings: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Take libpq's lists of hosts apart: settings for each one."""
    hosts = settings.get("host", "").split(",")
    addresses = settings.get("hostaddr", "").split(",")
    ports = settings.get("port", "").split(",")
    for index in range(max(len(hosts), len(addresses))):
        host = hosts[index] if index < len(hosts) else ""
        address = addresses[index] if index < len(addresses) else ""
        port = ports[index if len(ports) > 1 and index < len(ports) else 0]
        one = {"host": host, "hostaddr": address, "port": port or _DEFAULT_PORT}
        yield {**settings, **one}


def places(settings: Mapping[str, str], look: Look) -> tuple[dict[str, str], ...]:
    """Resolve the host ourselves: libpq's own look-up blocks.

    Raises:
        LookError: the name is not known, or there is no resolver here.
    """
    host, address, port = (settings[word] for word in ("host", "hostaddr", "port"))
    if address or not host or host.startswith(("/", "@")):
        return ({},)
    found = resolve(host, int(port), look)
    return tuple({"hostaddr": place.ip} for place in found)
