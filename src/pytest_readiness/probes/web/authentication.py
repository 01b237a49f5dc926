"""Whether protected routes refuse strangers: each is asked with what must not open it.

One wrong credential goes to each route and run; what is forged, run out or missing is
no guess at anybody's password. Nothing is sent twice: there are no retries.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files
from pytest_readiness.probes.web.identities import (
    Credential,
    client_of,
    credential,
    planned_log_ins,
)
from pytest_readiness.probes.web.tokens import forged, parts_of
from pytest_readiness.probes.web.unset import unset
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_readiness.probes.http import Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock
    from pytest_readiness.target.blocks.security import AuthenticationTable

__all__ = ["Authentication", "ProtectedRoute", "Refused"]

_WITHOUT_END = frozenset({"key", "basic"})
"""Schemes whose credentials do not run out by themselves."""


@dataclass(frozen=True)
class Refused:
    """One thing that must not open a route, and what was answered to it."""

    what: str
    """Such as ``without a credential``."""
    status: Observed[int]
    refusals: tuple[int, ...]
    """The statuses that are a refusal."""


@dataclass(frozen=True)
class ProtectedRoute:
    """One route: what was tried on it, and that the good credential opens it."""

    route: str
    tried: tuple[Refused, ...]
    accepted: Observed[int]
    """The status that the configured identity got."""


@dataclass(frozen=True, kw_only=True)
class Authentication(Facts):
    """The service's protected routes, asked by strangers."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True

    routes: Observed[tuple[ProtectedRoute, ...]]
    """Each of the target's protected routes."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Ask each route with each credential, once."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.authentication
        if table is None:
            nothing = unset("authentication", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        with client_of(block, look) as client:
            good = credential(block, table.identity, client, look)
            asking = _Asking(client, look, table, good)
            routes = tuple(asking.ask(route) for route in table.routes)
        return cls(routes=look.seen(routes, what="protected routes"))

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give all requests together their own time."""
        table = block.authentication
        return table.timeout if table else block.timeout

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked: each route, with what must not open it."""
        table = block.authentication
        if table is None:
            return ()
        return (
            *planned_log_ins(block, [table.identity]),
            *(
                PlannedLook("request", f"GET {route}", note=_NOTE)
                for route in table.routes
            ),
            *files(table.public_key),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


_NOTE = "without, with a wrong, an expired, a forged and the good credential"


@dataclass(frozen=True)
class _Asking:
    client: Client
    look: Look
    table: AuthenticationTable
    good: Credential

    def ask(self, route: str) -> ProtectedRoute:
        tried = tuple(
            Refused(what, self._status(route, shown, what), self.table.refusals)
            for what, shown in self._shown()
        )
        accepted = self._status(route, self.good, "with the credential")
        return ProtectedRoute(route, tried, accepted)

    def _status(
        self, route: str, shown: Credential | Unavailable, what: str
    ) -> Observed[int]:
        asked = f"GET {route} {what}"
        if isinstance(shown, Unavailable):
            return self.look.seen(shown, what=asked)
        return self.look.observe(
            lambda: self.client.ask("GET", route, headers=shown.headers).status,
            what=asked,
        )

    def _shown(self) -> Iterator[tuple[str, Credential | Unavailable]]:
        """Give what must not open a route."""
        yield "without a credential", Credential()
        yield "with a wrong credential", self.good.instead(_made_up())
        if self.table.scheme not in _WITHOUT_END:
            yield "with an expired credential", self._supplied("expired")
        token = self.good.token
        parts = parts_of(token) if token else None
        if parts is None:
            if self.table.scheme == "jwt":
                reason = f"the token of {self.table.identity} is no JWT"
                raise LookError(reason, Cause.LOCAL, "check scheme", final=True)
            return
        public = _read(self.table.public_key)
        for what, secret in forged(token, public) if token else ():
            yield what, self.good.instead(secret)
        if public is None and not parts.symmetric:
            yield "with the public key as secret", _lacking("public_key")
        if parts.has_audience:
            yield "with another audience's token", self._supplied("other_audience")

    def _supplied(self, key: str) -> Credential | Unavailable:
        secret: Secret | None = getattr(self.table, key)
        if secret is None:
            return _lacking(key)
        if not secret.available:
            return Unavailable(secret.problem, Cause.LOCAL)
        return self.good.instead(secret)


def _lacking(key: str) -> Unavailable:
    return replace(
        Unavailable(f"the target gives no {key} to try", Cause.UNCONFIGURED),
        remedy=f"add {key} to [target.NAME.service.authentication]",
    )


def _made_up() -> Secret:
    return Secret(secrets.token_urlsafe(24), "made up")


def _read(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        reason = f"public_key cannot be read ({type(error).__name__})"
        raise LookError(reason, Cause.LOCAL, final=True) from None
