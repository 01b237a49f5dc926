"""Log-in and roles: a password once, then a signed token that says who and until when.

A token is ``base64url(name:role:expiry).base64url(hmac-sha256)``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING

from werkzeug.exceptions import Forbidden, Unauthorized

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

__all__ = ["Access"]

_LIFETIME = 900
"""Seconds that a token is valid."""
_CREDENTIALS = {"name": Field(str, most=64), "password": Field(str, most=128)}

_TOKEN = shape(**dict.fromkeys(("token", "role"), "string"), expires_in="integer")


class Access:
    """Knows the users; makes tokens and reads them."""

    def __init__(self, users: Mapping[str, User], secret: str) -> None:
        self._secret = secret.encode()
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
        token = self._issue(name, role)
        response = answer({"token": token, "role": role, "expires_in": _LIFETIME})
        response.headers["Cache-Control"] = "no-store"
        return response

    def admit(self, request: Request, roles: frozenset[str]) -> tuple[str, str]:
        """Give the caller's name and role.

        Raises:
            Unauthorized: no token, or not a valid one.
            Forbidden: another role is needed.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized("log in first")
        name, role = self._read(token.strip())
        if role not in roles:
            raise Forbidden(f"{role} may not do this")
        return name, role

    def _issue(self, name: str, role: str) -> str:
        claim = f"{name}:{role}:{int(time.time()) + _LIFETIME}".encode()
        return f"{_encode(claim)}.{_encode(self._sign(claim))}"

    def _read(self, token: str) -> tuple[str, str]:
        try:
            claim, signature = (_decode(part) for part in token.split("."))
        except ValueError:
            raise Unauthorized("this is no token") from None
        if not hmac.compare_digest(signature, self._sign(claim)):
            raise Unauthorized("this token is not ours")
        name, role, expiry = claim.decode().split(":")
        if int(expiry) < time.time():
            raise Unauthorized("this token has expired")
        return name, role

    def _sign(self, claim: bytes) -> bytes:
        return hmac.digest(self._secret, claim, "sha256")

    def _hash(self, password: str) -> bytes:
        # scrypt with N = 2^12 takes 10 ms: enough to slow down guessing.
        return hashlib.scrypt(password.encode(), salt=self._salt, n=1 << 12, r=8, p=1)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(
        text + "=" * (-len(text) % 4), altchars=b"-_", validate=True
    )
