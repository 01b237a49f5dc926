"""A TLS terminator before a server that speaks no TLS itself, on a Unix socket.

No wheel carries a Redis or Valkey with TLS; production puts stunnel or a sidecar there.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

from pytest_readiness.demo.pgwire import SSL_REQUEST

if TYPE_CHECKING:
    import ssl
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
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        started = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="demo TLS front", daemon=True
        )
        self._thread.start()
        started.wait()

    def close(self) -> None:
        """Cut all connections and stop listening."""
        with contextlib.suppress(RuntimeError):  # closed already
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self, started: threading.Event) -> None:
        with contextlib.closing(self._loop) as loop:
            loop.set_exception_handler(lambda *_: None)  # peers may break off
            loop.run_until_complete(self._serve(started))
            pending = asyncio.all_tasks(loop)
            for task in pending:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))

    async def _serve(self, started: threading.Event) -> None:
        server = await asyncio.start_server(
            self._forward,
            "127.0.0.1",
            0,
            ssl=None if self._postgres else self._context,
        )
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stopping.wait()
        server.close()

    async def _forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if self._postgres:
                if await reader.readexactly(8) != _POSTGRES_PREFACE:
                    return
                writer.write(b"S")
                await writer.start_tls(self._context)
            back_reader, back_writer = await asyncio.open_unix_connection(self._backend)
            try:
                await asyncio.wait(
                    {
                        asyncio.ensure_future(_pump(reader, back_writer, self._delay)),
                        asyncio.ensure_future(_pump(back_reader, writer, 0.0)),
                    },
                    return_when=asyncio.FIRST_COMPLETED,
                )
            finally:
                back_writer.close()
        except (OSError, EOFError):
            pass  # one side is gone; so is the connection
        finally:
            writer.close()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float
) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(_CHUNK):
            if delay:
                await asyncio.sleep(delay)
            writer.write(data)
            await writer.drain()
