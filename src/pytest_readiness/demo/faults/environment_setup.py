"""Environment Setup: what its four items must not let pass, and what they must."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.database_setup import LOOKS, SILENT
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.environment_setup import (
    CACHE_PASSWORD,
    DATABASE_PASSWORD,
)
from pytest_readiness.demo.pki import BAD, Authority, Issued, days
from pytest_readiness.demo.servers.tls_front import TlsFront
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.postgres import postgres
from pytest_readiness.demo.standins.python import hanging_python, old_python
from pytest_readiness.demo.standins.redis import redis
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Apply = Callable[[Breakage], None]
    OpensPort = Callable[[], AbstractContextManager[int | Listener]]

__all__ = ["FAULTS"]

_SHORT = "1s"
"""The look's limit where no answer comes: it is what the fault costs."""
_WRONG = "not-the-password"
_SESSIONS = "security-implementation.https"
"""The item that asks whether the session is encrypted: one of any version may be."""
_HANDSHAKE = bytes.fromhex("160303007a020000760303") + bytes(111)
"""A handshake record of TLS, as long as it says, for peers that never finish one."""


# ------------------------------------------------------------------- python-environment


def _python(choose: Callable[[Breakage], Path]) -> Apply:
    def apply(breakage: Breakage) -> None:
        interpreter = choose(breakage)
        breakage.set("python", interpreter=str(interpreter), timeout=_SHORT)

    return apply


def _old_python(breakage: Breakage) -> None:
    bench = breakage.bench
    interpreter = old_python(bench.folder, "3.8.20", bench.python)
    breakage.set("python", interpreter=str(interpreter))


def _system_python(_breakage: Breakage) -> Path:
    major, minor = sys.version_info[:2]
    return Path(sys.base_prefix, "bin", f"python{major}.{minor}")


# ------------------------------------------------------------------- database and cache


def _elsewhere(table: str, open_port: OpensPort) -> Apply:
    """Have something else answer where the target looks for a resource."""

    def apply(breakage: Breakage) -> None:
        opened = breakage.enter(open_port())
        port = opened.port if isinstance(opened, Listener) else opened
        if table == "tls":
            _move_endpoint(breakage, port)
        else:
            breakage.set(table, port=port)
        breakage.set(table, timeout=_SHORT)

    return apply


def _old_postgres(breakage: Breakage) -> None:
    server = postgres("11.22", _good_context(breakage, "postgres-11"))
    breakage.set("postgres", port=breakage.enter(server).port)


def _old_redis(breakage: Breakage) -> None:
    password = breakage.environ[CACHE_PASSWORD]
    server = redis("5.0.14", password, _good_context(breakage, "redis-5"))
    breakage.set("redis", port=breakage.enter(server).port)
    del breakage.tables["redis"]["username"]  # Redis 5 has no users


def _forgetful_store(breakage: Breakage) -> None:
    password = breakage.environ[CACHE_PASSWORD]
    context = _good_context(breakage, "store")
    # Up for days: of a fresh server nobody can say whether it ever writes a snapshot.
    server = redis("7.2.4", password, context, policy="noeviction", uptime=200_000)
    breakage.set("redis", port=breakage.enter(server).port, role="store")


def _wrong_secret(name: str) -> Apply:
    return lambda breakage: breakage.environ.update({name: _WRONG})


def _no_cache_password(breakage: Breakage) -> None:
    for setting in ("username", "password"):
        del breakage.tables["redis"][setting]


def _valkey(role: str, **settings: str) -> Apply:
    """Change settings of the running server, and back again."""
    usual = {
        "maxmemory": "64mb",
        "maxmemory_policy": "allkeys-lru",
        "appendonly": "yes",
    }
    before = {name: usual[name] for name in settings}

    def apply(breakage: Breakage) -> None:
        valkey = breakage.bench.valkey
        breakage.stack.callback(lambda: valkey.configure(**before))
        valkey.configure(**settings)
        breakage.set("redis", role=role)

    return apply


