"""A socket for drivers that have only time-outs per read: it ends with the look."""

from __future__ import annotations

import io
import ssl
from typing import TYPE_CHECKING, TypeVar

from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import ENDLESS, INTAKE, explain

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from _typeshed import ReadableBuffer, WriteableBuffer

    from pytest_readiness.probes.look import Look

__all__ = ["Stream"]

T = TypeVar("T")


class Stream:
    """A connected socket whose waits end with the look and whose intake is bounded.

    Stands where a driver expects its socket: the driver's own time-outs can shorten a
    wait, never lengthen it.
    """

    def __init__(self, sock: socket.socket, look: Look, intake: int = INTAKE) -> None:
        self._sock = sock
        self._look = look
        self._left = intake
        self._timeout: float | None = None
        self._readers = 0
        self._closed = False

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Read up to ``size`` bytes."""
        return self._read(lambda: self._sock.recv(size, flags), len)

    def recv_into(self, buffer: WriteableBuffer, size: int = 0, flags: int = 0) -> int:
        """Read into ``buffer``."""
        return self._read(lambda: self._sock.recv_into(buffer, size, flags), int)

    def sendall(self, data: ReadableBuffer, flags: int = 0) -> None:
        """Send everything; CPython applies the time-out to all of it together."""
        try:
            self._arm()
            self._sock.sendall(data, flags)
        except OSError as error:
            raise explain(error, self._look) from None

    def makefile(self, _mode: str = "rb", **_: object) -> io.BufferedReader:
        """Give a reader over this stream, as ``http.client`` asks for."""
        self._readers += 1
        return io.BufferedReader(_Reader(self))

    def settimeout(self, seconds: float | None) -> None:
        """Let waits end after ``seconds``, if the look is not over before."""
        self._timeout = seconds

    def gettimeout(self) -> float | None:
        """Give what the driver set."""
        return self._timeout

    def fileno(self) -> int:
        """Give the descriptor, for ``select``."""
        return self._sock.fileno()

    def getsockname(self) -> object:
        """Give this end's address."""
        return self._sock.getsockname()

    def shutdown(self, how: int) -> None:
        """End the connection in one or both directions."""
        self._sock.shutdown(how)

    def close(self) -> None:
        """Close the socket, once the last reader is closed too."""
        self._closed = True
        if self._readers == 0:
            self._sock.close()

    def reader_closed(self) -> None:
        """Note that a reader is gone."""
        self._readers -= 1
        if self._closed:
            self.close()

    def _arm(self) -> None:
        left, own = self._look.remaining(), self._timeout
        self._sock.settimeout(left if own is None else min(own, left))

    def _read(self, receive: Callable[[], T], length: Callable[[T], int]) -> T:
        try:
            self._arm()
            data = receive()
        except (BlockingIOError, ssl.SSLWantReadError):
            raise  # the driver set a time-out of 0: it only asks whether there is more
        except TimeoutError:
            if self._look.over or self._timeout is None:
                raise self._look.overdue() from None
            raise
        except OSError as error:
            raise explain(error, self._look) from None
        self._left -= length(data)
        if self._left < 0:
            raise LookError(ENDLESS)
        return data


class _Reader(io.RawIOBase):
    """The raw file under :meth:`Stream.makefile`."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        return self._stream.recv_into(buffer)

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._stream.reader_closed()
