"""What OpenSSL says of an endpoint's certificates, one question at a time.

A healthy endpoint costs one handshake, with everything checked as clients check it.
Where that fails, up to three more tell the faults apart, so that an expired certificate
does not look like one for the wrong host: one without the host's name, one without the
time (``X509_V_FLAG_NO_CHECK_TIME``), and one that trusts the server's own certificate,
whatever signed it, to ask for the name alone (``X509_V_FLAG_PARTIAL_CHAIN``).

Old protocol versions and weak keys are no obstacle (``@SECLEVEL=0``): they are facts
to be seen. cryptography's verifier is not used: it holds every chain against the
profile of public web authorities, and refuses healthy private ones (Ed25519 keys, a
CA's basicConstraints that are not critical); a test keeps the cases.
"""

from __future__ import annotations

import _ssl
import ssl
import struct
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import CLOSED, connect, explain
from pytest_readiness.probes.secure import trust_context, wrap

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import TlsEndpoint

__all__ = ["MOST_HANDSHAKES", "Answer", "Chain", "Shown", "Trust", "examine"]

Chain: TypeAlias = tuple[bytes, ...]
"""Certificates in DER, the server's own first."""

MOST_HANDSHAKES = 4
"""With one endpoint in one try; a healthy one takes one."""

_NO_CHECK_TIME = 0x200000
"""``X509_V_FLAG_NO_CHECK_TIME`` (openssl/x509_vfy.h); Python has no name for it."""

_EXPIRED = 10
"""``X509_V_ERR_CERT_HAS_EXPIRED``."""
_CHECKED_BEFORE_NAME = frozenset({26})
"""``X509_V_ERR_INVALID_PURPOSE``: found before OpenSSL gets to the name."""
_NAME = frozenset({62, 64})
"""``X509_V_ERR_``: host name mismatch, IP address mismatch."""

_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
"""PostgreSQL's request for TLS (documentation, section 55.2.11)."""


@dataclass(frozen=True)
class Answer:
    """Yes, no or unavailable, and why not."""

    value: bool | Unavailable
    why: str = ""


@dataclass(frozen=True)
class Shown:
    """What one endpoint showed."""

    trusted: Answer
    """Leads to the trust store, expiry aside: that is a matter of ``time_left``."""
    matches: Answer
    sent: Chain
    """As the server sent it."""
    path: Chain
    """From the server's certificate to the anchor; without one what was sent."""
    note: str = ""

    @property
    def anchored(self) -> bool:
        """Whether the path ends in the trust store."""
        return self.trusted.value is True


@dataclass(frozen=True)
class _Tried:
    """One handshake: the certificates, or OpenSSL's code for what they lack."""

    code: int = 0
    why: str = ""
    sent: Chain = ()
    verified: Chain = ()
    note: str = ""

    @property
    def passed(self) -> bool:
        return self.code == 0


class Trust:
    """The contexts for the questions; each loads the trust store once, when needed."""

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._made: dict[tuple[bool, bool], ssl.SSLContext] = {}

    def context(self, *, name: bool, time: bool) -> ssl.SSLContext:
        """Give a context that asks for the host's name and the time, or not."""
        with self._lock:
            if (name, time) not in self._made:
                context = _lenient(trust_context(self._ca_file))
                context.check_hostname = name
                if not time:
                    context.verify_flags |= _NO_CHECK_TIME
                self._made[name, time] = context
            return self._made[name, time]


def examine(endpoint: TlsEndpoint, trust: Trust, look: Look) -> Shown:
    """Ask one endpoint everything; one handshake where it is healthy.

    Raises:
        LookError: no TLS there, or no answer in time.
    """
    strict = _try(endpoint, trust.context(name=True, time=True), look)
    if strict.passed:
        yes = Answer(value=True)
        return Shown(yes, yes, strict.sent, strict.verified, strict.note)
    chain = strict
    if strict.code in _NAME:
        chain = _try(endpoint, trust.context(name=False, time=True), look)
    if chain.code == _EXPIRED:
        chain = _try(endpoint, trust.context(name=False, time=False), look)
    sent, path = chain.sent, chain.verified
    if not chain.passed:
        sent = path = _try(endpoint, _anybody(), look).sent
    if not sent:
        raise LookError("the server sends no certificate")
    if strict.code in _NAME:
        matches = Answer(value=False, why=strict.why)
    else:
        matches = _matches(endpoint, sent[0], look)
    return Shown(Answer(chain.passed, chain.why), matches, sent, path, chain.note)


