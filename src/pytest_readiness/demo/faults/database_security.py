"""A database that talks in the clear, or lets in whoever comes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.database_setup import LOOKS, sql, turned
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAULTS"]

_fails = partial(turned, "security")


def _admits(*rules: str) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        postgres = breakage.bench.postgres
        breakage.stack.callback(postgres.admit)
        postgres.admit(*rules)

    return apply


def _no_tls(breakage: Breakage) -> None:
    postgres = breakage.bench.postgres
    _admits("host trading readiness 127.0.0.1/32 scram-sha-256")(breakage)
    breakage.stack.callback(lambda: postgres.configure(ssl=None))
    postgres.configure(ssl="off")
    breakage.set("postgres", sslmode="prefer")


def _md5(breakage: Breakage) -> None:
    postgres = breakage.bench.postgres
    breakage.stack.callback(lambda: postgres.configure(password_encryption=None))
    postgres.configure(password_encryption="md5")  # noqa: S106  # no password


_HERE = "trading readiness 127.0.0.1/32"
_OLD = "SET password_encryption = 'md5'; CREATE ROLE legacy LOGIN PASSWORD 'old-days'"

FAULTS = (
    Fault(
        "security-tls-off",
        "the database speaks no TLS",
        {
            "database-setup.security": State.FAILED,
            "environment-setup.ssl-certificates": State.FAILED,
            "security-implementation.https": State.FAILED,
        },
        LOOKS | {"tls"},
        _no_tls,
    ),
    _fails(
        *("security-plaintext", "a session without TLS is let in as well"),
        _admits(f"hostnossl {_HERE} scram-sha-256"),
    ),
    _fails(
        *("security-plaintext-trust", "without TLS not even a password is asked for"),
        _admits(f"hostnossl {_HERE} trust"),
    ),
    _fails(
        *("security-any-password", "any password lets one in"),
        _admits(f"hostssl {_HERE} trust"),
    ),
    _fails(
        *("security-password", "the password itself goes over the network"),
        _admits(f"hostssl {_HERE} password"),
    ),
    *(
        _fails(
            f"security-{method}-rule",
            f"a rule for another network says {method}",
            _admits(f"hostssl trading engine 10.0.0.0/8 {method}"),
        )
        for method in ("trust", "password", "md5")
    ),
    _fails(
        *("security-md5-role", "a role's password is kept as an MD5"),
        sql(_OLD, undo=("DROP ROLE legacy",)),
    ),
    _fails(
        *("security-md5-default", "new passwords are kept as MD5s"),
        _md5,
    ),
    Fault(
        "security-loopback-trust",
        "who is on the machine already is trusted: good",
        {},
        LOOKS,
        _admits("host all postgres ::1/128 trust"),
    ),
)
