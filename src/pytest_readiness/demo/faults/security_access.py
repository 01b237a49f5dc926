"""Security Implementation: a service that believes what it should not."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from pytest_readiness.demo.engine.access import issue
from pytest_readiness.demo.faults.fault import Fault
from pytest_readiness.demo.faults.security_front import (
    EVERY_LOOK,
    behind,
    replaced,
    section,
)
from pytest_readiness.target.values import is_table
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.demo.bench import Bench
    from pytest_readiness.demo.faults.fault import Breakage
    from pytest_readiness.demo.standins.front import Answered, Asked, Change, Forward

__all__ = ["FAULTS", "claims", "lets_in"]

_AUTHENTICATION = section("authentication")
_AUTHORIZATION = section("authorization")
_LIMIT = section("api-security")
_UNAUTHORIZED = 401


def lets_in(
    believes: Callable[[Asked], bool], user: str = ""
) -> Callable[[Bench], Change]:
    """Have the front lend a good token to whoever it believes: theirs, or a user's."""

    def change(bench: Bench) -> Change:
        key = bench.tokens.private.read_text("ascii")

        def answer(asked: Asked, forward: Forward) -> Answered:
            if not asked.path.startswith("/orders") or not believes(asked):
                return forward(asked)
            said = claims(asked.token)
            name = user or str(said.get("sub", "trader"))
            role = user or str(said.get("role", "trader"))
            return forward(asked.bearing(issue(key, name, role)))

        return answer

    return change


def _head(token: str) -> dict[str, object]:
    part = token.partition(".")[0]
    try:
        found: object = json.loads(
            base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        )
    except ValueError:
        return {}
    return dict(found) if is_table(found) else {}


def claims(token: str) -> dict[str, object]:
    """Read what a token says, unverified."""
    return _head(".".join(token.split(".")[1:2]))


def _algorithm(token: str) -> str:
    return str(_head(token).get("alg", ""))


def _is_expired(asked: Asked) -> bool:
    return "-60" in str(_lifetime(asked.token))


def _lifetime(token: str) -> int:
    held = claims(token)
    exp, iat = held.get("exp"), held.get("iat")
    return exp - iat if isinstance(exp, int) and isinstance(iat, int) else 0


def _signed_otherwise(asked: Asked) -> bool:
    return _algorithm(asked.token) == "ES256" and _lifetime(asked.token) > 0


def _breaks(_bench: Bench) -> Change:
    def answer(asked: Asked, forward: Forward) -> Answered:
        got = forward(asked)
        return got.but(status=500) if got.status == _UNAUTHORIZED else got

    return answer


def _opens(
    name: str, summary: str, believes: Callable[[Asked], bool], *also: str
) -> Fault:
    turns = dict.fromkeys((_AUTHENTICATION, *also), State.FAILED)
    return Fault(name, summary, turns, EVERY_LOOK, behind(lets_in(believes)))


def _matrix(name: str, summary: str, who: str, user: str) -> Fault:
    """Have one identity be taken for another where it reads orders."""

    def is_who(asked: Asked) -> bool:
        named = claims(asked.token).get("sub") == who
        return named and asked.method == "GET" and _signed_otherwise(asked)

    turns = {_AUTHORIZATION: State.FAILED}
    return Fault(name, summary, turns, EVERY_LOOK, behind(lets_in(is_who, user)))


def _without(key: str) -> Callable[[Breakage], None]:
    return lambda breakage: replaced(breakage, "authentication", **{key: None})


FAULTS = (
    _opens(
        *("authentication-open-route", "a route asks for no credential"),
        lambda asked: not asked.token,
        _AUTHORIZATION,
    ),
    _opens(
        *("authentication-any-token", "any token at all is believed"),
        lambda asked: "." not in asked.token and bool(asked.token),
        _LIMIT,
    ),
    _opens(
        *("authentication-expired", "a token that has run out is believed"),
        _is_expired,
    ),
    _opens(
        *("authentication-alg-none", "a token without a signature is believed"),
        lambda asked: _algorithm(asked.token) == "none",
    ),
    _opens(
        *("authentication-alg-case", "a token without a signature, spelled nOnE"),
        lambda asked: _algorithm(asked.token) == "nOnE",
    ),
    _opens(
        *("authentication-unverified", "a token's signature is not looked at"),
        lambda asked: (
            _signed_otherwise(asked) and claims(asked.token).get("aud") != "back-office"
        ),
    ),
    _opens(
        *("authentication-confused", "the public key is taken for a secret"),
        lambda asked: _algorithm(asked.token) == "HS256",
    ),
    _opens(
        *("authentication-audience", "a token for another service is believed"),
        lambda asked: claims(asked.token).get("aud") == "back-office",
    ),
    Fault(
        "authentication-breaks",
        "the service answers 500 instead of 401",
        dict.fromkeys((_AUTHENTICATION, _AUTHORIZATION, _LIMIT), State.FAILED),
        EVERY_LOOK,
        behind(_breaks),
    ),
    Fault(
        "authentication-no-public-key",
        "the target names no public key to try",
        {_AUTHENTICATION: State.UNCONFIGURED},
        EVERY_LOOK,
        _without("public_key"),
    ),
    _matrix(
        *("authorization-too-wide", "an administrator may read orders"),
        *("admin", "trader"),
    ),
    _matrix(
        *("authorization-too-narrow", "risk may no longer read orders"),
        *("risk", "admin"),
    ),
    Fault(
        "authorization-few-cells",
        "the matrix has two cells",
        {_AUTHORIZATION: State.FAILED},
        EVERY_LOOK,
        lambda breakage: replaced(
            breakage,
            "authorization",
            matrix={"GET /orders": {"trader": 200, "risk": 200}},
        ),
    ),
)