def _matches(endpoint: TlsEndpoint, leaf: bytes, look: Look) -> Answer:
    """Ask for the name alone: the server's own certificate is the anchor."""
    context = _lenient(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context.load_verify_locations(cadata=leaf)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
    tried = _try(endpoint, context, look)
    if tried.passed or tried.code in _NAME:
        return Answer(tried.passed, tried.why)
    if tried.code in _CHECKED_BEFORE_NAME:
        reason = "the certificate is not for servers, so that its names do not count"
    else:
        reason = "the endpoint shows another certificate at each connection"
    return Answer(Unavailable(reason, Cause.NO_ANSWER))


def _try(endpoint: TlsEndpoint, context: ssl.SSLContext, look: Look) -> _Tried:
    """Connect and shake hands once."""
    sock = connect(endpoint.host, endpoint.port, look)
    try:
        if endpoint.starttls == "postgres":
            _ask_postgres(sock, look)
        return _shake(sock, context, endpoint.server_name or endpoint.host, look)
    except TimeoutError:
        raise look.overdue("in the TLS handshake") from None
    except OSError as error:
        raise explain(error, look) from None
    finally:
        sock.close()


def _shake(
    sock: socket.socket, context: ssl.SSLContext, name: str, look: Look
) -> _Tried:
    with wrap(sock, context, name) as wrapped:
        note = ""
        try:
            # CPython applies a socket's time-out to the handshake as a whole.
            wrapped.settimeout(look.remaining())
            wrapped.do_handshake()
        except ssl.SSLCertVerificationError as error:
            return _Tried(error.verify_code, error.verify_message)
        except ssl.SSLError as error:
            # Up to TLS 1.2 a server that wants a client certificate ends the handshake
            # after its own certificates were verified and its key was proven.
            if "_ALERT_" not in (error.reason or "") or not _chains(wrapped).sent:
                raise
            note = "asks for a client certificate"
        return replace(_chains(wrapped), note=note)


def _chains(wrapped: ssl.SSLSocket) -> _Tried:
    """Read the certificates: public since Python 3.13, private before."""
    private = getattr(wrapped, "_sslobj", None)
    reader: Any = wrapped if hasattr(wrapped, "get_unverified_chain") else private
    return _Tried(
        sent=_ders(reader.get_unverified_chain()),
        verified=_ders(reader.get_verified_chain()),
    )


def _ders(certificates: Sequence[bytes | _ssl.Certificate] | None) -> Chain:
    return tuple(
        one if isinstance(one, bytes) else one.public_bytes(_ssl.ENCODING_DER)
        for one in certificates or ()
    )


def _ask_postgres(sock: socket.socket, look: Look) -> None:
    """Ask a PostgreSQL server for TLS; it answers with one byte, and only then TLS."""
    sock.settimeout(look.remaining())
    sock.sendall(_SSL_REQUEST)
    answer = sock.recv(1)
    if answer == b"S":
        return
    if answer == b"N":
        raise LookError("the PostgreSQL there offers no TLS", final=True)
    raise LookError("what answers there is not PostgreSQL" if answer else CLOSED)


def _anybody() -> ssl.SSLContext:
    """Give a context that reads whatever certificates there are."""
    context = _lenient(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _lenient(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let a context see old protocols and weak keys, which are facts of their own.

    Names count in the certificate's alternative names alone (RFC 9525, section 6.3):
    browsers, Go and urllib3 have long ignored the subject's common name.
    """
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.hostname_checks_common_name = False
    return context
