"""How the server keeps others out: seen in one session, then tried from outside.

Three more connections are tried once the role is in: one without TLS and without a
password, one that stops when it is asked how it will log in, and one with a password
that is wrong. Nothing that is secret is ever sent where it should not be.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from psycopg import pq

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook
from pytest_readiness.probes.postgres import Postgres, refusals, session_looks
from pytest_readiness.probes.postgres.reading import Reader
from pytest_readiness.probes.postgres.session import BEGIN, END, TIMEOUT, Session
from pytest_readiness.probes.postgres.settings import connection_settings
from pytest_readiness.probes.postgres.tuning import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.postgres.session import Rows
    from pytest_readiness.target.blocks import PostgresBlock

__all__ = ["CERTIFICATE", "SCRAM", "STATEMENTS", "Defences"]

SCRAM, CERTIFICATE = "scram-sha-256", "certificate"
"""What the server may ask a stranger for."""

_NAMES = "'ssl', 'data_checksums', 'log_connections', 'password_encryption'"
_RULES = (
    "SELECT r.line_number, r.type, r.auth_method, COALESCE(r.address, ''),"
    " COALESCE(r.netmask, '') FROM pg_catalog.pg_hba_file_rules r"
    " WHERE r.auth_method IN ('trust', 'password', 'md5') AND r.type <> 'local'"
    " ORDER BY 1 LIMIT 200"
)
_VERIFIERS = (
    "SELECT a.rolname FROM pg_catalog.pg_authid a"
    " WHERE a.rolpassword LIKE 'md5%' ORDER BY 1 LIMIT 100"
)
_GRANT_RULES = (
    "GRANT SELECT ON pg_hba_file_rules TO {user};"
    " GRANT EXECUTE ON FUNCTION pg_hba_file_rules() TO {user}"
)
_GRANT_VERIFIERS = "GRANT SELECT (rolname, rolpassword) ON pg_authid TO {user}"
STATEMENTS = (BEGIN, TIMEOUT, SETTINGS, _RULES, _VERIFIERS, END)
"""What is sent. The last two are for roles that were granted them; see the details."""

_LIBPQ_THAT_TELLS = 160_000
"""Since 16 libpq has ``require_auth``, and so can tell what it was asked for."""
_SHUT = frozenset(
    {refusals.NOT_ADMITTED, refusals.WANTS_TLS, refusals.WANTS_CERTIFICATE}
)
_TRIES = 3


@dataclass(frozen=True, kw_only=True)
class Defences(Facts):
    """What one server demands of those who come over the network."""

    block: ClassVar[str] = "postgres"

    encrypted: Observed[bool]
    """Whether our own session runs over TLS; the detail notes checksums and logging."""
    offers_tls: Observed[bool]
    """Whether the server's setting ``ssl`` is on."""
    plaintext_refused: Observed[bool]
    """Whether a session without TLS is refused before it is asked for a password."""
    asks_for: Observed[str]
    """How our role must show who it is: ``scram-sha-256``, ``certificate``, or what
    else; nothing is sent to find out."""
    stranger_refused: Observed[bool]
    """Whether a wrong password was refused; tried once."""
    password_encryption: Observed[str]
    """How new passwords are kept."""
    rules_shown: Observed[bool]
    """Whether our role may read pg_hba.conf's rules."""
    weak_rules: Observed[tuple[str, ...]]
    """Rules for other addresses than loopback with trust, password or md5."""
    verifiers_shown: Observed[bool]
    """Whether our role may see how passwords are kept."""
    md5_roles: Observed[tuple[str, ...]]
    """Roles whose password is kept as an MD5."""

    @classmethod
    def gather(cls, block: PostgresBlock, look: Look) -> Self:
        """Read the settings in one session, then try the door from outside."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: PostgresBlock, look: Look) -> Self:
        settings = connection_settings(block)
        with Session.open(settings, look) as session:
            reader = Reader(session, look, f"[target.{look.environment}.postgres]")
            read = _read(reader, network=_over_network(settings))
        if not _over_network(settings):
            nothing: Observed[Any] = look.seen(_ON_A_SOCKET)
            names = ("plaintext_refused", "asks_for", "stranger_refused")
            return cls(**read, **dict.fromkeys(names, nothing))
        return cls(
            **read,
            plaintext_refused=_plaintext(settings, look),
            asks_for=_asks_for(settings, look),
            stranger_refused=_stranger(settings, look),
        )

    @classmethod
    def looks(cls, block: PostgresBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is sent, and what is tried."""
        grants = {_RULES: _GRANT_RULES, _VERIFIERS: _GRANT_VERIFIERS}
        return session_looks(
            block,
            *(
                PlannedLook("statement", s, grant=grants.get(s, ""), optional=True)
                for s in STATEMENTS
            ),
            PlannedLook("connection", "without TLS and without a password"),
            PlannedLook("connection", "ended when it is asked to log in"),
            PlannedLook("connection", "with a wrong password, once"),
        )

    @staticmethod
    def source(block: PostgresBlock) -> str:
        """Name the database: ``postgresql://db.example:5432/app``."""
        return Postgres.source(block)


