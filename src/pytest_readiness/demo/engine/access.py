"""Log-in and roles: a password once, then a signed token that says who and until when.

A token is a JWT (RFC 7519), signed with ES256. Who asks too often is told to wait.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

import jwt
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from pytest_readiness.demo.engine.limiting import Limiter
from pytest_readiness.demo.engine.release import NAME
from pytest_readiness.demo.engine.routing import (
    Call,
    Field,
    Route,
    answer,
    read_body,
    shape,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug import Request, Response

    from pytest_readiness.demo.engine.settings import User

__all__ = ["ALGORITHM", "Access", "issue"]

ALGORITHM = "ES256"
_CLAIMS = ["exp", "sub", "aud", "role"]
_USUAL_LIMIT = 6000
"""Requests a minute of a user who has no limit of its own."""
_LIFETIME = 900
"""Seconds that a token is valid."""
_CREDENTIALS = {"name": Field(str, most=64), "password": Field(str, most=128)}

_TOKEN = shape(**dict.fromkeys(("token", "role"), "string"), expires_in="integer")


class Access:
    """Knows the users; makes tokens and reads them."""

    def __init__(
        self, users: Mapping[str, User], key_file: str, public_key_file: str
    ) -> None:
        self._key = Path(key_file).read_text("ascii")
        self._public = Path(public_key_file).read_text("ascii")
        self._limiter = Limiter(
            {name: user.limit for name, user in users.items() if user.limit},
            usually=_USUAL_LIMIT,
        )
        self._salt = secrets.token_bytes(16)
        self._users = {
            name: (user.role, self._hash(user.password)) for name, user in users.items()
        }
        self.routes = (
            Route(
                "POST",
                "/login",
                "Log in and get a token",
                self.log_in,
                body=_CREDENTIALS,
                answers=_TOKEN,
            ),
        )

    def log_in(self, call: Call) -> Response:
        """Answer with a token for a name and its password."""
        body = read_body(call.request, _CREDENTIALS)
        name = str(body["name"])
        # Hashed before the name is looked up: an unknown one takes as long.
        given = self._hash(str(body["password"]))
        role, expected = self._users.get(name, ("", b""))
        if not hmac.compare_digest(given, expected):
            raise Unauthorized("wrong name or password")
        token = issue(self._key, name, role)
        response = answer({"token": token, "role": role, "expires_in": _LIFETIME})
        response.headers["Cache-Control"] = "no-store"
        return response

    def admit(self, request: Request, roles: frozenset[str]) -> tuple[str, str]:
        """Give the caller's name and role.

        Raises:
            Unauthorized: no token, or not a valid one.
            Forbidden: another role is needed.
            TooManyRequests: the caller must wait.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise _unauthorized("log in first")
        name, role = self._read(token.strip())
        self._limiter.count(name)
        if role not in roles:
            raise Forbidden(f"{role} may not do this")
        return name, role

    def _read(self, token: str) -> tuple[str, str]:
        try:
            claims = jwt.decode(
                token,
                self._public,
                algorithms=[ALGORITHM],
                audience=NAME,
                issuer=NAME,
                options={"require": _CLAIMS},
            )
        except jwt.ExpiredSignatureError:
            raise _unauthorized("this token has expired") from None
        except jwt.InvalidTokenError:
            raise _unauthorized("this token is not ours") from None
        return str(claims["sub"]), str(claims["role"])

    def _hash(self, password: str) -> bytes:
        # scrypt with N = 2^12 takes 10 ms: enough to slow down guessing.
        return hashlib.scrypt(password.encode(), salt=self._salt, n=1 << 12, r=8, p=1)


def issue(
    key: str, name: str, role: str, lifetime: int = _LIFETIME, audience: str = NAME
) -> str:
    """Sign a token with a private key in PEM."""
    now = int(time.time())
    claims = {"iss": NAME, "aud": audience, "sub": name, "role": role}
    times = {"iat": now, "exp": now + lifetime}
    return jwt.encode({**claims, **times}, key, ALGORITHM)


def _unauthorized(why: str) -> Unauthorized:
    # RFC 9110, section 11.6.1: a 401 says how to authenticate.
    return Unauthorized(why, www_authenticate=WWWAuthenticate("bearer"))
