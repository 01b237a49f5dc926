"""A TLS terminator before a server that speaks no TLS itself, on a Unix socket.

No wheel carries a Redis or Valkey with TLS; production puts stunnel or a sidecar there.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_readiness.demo.pgwire import SSL_REQUEST

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator
    from pathlib import Path

__all__ = ["TlsFront"]

_CHUNK = 1 << 16
_POSTGRES_PREFACE = (8).to_bytes(4, "big") + SSL_REQUEST.to_bytes(4, "big")


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
        self.port = 0
        self._stop: Callable[[], object] = _nothing
        self._writers: set[asyncio.StreamWriter] = set()
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
        with asyncio.Runner() as runner:
            runner.run(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(_nothing)  # peers may break off
        self._stop = lambda: loop.call_soon_threadsafe(stopping.set)
        context = None if self._postgres else self._context
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await stopping.wait()
        server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await asyncio.sleep(0)  # a transport lets go of its socket in its next turn

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with self._closing(writer), contextlib.suppress(OSError, EOFError):
            if self._postgres:
                if await reader.readexactly(8) != _POSTGRES_PREFACE:
                    return
                writer.write(b"S")
                await writer.start_tls(self._context)
            back_reader, back_writer = await asyncio.open_unix_connection(self._backend)
            with self._closing(back_writer):
                await asyncio.wait(
                    {
                        asyncio.create_task(_pump(reader, back_writer, self._delay)),
                        asyncio.create_task(_pump(back_reader, writer, 0.0)),
                    },
                    return_when=asyncio.FIRST_COMPLETED,
                )

    @contextmanager
    def _closing(self, writer: asyncio.StreamWriter) -> Generator[None]:
        self._writers.add(writer)
        try:
            yield
        finally:
            self._writers.discard(writer)
            writer.close()


def _nothing(*_: object) -> None:
    """Do nothing."""


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            if delay:
                await asyncio.sleep(delay)
            writer.write(data)
            await writer.drain()