_ON_A_SOCKET = Unavailable(
    "the session runs over a Unix socket, which shows nothing of the network",
    Cause.LOCAL,
    "give the server's host in the target file",
)


def _over_network(settings: Mapping[str, str]) -> bool:
    return bool(settings.get("hostaddr")) or not settings["host"].startswith(("/", "@"))


def _read(reader: Reader, *, network: bool) -> dict[str, Observed[Any]]:
    seen = reader.look.seen
    settings = reader.rows(SETTINGS.format(names=_NAMES), "pg_settings").map(
        lambda rows: {name: value for name, value, _ in rows}
    )
    rules = reader.rows(_RULES, "pg_hba_file_rules", _GRANT_RULES)
    roles = reader.rows(_VERIFIERS, "pg_authid", _GRANT_VERIFIERS)
    detail = _advice(settings.otherwise({}), (rules, roles))
    encrypted = reader.session.encrypted if network else _ON_A_SOCKET
    return {
        "encrypted": seen(encrypted, what="the session", detail=detail),
        "offers_tls": settings.map(lambda known: known.get("ssl") == "on"),
        "password_encryption": settings.map(
            lambda known: known.get("password_encryption", "")
        ),
        "rules_shown": _shown(reader, rules),
        "weak_rules": rules.map(_weak_rules),
        "verifiers_shown": _shown(reader, roles),
        "md5_roles": roles.map(lambda rows: tuple(row[0] for row in rows)),
    }


def _shown(reader: Reader, fact: Observed[Any]) -> Observed[bool]:
    value = fact.value
    withheld = isinstance(value, Unavailable) and value.cause is Cause.WITHHELD
    return reader.look.seen(not withheld)


def _advice(settings: Mapping[str, str], facts: Sequence[Observed[Any]]) -> str:
    """Note what is good practice and not judged, and what the role may not see."""
    notes = [
        f"{what} {'off' if settings.get(name) in {'off', ''} else 'on'}"
        for name, what in (
            ("data_checksums", "data checksums"),
            ("log_connections", "logging of connections"),
        )
        if name in settings
    ]
    values = [fact.value for fact in facts]
    notes += [
        f"not shown: {value.remedy}"
        for value in values
        if isinstance(value, Unavailable) and value.cause is Cause.WITHHELD
    ]
    return "; ".join(notes)


def _weak_rules(rows: Rows) -> tuple[str, ...]:
    return tuple(rule for row in rows if (rule := _weak(row)))


def _weak(row: Sequence[str]) -> str:
    """Describe a rule, unless it is for this machine alone."""
    line, kind, method, address, mask = row
    try:
        if ipaddress.ip_network(f"{address}/{mask}", strict=False).is_loopback:
            return ""
    except ValueError:
        pass  # a name, or a word such as all or samenet
    if address in {"localhost", "127.0.0.1", "::1"}:
        return ""
    return f"line {line}: {kind} {address or 'all'} {method}"


def _plaintext(settings: Mapping[str, str], look: Look) -> Observed[bool]:
    plain = {"sslmode": "disable", "password": "", "sslcertmode": "disable"}

    def attempt() -> bool | Unavailable:
        reason = _tried({**settings, **plain}, look)
        if reason.reason in _SHUT:
            return True
        return False if reason.reason in {_IN, refusals.ASKS} else reason

    return look.observe(attempt, what="without TLS")


def _asks_for(settings: Mapping[str, str], look: Look) -> Observed[str]:
    """See what the server asks for: libpq stops at the question."""
    bare = {"password": "", "require_auth": f"!{SCRAM}", "sslcertmode": "disable"}
    answers = {
        refusals.ANOTHER_LOGIN: SCRAM,
        refusals.WANTS_CERTIFICATE: CERTIFICATE,
        refusals.ASKS: "a password, in plain or as MD5",
        _IN: "nothing",
    }

    def attempt() -> str | Unavailable:
        if pq.version() < _LIBPQ_THAT_TELLS:
            return Unavailable("libpq 16 or newer is needed to see it", Cause.LOCAL)
        reason = _tried(_without_certificate({**settings, **bare}), look)
        return answers.get(reason.reason, reason)

    return look.observe(attempt, what="log-in")


def _stranger(settings: Mapping[str, str], look: Look) -> Observed[bool]:
    wrong = _without_certificate({**settings, "password": secrets.token_urlsafe(18)})
    shut = {*_SHUT, refusals.REJECTED}

    def attempt() -> bool | Unavailable:
        reason = _tried(wrong, look)
        if reason.reason in shut:
            return True
        return False if reason.reason == _IN else reason

    return look.observe(attempt, what="wrong password")


_IN = "it was let in"


def _without_certificate(settings: Mapping[str, str]) -> dict[str, str]:
    kept = {w: v for w, v in settings.items() if w not in {"sslcert", "sslkey"}}
    return {**kept, "sslcertmode": "disable"}


def _tried(settings: Mapping[str, str], look: Look) -> Unavailable:
    """Give why no session came to be; that one did is a reason as well."""
    share = look.share(look.remaining() / _TRIES)
    try:
        with Session.open(settings, share):
            return Unavailable(_IN)
    except LookError as error:
        return error.unavailable
