"""Reads a libpq connection URI or string, to refuse those that would leak.

The driver quotes what it does not understand: with an unescaped ``@`` the tail of the
password becomes a host name, with an unescaped space a connection word. Such DSNs are
refused here, without quoting them. Rules: PostgreSQL documentation, section 34.1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from pytest_readiness.target.values import Mistake

__all__ = ["Dsn", "parse_dsn"]

_SCHEMES = ("postgresql://", "postgres://")
_PORT = 5432
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_WORD = re.compile(
    r"\s*(?P<word>[a-z_]+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<bare>(?:[^\s'\\]|\\.)*))"
    r"(?=\s|$)"
)
_WORDS = frozenset(
    [
        "host",
        "hostaddr",
        "port",
        "dbname",
        "user",
        "password",
        "passfile",
        "require_auth",
        "channel_binding",
        "connect_timeout",
        "client_encoding",
        "options",
        "application_name",
        "fallback_application_name",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "replication",
        "gssencmode",
        "sslmode",
        "requiressl",
        "sslnegotiation",
        "sslcompression",
        "sslcert",
        "sslkey",
        "sslkeylogfile",
        "sslpassword",
        "sslcertmode",
        "sslrootcert",
        "sslcrl",
        "sslcrldir",
        "sslsni",
        "requirepeer",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "min_protocol_version",
        "max_protocol_version",
        "krbsrvname",
        "gsslib",
        "gssdelegation",
        "service",
        "target_session_attrs",
        "load_balance_hosts",
        "scram_client_key",
        "scram_server_key",
        "oauth_issuer",
        "oauth_client_id",
        "oauth_client_secret",
        "oauth_scope",
        "servicefile",
    ]
)
_SECRET_WORDS = (
    "password",
    "sslpassword",
    "scram_client_key",
    "scram_server_key",
    "oauth_client_secret",
)
_ENCODE = "percent-encode the user and the password (@ is %40, / is %2F, : is %3A)"
_QUOTE = "write word=value pairs; a value with spaces stands in single quotes"


@dataclass(frozen=True, slots=True)
class Dsn:
    """What a DSN says, apart from its secrets; those are for the redactor."""

    host: str
    port: int
    database: str
    words: frozenset[str]
    secrets: tuple[str, ...] = field(default=(), repr=False)


def parse_dsn(text: str) -> Dsn:
    """Read a connection URI or string; raise Mistake, which quotes nothing of it."""
    if not text.isprintable():
        what = "holds a control character"
        raise Mistake(what, "write it on one line")
    return _parse_uri(text) if text.startswith(_SCHEMES) else _parse_words(text)


def _parse_uri(text: str) -> Dsn:
    rest = text.partition("://")[2]
    if _ESCAPE.search(rest):
        what = "holds a % that is no percent-encoding"
        raise Mistake(what, "write % as %25")
    if " " in rest:
        what = "holds a space"
        raise Mistake(what, "write it as %20")
    main, _, query = rest.partition("?")
    authority, _, database = main.partition("/")
    credentials, at, hosts = authority.rpartition("@")
    if "@" in credentials or "@" in database or "@" in query or (at and not hosts):
        what = "holds an @ that is not percent-encoded"
        raise Mistake(what, _ENCODE)
    user, _, password = credentials.partition(":")
    values = {"user": user, "password": password, "dbname": database}
    host, port = _first_host(hosts)
    values |= {"host": host, "port": port} | _query(query)
    return _dsn({word: unquote(value) for word, value in values.items() if value})


def _first_host(hosts: str) -> tuple[str, str]:
    """Give host and port of the first of several; evidence names one."""
    first = hosts.split(",", maxsplit=1)[0]
    if first.startswith("["):
        host, _, port = first[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = first.partition(":")
    return host, port


def _query(query: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    if not all(equals for _, equals, _ in pairs):
        what = "holds a parameter without a value"
        raise Mistake(what, "write ?word=value&word=value")
    return {unquote(word): value for word, _, value in pairs} | (
        {"sslmode": "require"} if ("ssl", "=", "true") in pairs else {}
    )


def _parse_words(text: str) -> Dsn:
    values: dict[str, str] = {}
    end = 0
    while text[end:].strip():
        found = _WORD.match(text, end)
        if found is None:
            what = "is neither a postgresql:// URI nor word=value pairs"
            raise Mistake(what, _QUOTE)
        bare = found["quoted"] if found["bare"] is None else found["bare"]
        values[found["word"]] = re.sub(r"\\(.)", r"\1", bare)
        end = found.end()
    host, port = values.get("host", ""), values.get("port", "")
    values |= {"host": host.split(",")[0], "port": port.split(",")[0]}
    return _dsn({word: value for word, value in values.items() if value})


def _dsn(values: dict[str, str]) -> Dsn:
    if not values.keys() <= _WORDS | {"ssl"}:
        what = "holds a word that libpq does not know"
        raise Mistake(what, f"{_QUOTE}; {_ENCODE}")
    port = values.get("port", str(_PORT))
    if not re.fullmatch(r"[0-9]{1,5}", port):
        what = "holds a port that is no number"
        raise Mistake(what, _ENCODE)
    return Dsn(
        host=values.get("host", values.get("hostaddr", "")),
        port=int(port),
        database=values.get("dbname", values.get("user", "")),
        words=frozenset(values),
        secrets=tuple(values[word] for word in _SECRET_WORDS if word in values),
    )
