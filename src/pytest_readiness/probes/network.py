"""Connections that cannot outlast a look, and what their errors mean.

Drivers' own time-outs are per read (a server that sends a byte a second never meets
one) or whole seconds; everything here ends at the look's deadline. Errors come out as
:class:`~pytest_readiness.probes.look.LookError`, with the cause told apart: what is
wrong here (no route, no resolver) is not the server's refusal.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import ssl
import struct
import threading
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.probes.look import Look

__all__ = [
    "CLOSED",
    "ENDLESS",
    "INTAKE",
    "LOCAL_ERRORS",
    "Address",
    "connect",
    "connect_unix",
    "explain",
    "leaves_host",
    "received",
    "resolve",
    "same_network",
    "unresolved",
]

LOCAL_ERRORS = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.EHOSTDOWN,
        errno.EADDRNOTAVAIL,
        errno.EAFNOSUPPORT,
        errno.EPERM,
        errno.EACCES,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
    }
)
"""Errors of a connect that come from this host, not from the other side."""

CLOSED = "the server closed the connection"
"""The reason for a connection that ended before its answer did."""

ENDLESS = "the server sends without end"
"""The reason for a connection that brought more than :data:`INTAKE`."""

INTAKE = 1_000_000
"""Bytes that a look takes from one connection: no fact is longer."""

_SSL_REASONS = {
    "WRONG_VERSION_NUMBER": "the answer is not TLS",
    "HTTP_REQUEST": "the answer is not TLS",
    "RECORD_LAYER_FAILURE": "the answer is not TLS",
    "UNEXPECTED_MESSAGE": "the answer is not TLS",
    "UNEXPECTED_EOF_WHILE_READING": CLOSED,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server wants a client certificate",
}

_BYTES_RECEIVED = struct.Struct("=Q")
_BYTES_RECEIVED_AT = 128

_UNKNOWN_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", -5)})


class Address(NamedTuple):
    """Where to connect to: what ``getaddrinfo`` gave."""

    family: int
    sockaddr: tuple[object, ...]

    @property
    def ip(self) -> str:
        """The numeric address."""
        return str(self.sockaddr[0])


def resolve(host: str, port: int, look: Look) -> tuple[Address, ...]:
    """Give the addresses of a host name, in the resolver's order.

    ``getaddrinfo`` cannot be interrupted and waits as long as resolv.conf says, so it
    runs in a thread that is left behind at the deadline.
    """
    found: list[tuple[Address, ...]] = []
    failed: list[OSError | UnicodeError] = []

    def ask() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(error)
        else:
            found.append(tuple(Address(info[0], info[4]) for info in infos))

    if _numeric(host):
        ask()
    else:
        asking = threading.Thread(target=ask, name=f"resolve {host}", daemon=True)
        asking.start()
        asking.join(look.remaining())
    if found:
        return found[0]
    if failed:
        raise unresolved(host, failed[0])
    reason = f"no resolver answered for the name {host} within {look.timeout:g} s"
    raise LookError(reason, Cause.LOCAL, "check this host's resolver")


def connect(host: str, port: int, look: Look) -> socket.socket:
    """Connect to the first address of ``host`` that answers."""
    addresses = resolve(host, port, look)
    last = LookError(f"the name {host} has no address")
    for index, address in enumerate(addresses):
        # A black-holed IPv6 address must leave time for the IPv4 one behind it.
        share = look.share(look.remaining() / (len(addresses) - index))
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(share.remaining())
            sock.connect(address.sockaddr)
        except OSError as error:
            sock.close()
            last = explain(error, look)
            if look.over:
                break
        else:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise last


def connect_unix(path: Path, look: Look) -> socket.socket:
    """Connect to a Unix domain socket."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(look.remaining())
        sock.connect(os.fspath(path))
    except OSError as error:
        sock.close()
        if error.errno == errno.ENOENT:
            raise LookError(f"there is no socket {path}") from None
        raise explain(error, look) from None
    return sock


def explain(error: OSError, look: Look) -> LookError:
    """Say in our words what a socket's error means, and whose fault it is."""
    if isinstance(error, TimeoutError):
        return look.overdue()
    # Before any errno: SSL_ERROR_SSL is 1, which would read as EPERM.
    if isinstance(error, ssl.SSLError):
        return LookError(f"TLS failed: {_ssl_words(error)}")
    if error.errno == errno.ECONNREFUSED:
        return LookError("connection refused")
    if error.errno in LOCAL_ERRORS:
        text = os.strerror(error.errno)
        return LookError(f"cannot be reached from this host: {text}", Cause.LOCAL)
    if isinstance(error, ConnectionError) or error.errno == errno.ENOTCONN:
        return LookError(CLOSED)
    text = os.strerror(error.errno) if error.errno else type(error).__name__
    return LookError(f"connection failed: {text}")


def unresolved(host: str, error: OSError | UnicodeError) -> LookError:
    """Say why a name has no address: nobody knows it, or nobody was asked."""
    if isinstance(error, UnicodeError):
        return LookError("the host's name is not a valid name", final=True)
    if error.errno in _UNKNOWN_NAME:
        return LookError(f"the name {host} is unknown")
    # EAI_AGAIN and the rest: the resolver, not the name.
    reason = f"the resolver gave no answer for the name {host}"
    return LookError(reason, Cause.LOCAL, "check this host's resolver")


def received(descriptor: int) -> int:
    """Give the bytes that came in over a TCP connection so far; 0 where unknown.

    For drivers that read into memory of their own. ``tcpi_bytes_received`` of Linux's
    ``struct tcp_info`` (linux/tcp.h, fields are only ever appended).
    """
    if not hasattr(socket, "TCP_INFO"):
        return 0
    end = _BYTES_RECEIVED.size + _BYTES_RECEIVED_AT
    try:
        with socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as sock:
            info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, end)
    except OSError:
        return 0  # a Unix socket
    if len(info) < end:
        return 0
    count: int = _BYTES_RECEIVED.unpack_from(info, _BYTES_RECEIVED_AT)[0]
    return count


def leaves_host(host: str) -> bool:
    """Whether what is sent to a host leaves this one; a path is a Unix socket's."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return False
    return not (_numeric(host) and ipaddress.ip_address(host).is_loopback)


def same_network(sock: socket.socket) -> bool:
    """Whether the peer is on this host or at a private address (RFC 1918, RFC 4193).

    Raises:
        LookError: the peer has gone already.
    """
    if sock.family not in {socket.AF_INET, socket.AF_INET6}:
        return True
    try:
        name = str(sock.getpeername()[0])
    except OSError:
        raise LookError(CLOSED) from None
    peer = ipaddress.ip_address(name.partition("%")[0])
    peer = getattr(peer, "ipv4_mapped", None) or peer
    return peer.is_loopback or peer.is_private or peer.is_link_local


def _numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _ssl_words(error: ssl.SSLError) -> str:
    """Give OpenSSL's fixed words for an error; they quote nothing the peer sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return CLOSED
    reason = getattr(error, "reason", None) or "the handshake broke off"
    return _SSL_REASONS.get(reason, reason.replace("_", " ").lower())
