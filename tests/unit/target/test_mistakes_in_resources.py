"""A resource that cannot be looked at as it is described gives one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load

POSTGRES = """
[target.production.postgres]
host = "db"
database = "engine"
user = "readiness"
"""
REDIS = '[target.production.redis]\nhost = "cache"\n'
SERVICE = '[target.production.service]\nurl = "https://engine"\n'

MISTAKES = {
    "no host name": (
        '[target.production.redis]\nhost = "redis://cache"\n',
        (
            "[target.production.redis] host: is no host name or address; "
            "give the bare name, without scheme, port, path or user"
        ),
    ),
    "a key that is missing": (
        "[target.production.python]\n",
        (
            "[target.production.python]: misses `interpreter`; "
            "add `interpreter = ...`; see `readiness example`"
        ),
    ),
    "a key that is missing in a list": (
        "[target.production.tls]\nendpoints = [{port = 1}]\n",
        (
            "[target.production.tls] endpoints number 1: misses `host`; "
            "add `host = ...`; see `readiness example`"
        ),
    ),
    "no endpoint": (
        '[target.production.tls]\nendpoints = ["ftp://a"]\n',
        (
            "[target.production.tls] endpoints number 1: is no endpoint; "
            'write "host:port" or "https://host:port"'
        ),
    ),
    "an endpoint with a password": (
        '[target.production.tls]\nendpoints = ["https://a:b@c"]\n',
        (
            "[target.production.tls] endpoints number 1: holds a user or a password; "
            'write "host:port" or "https://host:port"'
        ),
    ),
    "an endpoint that is a number": (
        "[target.production.tls]\nendpoints = [443]\n",
        (
            "[target.production.tls] endpoints number 1: expected a table, found "
            "a whole "
            "number; see `readiness example`"
        ),
    ),
    "two endpoints of one name": (
        '[target.production.tls]\nendpoints = ["a", "https://a:443"]\n',
        (
            "[target.production.tls] endpoints: has two of the same name; "
            "give each its own `name`"
        ),
    ),
    "no database to log in to": (
        '[target.production.postgres]\nhost = "db"\n',
        (
            "[target.production.postgres]: misses database, user; "
            "give host, database and user, or a dsn"
        ),
    ),
    "a dsn and its parts": (
        POSTGRES + 'dsn = "postgresql://db/engine"\nport = 1\n',
        (
            "[target.production.postgres]: sets dsn and host, database, user, port; "
            "keep the dsn or the parts, not both"
        ),
    ),
    "sslmode twice": (
        (
            '[target.production.postgres]\ndsn = "host=db sslmode=require"\n'
            'sslmode = "require"\n'
        ),
        (
            "[target.production.postgres] sslmode: is set in the dsn as well; "
            "keep one of them"
        ),
    ),
    "a dsn with a bare @": (
        '[target.production.postgres]\ndsn = "postgresql://a:b@c@db/engine"\n',
        (
            "[target.production.postgres] dsn: holds an @ that is not percent-encoded; "
            "percent-encode the user and the password (@ is %40, / is %2F, : is %3A)"
        ),
    ),
    "a client certificate without its key": (
        POSTGRES + 'cert_file = "c.pem"\n',
        (
            "[target.production.postgres]: sets one of cert_file and key_file; "
            "give both or none"
        ),
    ),
    "a cache that is nowhere": (
        "[target.production.redis]\ndb = 1\n",
        "[target.production.redis]: misses host; give host, or socket",
    ),
    "a socket and a host": (
        REDIS + 'socket = "/run/r.sock"\nport = 1\ntls = true\n',
        (
            "[target.production.redis]: sets socket and host, port, tls; "
            "a socket needs none of the others"
        ),
    ),
    "a cache's certificate without TLS": (
        REDIS + 'ca_file = "ca.pem"\n',
        "[target.production.redis]: sets ca_file without tls; add `tls = true`",
    ),
    "a cache's certificate without its key": (
        REDIS + 'tls = true\nkey_file = "k.pem"\n',
        (
            "[target.production.redis]: sets one of cert_file and key_file; "
            "give both or none"
        ),
    ),
    "no URL": (
        '[target.production.service]\nurl = "engine"\n',
        (
            "[target.production.service] url: is no URL of a service; "
            'write it like "https://engine.example:8443"'
        ),
    ),
    "a URL with a password": (
        '[target.production.service]\nurl = "https://a:b@engine"\n',
        (
            "[target.production.service] url: holds a user or a password; "
            "leave it out of the URL; give `token` a reference"
        ),
    ),
    "a URL with a query": (
        '[target.production.service]\nurl = "https://engine?a=b"\n',
        (
            "[target.production.service] url: is more than the base of the routes; "
            "leave out query, fragment and spaces"
        ),
    ),
    "a token in the clear": (
        '[target.production.service]\nurl = "http://engine"\ntoken = "t"\n',
        "[target.production.service] token: would go over plain HTTP; use an https URL",
    ),
    "a release in two places": (
        SERVICE + 'release = {json = "a", header = "b"}\n',
        (
            "[target.production.service.release]: sets json and header; "
            "keep the one that tells the release"
        ),
    ),
    "a route that is no path": (
        SERVICE + 'release = {route = "version"}\n',
        '[target.production.service.release] route: is no path; begin it with "/"',
    ),
}


@pytest.mark.parametrize(("text", "line"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gives_one_line_with_file_table_key_and_remedy(
    load_text: Load, text: str, line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(
            text if "[target.production" in text else "[target.production]\n" + text
        )
    assert str(caught.value) == f"readiness.toml {line}"
