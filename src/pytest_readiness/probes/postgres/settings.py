"""From the target's block to libpq's settings: what the target says, and only that.

libpq fills what is not given from some thirty environment variables; a ``PGSSLMODE``
there would change what is judged, so whatever matters is given.
"""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.errors import ProbeError
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pytest_readiness.target.blocks import PostgresBlock
    from pytest_readiness.target.secret import Secret

__all__ = ["APPLICATION_NAME", "FILES", "connection_settings", "shown_settings"]

APPLICATION_NAME = "pytest-readiness"
"""What ``pg_stat_activity`` shows of our sessions."""

_ALWAYS_GIVEN = {
    "options": "",  # PgBouncer refuses start-up options
    "password": "",
    "client_encoding": "UTF8",
    "gssencmode": "disable",  # Kerberos would block beyond every deadline
    "target_session_attrs": "any",
    "requirepeer": "",
    # Otherwise a password lies in the home directory of who runs this.
    "passfile": f"{os.devnull}/none",
}
"""Given where the target says nothing, so that no environment variable fills it in."""


FILES = (
    "passfile",
    "servicefile",
    "sslrootcert",
    "sslcrl",
    "sslcrldir",
    "sslcert",
    "sslkey",
)
"""Which settings name what libpq reads."""

_SHOWN = ("host", "hostaddr", "port", "user", "dbname", "sslmode", *FILES)


def connection_settings(block: PostgresBlock) -> dict[str, str]:
    """Give libpq's settings, the password among them.

    Raises:
        ProbeError: a secret is missing, or libpq does not understand the DSN.
    """
    if block.dsn is not None:
        return _completed(block, _from_dsn(block.dsn))
    said = _from_fields(block)
    if block.password is not None:
        said["password"] = block.password.reveal()
    return _completed(block, said)


def shown_settings(block: PostgresBlock) -> dict[str, str]:
    """Give those of the settings that anybody may see, by the words in ``_SHOWN``.

    Of a DSN that is missing or wrong, with which nothing is sent, only the defaults.
    """
    try:
        said = _from_fields(block) if block.dsn is None else _from_dsn(block.dsn)
    except ProbeError:
        said = {}
    settings = _completed(block, said)
    unset = _ALWAYS_GIVEN["passfile"]
    return {
        word: settings[word]
        for word in _SHOWN
        if settings.get(word) and settings[word] != unset
    }


def _completed(block: PostgresBlock, said: dict[str, str]) -> dict[str, str]:
    settings = _ALWAYS_GIVEN | said
    settings["application_name"] = APPLICATION_NAME
    settings.setdefault("sslmode", block.sslmode)
    for word, path in (
        ("sslrootcert", block.ca_file),
        ("sslcert", block.cert_file),
        ("sslkey", block.key_file),
    ):
        if path is not None:
            settings.setdefault(word, str(path))
    if settings["sslmode"].startswith("verify-"):
        settings.setdefault("sslrootcert", _system_store())
    if "sslcert" not in settings:
        # Otherwise libpq presents what lies in the home directory of who runs this.
        settings["sslcertmode"] = "disable"
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    return {word: value for word, value in settings.items() if word in known}


def _from_fields(block: PostgresBlock) -> dict[str, str]:
    return {
        "host": block.host or "",
        "port": str(block.port),
        "dbname": block.database or "",
        "user": block.user or "",
    }


def _from_dsn(dsn: Secret) -> dict[str, str]:
    try:
        words = conninfo_to_dict(dsn.reveal())
    except psycopg.Error:
        # libpq's own message quotes what it did not understand: a password, perhaps.
        reason = f"libpq does not understand the connection string {dsn.name}"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    return {word: str(value) for word, value in words.items() if value is not None}


def _system_store() -> str:
    """Give the system's certificates; the libpq in psycopg's wheel knows no system."""
    return ssl.get_default_verify_paths().cafile or "system"