def _slow_cache(breakage: Breakage) -> None:
    context, valkey = _good_context(breakage, "slow"), breakage.bench.valkey
    front = TlsFront(context, valkey.socket, delay=0.04)
    breakage.stack.callback(front.close)
    breakage.set("redis", port=front.port)


def _good_context(breakage: Breakage, name: str) -> ssl.SSLContext:
    bench = breakage.bench
    return bench.authority.issue().server_context(bench.folder, name)


# --------------------------------------------------------------------- ssl-certificates


def _move_endpoint(breakage: Breakage, port: int) -> None:
    """Have the service's endpoint be somewhere else; the others stay."""
    endpoints = breakage.tables["tls"]["endpoints"]
    if isinstance(endpoints, list):
        endpoints[0] = {**endpoints[0], "port": port}


def _certificate(make: Callable[[Authority], Issued]) -> Apply:
    def apply(breakage: Breakage) -> None:
        issued = make(breakage.bench.authority)
        context = issued.server_context(breakage.bench.folder, "endpoint")
        _move_endpoint(breakage, breakage.enter(hostile.hangs(context)).port)

    return apply


# -------------------------------------------------------------------------------- table

_RESOURCES = {
    "python-environment": "python",
    "database": "postgres",
    "cache": "redis",
    "ssl-certificates": "tls",
}


_SILENT_CACHES = frozenset(
    f"cache-{name}"
    for name in ("down", "no-password", "wrong-password", "hangs", "foreign")
)
"""Whose sessions are never opened, so that nobody knows whether they are encrypted."""


def _fails(item: str, name: str, summary: str, apply: Apply) -> Fault:
    turns = {f"environment-setup.{item}": State.FAILED}
    if item == "database":
        return Fault(name, summary, {**turns, **SILENT}, LOOKS, apply)
    if name in _SILENT_CACHES:
        turns[_SESSIONS] = State.UNKNOWN
    return Fault(name, summary, turns, frozenset({_RESOURCES[item]}), apply)


def _silent(item: str, name: str, summary: str, apply: Apply) -> Fault:
    """Make a fault of a cache that tells nothing of how often it is hit."""
    other = "performance-optimization.caching"
    return _fails(item, name, summary, apply).also(other, State.UNKNOWN)


def _stays(item: str, name: str, summary: str, apply: Apply) -> Fault:
    return Fault(name, summary, {}, frozenset({_RESOURCES[item]}), apply)


_PYTHON, _DATABASE, _CACHE, _CERTIFICATES = _RESOURCES

