from __future__ import annotations

import errno
import os

import pytest

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.postgres.refusals import NOT_POSTGRES, refusal

AT = 'connection to server at "db.example" (10.0.0.1), port 5432 failed: '


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'FATAL:  password authentication failed for user "app"',
            "the server rejected the credential",
        ),
        ("FATAL:  SASL authentication failed", "the server rejected the credential"),
        ("FATAL:  no such user: app", "the server rejected the credential"),
        ('FATAL:  role "app" does not exist', "the role does not exist"),
        ('FATAL:  role "app" is not permitted to log in', "the role may not log in"),
        ('FATAL:  database "app" does not exist', "the database does not exist"),
        ("FATAL:  no such database: app", "the database does not exist"),
        (
            'FATAL:  permission denied for database "app"\nDETAIL:  no CONNECT',
            "the role may not connect to the database",
        ),
        (
            'FATAL:  no pg_hba.conf entry for host "10.0.0.2", no encryption',
            "pg_hba.conf admits no such connection",
        ),
        (
            "FATAL:  sorry, too many clients already",
            "the server has no free connection",
        ),
        (
            "FATAL:  remaining connection slots are reserved for roles with ...",
            "the server has no free connection",
        ),
        (
            "FATAL:  the database system is starting up",
            "the server is not ready for connections",
        ),
        (
            "FATAL:  pgbouncer cannot connect to server",
            "the server is not ready for connections",
        ),
        (
            "FATAL:  connection requires a valid client certificate",
            "the server wants a client certificate that it accepts",
        ),
        (
            "FATAL:  unsupported startup parameter: options",
            "the server refused the start-up",
        ),
        (
            "FATAL:  Passwort-Authentifizierung gescheitert",
            "the server refused the session",
        ),
        ("ВАЖНО:  пользователь не прошёл проверку", "the server refused the session"),
        (
            "server does not support SSL, but SSL was required",
            "the server offers no TLS, which the sslmode demands",
        ),
        (
            'server certificate for "x" does not match host name "y"',
            "the server's certificate does not carry the host's name",
        ),
        (
            "SSL error: certificate verify failed",
            "the server's certificate is not trusted",
        ),
        (
            "SSL error: tlsv13 alert certificate required",
            "the server does not accept the client certificate",
        ),
        (
            "fe_sendauth: no password supplied",
            "the server asks for a password and the target gives none",
        ),
        (
            'authentication method requirement "none" failed: server requested SASL',
            "the server asks for another log-in than the target allows",
        ),
        (
            "session is read-only",
            "the server's role is not what target_session_attrs asks for",
        ),
        ("received invalid response to SSL negotiation: H", NOT_POSTGRES),
        ("received unencrypted data after SSL response", NOT_POSTGRES),
        ("expected authentication request from server, but received -", NOT_POSTGRES),
        (
            "server closed the connection unexpectedly\n\tThis probably means",
            "the server closed the connection",
        ),
        ("SSL error: wrong version number", "TLS with the server failed"),
        (f"{os.strerror(errno.ECONNREFUSED)}\n\tIs the server", "connection refused"),
        (os.strerror(errno.ECONNRESET), "the server closed the connection"),
        ("something new in libpq", "the connection failed"),
    ],
)
def test_a_refusal_is_an_observation_in_our_words(text: str, reason: str) -> None:
    unavailable = refusal(f"{AT}{text}\n").unavailable
    assert (unavailable.reason, unavailable.cause) == (reason, Cause.NO_ANSWER)


@pytest.mark.parametrize(
    "text",
    [
        'root certificate file "/etc/ca.pem" does not exist',
        'could not read certificate file "/etc/client.pem": no such file',
        'private key file "/etc/client.key" has group or world access',
        'invalid connection option "sslmod"',
        os.strerror(errno.ENETUNREACH),
        os.strerror(errno.EHOSTUNREACH),
    ],
)
def test_what_is_wrong_here_is_local(text: str) -> None:
    assert refusal(f"{AT}{text}\n").unavailable.cause is Cause.LOCAL


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ('FATAL:  password authentication failed for user "app"', True),
        ("FATAL:  a refusal that nobody knows", True),
        ("FATAL:  the database system is starting up", False),
        (os.strerror(errno.ECONNREFUSED), False),
    ],
)
def test_no_credential_is_tried_twice_and_what_may_pass_is(
    text: str, *, final: bool
) -> None:
    assert refusal(AT + text).final is final


def test_a_server_cannot_make_its_refusal_look_local() -> None:
    hostile = 'FATAL:  private key file "x" has group or world access'
    assert refusal(AT + hostile).unavailable.cause is Cause.NO_ANSWER


def test_the_name_of_the_host_is_no_part_of_the_reason() -> None:
    text = 'connection to server at "pg_hba.conf.too many", port 1 failed: FATAL:  odd'
    assert refusal(text).unavailable.reason == "the server refused the session"


@pytest.mark.parametrize("severity", ["", "FATAL:  "])
def test_nothing_of_the_text_is_passed_on(severity: str) -> None:
    error = refusal(f"{AT}{severity}hunter2hunter2 in any shape")
    assert "hunter2" not in repr(error.unavailable)
