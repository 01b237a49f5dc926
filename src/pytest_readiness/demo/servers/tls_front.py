"""A TLS terminator before a server that speaks no TLS itself, on a Unix socket.

No wheel carries a Redis or Valkey with TLS; production puts stunnel or a sidecar there.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from pytest_readiness.demo.pgwire import SSL_REQUEST

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from pathlib import Path

__all__ = ["TlsFront"]

_CHUNK = 1 << 16
_PATIENCE = 5.0
"""Seconds that a peer may take for the handshake, and for saying good-bye."""
_PREFACE = (8).to_bytes(4, "big") + SSL_REQUEST.to_bytes(4, "big")

_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class TlsFront:
    """Forwards from a port on loopback to a Unix socket, in a thread of its own.

    ``delay`` seconds are added on the way to the server. ``postgres`` has the client
    ask for TLS first, as PostgreSQL does.
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        backend: Path,
        *,
        delay: float = 0.0,
        postgres: bool = False,
    ) -> None:
        self._context = context
        self._backend = backend
        self._delay = delay
        self._postgres = postgres
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)  # noqa: FBT003  # as declared by socket
        self.port: int = self._listening.getsockname()[1]
        self._connections: dict[asyncio.Task[None], socket.socket] = {}
        self._stopping = False
        self._stop: Callable[[], object] = _nothing
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="demo TLS front", daemon=True
        )
        self._thread.start()
        started.wait()

    def close(self) -> None:
        """Cut all connections and stop listening; may be called twice."""
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._stop()
        self._thread.join()

    def _run(self, started: threading.Event) -> None:
        with self._listening, asyncio.Runner() as runner:
            runner.run(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(_nothing)  # peers may break off
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        loop.add_reader(self._listening, self._accept)
        started.set()
        await stopping.wait()
        self._stopping = True
        loop.remove_reader(self._listening)
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # transports let go of their sockets in their next turn

    def _accept(self) -> None:
        # Not sock_accept: cancelled at the wrong moment, it loses a connection.
        with contextlib.suppress(OSError):  # the peer may be gone already
            connection, _ = self._listening.accept()
            connection.setblocking(False)  # noqa: FBT003  # as declared by socket
            task = asyncio.create_task(self._forward(connection))
            self._connections[task] = connection
            task.add_done_callback(self._close)

    def _close(self, task: asyncio.Task[None]) -> None:
        # Also where the task was cancelled before its first step. The transport, where
        # there was one, has let go of the connection by now.
        self._connections.pop(task).close()

    async def _forward(self, connection: socket.socket) -> None:
        with contextlib.suppress(
            OSError, EOFError
        ):  # one side is gone: so is the other
            async with (
                self._closing(await self._shake_hands(connection)) as (reader, writer),
                self._closing(await asyncio.open_unix_connection(self._backend)) as (
                    back_reader,
                    back_writer,
                ),
            ):
                await _first(
                    _pump(reader, back_writer, self._delay),
                    _pump(back_reader, writer, 0.0),
                )

    async def _shake_hands(self, connection: socket.socket) -> _Streams:
        loop = asyncio.get_running_loop()
        if self._postgres:
            await _expect(connection, _PREFACE)
            await loop.sock_sendall(connection, b"S")
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            connection,
            ssl=self._context,
            ssl_handshake_timeout=_PATIENCE,
            ssl_shutdown_timeout=_PATIENCE,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    @asynccontextmanager
    async def _closing(self, streams: _Streams) -> AsyncGenerator[_Streams]:
        writer = streams[1]
        try:
            yield streams
            writer.close()
            await writer.wait_closed()
        finally:
            if not writer.transport.is_closing() or self._stopping:
                writer.transport.abort()


async def _expect(connection: socket.socket, words: bytes) -> None:
    loop, got = asyncio.get_running_loop(), b""
    while len(got) < len(words):
        part = await loop.sock_recv(connection, len(words) - len(got))
        if not part:
            break
        got += part
    if got != words:
        raise EOFError


async def _first(*pumps: Coroutine[None, None, None]) -> None:
    """Run pumps until one is done; none is left behind."""
    tasks = [asyncio.create_task(pump) for pump in pumps]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            if delay:
                await asyncio.sleep(delay)
            writer.write(data)
            await writer.drain()


def _nothing(*_: object) -> None:
    """Do nothing."""
