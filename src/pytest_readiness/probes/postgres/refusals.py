"""libpq's error texts in our own words: what they mean and whose fault it is.

libpq gives a failed connection no SQLSTATE, only a text, which may quote anything.
Nothing of it is passed on: it is recognised, or it is "refused". The system's part of
a text is compared with ``os.strerror``, which speaks the same language.
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import CLOSED, LOCAL_ERRORS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ANOTHER_LOGIN",
    "ASKS",
    "NOT_ADMITTED",
    "NOT_POSTGRES",
    "NO_DATABASE",
    "REJECTED",
    "WANTS_CERTIFICATE",
    "WANTS_TLS",
    "refusal",
]

NOT_POSTGRES = "what answers there is not PostgreSQL"
NO_DATABASE = "the database does not exist"
NOT_ADMITTED = "pg_hba.conf admits no such connection"
WANTS_TLS = "the server wants TLS"
WANTS_CERTIFICATE = "the server wants a client certificate that it accepts"
ASKS = "the server asks for a password and the target gives none"
ANOTHER_LOGIN = "the server asks for another log-in than the target allows"
REJECTED = "the server rejected the credential"


class _Refusal(NamedTuple):
    pattern: str
    reason: str
    remedy: str = ""
    cause: Cause = Cause.NO_ANSWER
    final: bool = True


_LIBPQ_SAYS: Sequence[_Refusal] = (
    _Refusal(
        r"does not support SSL|server refused SSL",
        "the server offers no TLS, which the sslmode demands",
    ),
    _Refusal(
        r"server certificate for .* does not match host name",
        "the server's certificate does not carry the host's name",
    ),
    _Refusal(
        r"certificate verify failed",
        "the server's certificate is not trusted",
        "check ca_file, and the server's certificate",
    ),
    _Refusal(
        r"alert .*certificate|alert unknown ca|certificate required",
        "the server does not accept the client certificate",
        "check cert_file and key_file",
    ),
    _Refusal(
        r"certificate file|private key|SSL CA|certificate revocation list",
        "ca_file, cert_file or key_file cannot be used",
        "check that they exist, fit, and that the key is mode 0600",
        Cause.LOCAL,
    ),
    _Refusal(
        r"authentication method requirement|channel binding (is )?required",
        ANOTHER_LOGIN,
    ),
    _Refusal(
        r"no password supplied",
        ASKS,
        "set password",
    ),
    _Refusal(
        r"session is (not )?read-only|hot standby mode",
        "the server's role is not what target_session_attrs asks for",
    ),
    _Refusal(
        r"SSL negotiation|unencrypted data after SSL|expected authentication request"
        r"|lost synchronization|unexpected (message|response)|invalid message"
        r"|message (type|contents|length)|protocol (extension|version|violation)"
        r"|SASL|authentication method|authentication request|authentication response",
        NOT_POSTGRES,
    ),
    _Refusal(r"closed the connection|unexpected eof|SYSCALL", CLOSED, final=False),
    _Refusal(r"SSL error|TLS", "TLS with the server failed", final=False),
    _Refusal(
        r"invalid connection option|invalid .* value|definition of service",
        "libpq does not understand the connection's settings",
        "",
        Cause.LOCAL,
    ),
)
"""What libpq itself found wrong; in this order, for a text may match several."""

_SERVER_SAYS: Sequence[_Refusal] = (
    _Refusal(
        r"valid client certificate|certificate authentication",
        WANTS_CERTIFICATE,
        "set cert_file and key_file",
    ),
    _Refusal(
        r"authentication failed|no such user|wrong password|password mismatch",
        REJECTED,
        "check user and password",
    ),
    _Refusal(
        r'role ".*" does not exist', "the role does not exist", "CREATE ROLE ... LOGIN"
    ),
    _Refusal(
        r"not permitted to log in", "the role may not log in", "ALTER ROLE ... LOGIN"
    ),
    _Refusal(
        r'database ".*" does not exist|no such database',
        NO_DATABASE,
        "CREATE DATABASE, or check the name",
    ),
    _Refusal(
        r"permission denied for database",
        "the role may not connect to the database",
        "GRANT CONNECT ON DATABASE ... TO ...",
    ),
    _Refusal(r"SSL (connection )?(is )?required", WANTS_TLS, "set sslmode"),
    _Refusal(
        r"pg_hba\.conf",
        NOT_ADMITTED,
        "admit this role, database, address and encryption in pg_hba.conf",
    ),
    _Refusal(
        r"too many|connection slots|connection limit|max_client_conn",
        "the server has no free connection",
        final=False,
    ),
    _Refusal(
        r"starting up|shutting down|recovery mode|not yet accepting|cannot connect to",
        "the server is not ready for connections",
        final=False,
    ),
    _Refusal(
        r"unsupported (frontend protocol|startup)", "the server refused the start-up"
    ),
)
"""What the server answered, in English; other languages get the general reason."""

_FROM_SERVER = re.compile(r"[^\s:]+:  ")
"""libpq writes the severity, a colon and two spaces before a server's text."""

_PLACE = re.compile(r"^connection to server [^\n]*? failed: ")

_SYSTEM_ERRORS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: CLOSED,
    errno.EPIPE: CLOSED,
    errno.ETIMEDOUT: "no answer to the connection's attempt",
    errno.ENOENT: "there is no such socket",
}


def refusal(message: str) -> LookError:
    """Make our error of libpq's text for a connection that failed."""
    # Host, address and port are no part of the reason.
    text = _PLACE.sub("", message, count=1)
    if _FROM_SERVER.match(text):
        general = "the server refused the session"
        return _known(_SERVER_SAYS, text) or LookError(
            general, remedy="the server's log says why", final=True
        )
    return (
        _known(_LIBPQ_SAYS, text)
        or _system_error(text)
        or LookError("the connection failed", remedy="try it with psql")
    )


def _known(table: Sequence[_Refusal], text: str) -> LookError | None:
    for known in table:
        if re.search(known.pattern, text, re.IGNORECASE):
            return LookError(
                known.reason,
                known.cause,
                known.remedy,
                final=known.final,
                rejected=known.reason == REJECTED,
            )
    return None


def _system_error(text: str) -> LookError | None:
    for code, words in _SYSTEM_ERRORS.items():
        if os.strerror(code) in text:
            return LookError(words)
    for code in LOCAL_ERRORS:
        if os.strerror(code) in text:
            reason = f"cannot be reached from this host: {os.strerror(code)}"
            return LookError(reason, Cause.LOCAL)
    return None
