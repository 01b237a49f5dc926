"""TLS for probes that are clients of a service: whom to trust, and the handshake."""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import explain

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from pytest_readiness.probes.look import Look

__all__ = ["load_client_certificate", "secured", "trust_context", "wrap"]


def trust_context(ca_file: Path | None) -> ssl.SSLContext:
    """Give a client context that trusts ``ca_file``, else the system's store.

    Raises:
        LookError: the file cannot be read or holds no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if ca_file is None:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        else:
            context.load_verify_locations(cafile=ca_file)
    except OSError as error:
        why = _file_words(error, "no certificate in it")
        reason = f"the ca_file {ca_file} cannot be used: {why}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    return context


def load_client_certificate(
    context: ssl.SSLContext, cert_file: Path, key_file: Path | None
) -> None:
    """Let ``context`` present a client certificate.

    Raises:
        LookError: one of the files cannot be read, or they do not fit.
    """
    try:
        # Without a password OpenSSL would ask for an encrypted key's on the terminal.
        context.load_cert_chain(cert_file, key_file, password="")
    except OSError as error:
        why = _file_words(error, "no certificate and key that fit, or an encrypted key")
        reason = f"the client certificate {cert_file} cannot be used: {why}"
        raise LookError(reason, Cause.LOCAL, final=True) from None


def wrap(
    sock: socket.socket, context: ssl.SSLContext, server_name: str
) -> ssl.SSLSocket:
    """Put TLS over a connected socket, which it closes with itself; no handshake yet.

    Raises:
        LookError: ``server_name`` cannot be asked for.
    """
    try:
        return context.wrap_socket(
            sock, server_hostname=server_name, do_handshake_on_connect=False
        )
    except ValueError:
        sock.close()
        reason = f"{server_name} is no name that TLS can ask for"
        raise LookError(reason, Cause.LOCAL, final=True) from None


def secured(
    sock: socket.socket, context: ssl.SSLContext, server_name: str, look: Look
) -> ssl.SSLSocket:
    """Shake hands as a client that trusts nobody without proof.

    Raises:
        LookError: no handshake, and why.
    """
    wrapped = wrap(sock, context, server_name)
    try:
        # CPython applies a socket's time-out to the handshake as a whole.
        wrapped.settimeout(look.remaining())
        wrapped.do_handshake()
    except TimeoutError:
        wrapped.close()
        raise look.overdue("in the TLS handshake") from None
    except OSError as error:
        wrapped.close()
        raise explain(error, look) from None
    return wrapped


def _file_words(error: OSError, otherwise: str) -> str:
    """Say why a file cannot be loaded: the system's word, else ``otherwise``."""
    if isinstance(error, ssl.SSLError) or not error.errno:
        return otherwise
    return os.strerror(error.errno)