FAULTS = (
    _fails(_PYTHON, "python-3-8", "the interpreter is Python 3.8", _old_python),
    _fails(
        *(_PYTHON, "python-system", "the interpreter is the system's own"),
        _python(_system_python),
    ),
    _fails(
        *(_PYTHON, "python-missing", "nothing is at the interpreter's path"),
        _python(lambda breakage: breakage.bench.folder / "no-such-python"),
    ),
    _fails(
        *(_PYTHON, "python-hangs", "the interpreter starts and never answers"),
        _python(lambda breakage: hanging_python(breakage.bench.folder)),
    ),
    Fault(
        "database-11",
        "PostgreSQL is 11.22, and lets in whoever comes",
        {
            "environment-setup.database": State.FAILED,
            **{item: state for item, state in SILENT.items() if item != _SESSIONS},
            "database-setup.security": State.FAILED,
        },
        LOOKS,
        _old_postgres,
    ),
    _fails(
        *(_DATABASE, "database-down", "the database's port refuses"),
        _elsewhere("postgres", hostile.refuses),
    ),
    _fails(
        *(_DATABASE, "database-black-hole", "the database's port swallows packets"),
        _elsewhere("postgres", hostile.black_holes),
    ),
    _fails(
        *(_DATABASE, "database-wrong-password", "the database rejects the password"),
        _wrong_secret(DATABASE_PASSWORD),
    ),
    _fails(
        *(_DATABASE, "database-hangs", "the database accepts and never answers"),
        _elsewhere("postgres", hostile.hangs),
    ),
    _fails(
        *(_DATABASE, "database-dribbles", "the database sends one byte a second"),
        _elsewhere("postgres", lambda: hostile.dribbles(b"S" + _HANDSHAKE)),
    ),
    _fails(
        *(_DATABASE, "database-foreign", "a web server is at the database's port"),
        _elsewhere("postgres", hostile.http),
    ),
    _fails(_CACHE, "cache-5", "Redis is 5.0.14", _old_redis),
    _silent(
        *(_CACHE, "cache-down", "the cache's port refuses"),
        _elsewhere("redis", hostile.refuses),
    ),
    _silent(
        *(_CACHE, "cache-no-password", "the cache asks for a password (NOAUTH)"),
        _no_cache_password,
    ),
    _silent(
        *(_CACHE, "cache-wrong-password", "the cache rejects the password"),
        _wrong_secret(CACHE_PASSWORD),
    ),
    _silent(
        *(_CACHE, "cache-hangs", "the cache accepts and never answers"),
        _elsewhere("redis", hostile.hangs),
    ),
    _silent(
        *(_CACHE, "cache-foreign", "a web server is at the cache's port"),
        _elsewhere("redis", hostile.http),
    ),
    _fails(
        *(_CACHE, "cache-no-maxmemory", "the cache may take all memory"),
        _valkey("cache", maxmemory="0"),
    ),
    _fails(
        *(_CACHE, "cache-evicts-nothing", "the cache refuses writes when full"),
        _valkey("cache", maxmemory_policy="noeviction"),
    ),
    _fails(
        *(_CACHE, "cache-store-evicts", "a store may evict what it must keep"),
        _valkey("store"),
    ),
    _fails(
        *(_CACHE, "cache-store-forgets", "a store persists nothing"),
        _forgetful_store,
    ),
    _stays(
        *(_CACHE, "cache-store", "a store that evicts nothing and persists is good"),
        _valkey("store", maxmemory_policy="noeviction"),
    ),
    _fails(_CACHE, "cache-slow", "each round trip takes 40 ms more", _slow_cache),
    *(
        _fails(_CERTIFICATES, f"certificate-{name}", summary, _certificate(BAD[name]))
        for name, summary in {
            "expired": "a certificate ended two days ago",
            "expiring": "a certificate of 398 days has nine left",
            "wrong-host": "a certificate is for another host",
            "self-signed": "a certificate is signed by itself",
            "unknown-authority": "a certificate's authority is not trusted",
            "missing-intermediate": "a server does not send its intermediate",
            "rsa-1024": "a certificate's key is RSA with 1024 bits",
            "sha1": "a certificate is signed with SHA-1",
        }.items()
    ),
    _fails(
        *(_CERTIFICATES, "endpoint-down", "a TLS endpoint refuses"),
        _elsewhere("tls", hostile.refuses),
    ),
    _fails(
        *(_CERTIFICATES, "endpoint-breaks-off", "a TLS endpoint ends the handshake"),
        _elsewhere("tls", hostile.breaks_off),
    ),
    _fails(
        *(_CERTIFICATES, "endpoint-dribbles", "a TLS endpoint sends a byte a second"),
        _elsewhere("tls", lambda: hostile.dribbles(_HANDSHAKE)),
    ),
    _stays(
        *(_CERTIFICATES, "certificate-6-days", "six days, three left: on schedule"),
        _certificate(lambda ca: ca.issue(lifetime=days(6), left=days(3))),
    ),
    _stays(
        *(_CERTIFICATES, "certificate-45-days", "45 days, 20 left: on schedule"),
        _certificate(lambda ca: ca.issue(lifetime=days(45), left=days(20))),
    ),
)
"""In the order of the section's rows."""
