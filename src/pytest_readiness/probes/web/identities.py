"""Who asks: an identity of the target becomes the headers of its requests.

A log-in is sent once a run, however many looks need its token, and never again once it
was rejected.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.http import Client, Identity
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.target.blocks.security import ANONYMOUS
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock
    from pytest_readiness.target.blocks.security import IdentityTable, LoginTable

__all__ = ["Credential", "client_of", "credential", "planned_log_ins"]

_OK = range(200, 300)
_REJECTED = frozenset({400, 401, 403})
_ANSWERS = 200
"""How many answers a connection may bring."""


@dataclass(frozen=True)
class Credential:
    """What an identity shows; ``headers`` reveals it, for the moment of sending."""

    token: Secret | None = None
    header: str = ""
    """Header that carries the token as it is; else it is a bearer token."""
    username: str = ""
    """With it the token is the password of basic authentication."""

    def headers(self) -> Mapping[str, str]:
        """Give the headers of a request; they hold the secret."""
        if self.token is None:
            return {}
        if self.header:
            return {self.header: self.token.reveal()}
        if self.username:
            pair = f"{self.username}:{self.token.reveal()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {"Authorization": f"Bearer {self.token.reveal()}"}

    def instead(self, token: Secret) -> Credential:
        """Give the same kind of credential with another token."""
        return Credential(token, self.header, self.username)


def client_of(
    block: ServiceBlock, look: Look, *, base: str = "", answers: int = _ANSWERS
) -> Client:
    """Open a session with the service; ``base`` is another URL of the same host."""
    return Client(base or block.url, look, Identity(block.ca_file), answers=answers)


def credential(
    block: ServiceBlock, name: str, client: Client, look: Look
) -> Credential:
    """Give what an identity shows; logs in where it has to.

    Raises:
        LookError: it has no credential here, or the log-in is refused.
    """
    if name == ANONYMOUS:
        return Credential()
    identity = block.identities[name]
    secret = identity.token or identity.password
    if secret is None or not secret.available:
        problem = secret.problem if secret else "there is none"
        reason = f"the credential of {name} is not known: {problem}"
        raise LookError(reason, Cause.LOCAL, final=True)
    header, username = identity.header or "", identity.username or ""
    if identity.login is None:
        return Credential(secret, header, username)
    token = _Session(block, name, identity, identity.login).token(client, look)
    return Credential(token, header)


@dataclass(frozen=True)
class _Session:
    """A log-in of one identity."""

    block: ServiceBlock
    name: str
    identity: IdentityTable
    login: LoginTable

    def token(self, client: Client, look: Look) -> Secret:
        """Log in, unless the same was rejected before."""
        return look.doors.enter(self._key(), look, lambda: self._log_in(client))

    def _key(self) -> tuple[str, ...]:
        secret = self.identity.password
        password = secret.reveal() if secret else ""
        route = f"{self.block.url}{self.login.route}"
        return (route, self.identity.username or "", password)

    def _log_in(self, client: Client) -> Secret:
        route = self.login.route
        answer = client.ask("POST", route, body=self._body)
        if answer.status in _REJECTED:
            reason = f"{route} answered {answer.status} to the log-in of {self.name}"
            raise LookError(
                reason, Cause.LOCAL, "check its username and password", rejected=True
            )
        token = _within(answer.body, self.login.token_key)
        if answer.status not in _OK or not token:
            reason = f"{route} answered {answer.status} and no token to {self.name}"
            raise LookError(reason, Cause.LOCAL, "check login.token_key")
        return Secret(token, f"token of {self.name}")

    def _body(self) -> bytes:
        secret = self.identity.password
        said = {
            self.login.name_key: self.identity.username,
            self.login.password_key: secret.reveal() if secret else "",
        }
        return json.dumps(said).encode()


def planned_log_ins(
    block: ServiceBlock, names: Iterable[str]
) -> tuple[PlannedLook, ...]:
    """Say beforehand that the service is connected to, and who logs in."""
    secure = block.url.startswith("https:")
    found = [PlannedLook("connection", "over TLS" if secure else "without TLS")]
    for name in dict.fromkeys(names):
        identity = block.identities.get(name)
        if identity is not None and identity.login is not None:
            what = f"POST {identity.login.route}"
            found.append(PlannedLook("request", what, note=f"logs {name} in"))
    return (*found, *(trust_files(block.ca_file) if secure else ()))


def _within(body: bytes, key: str) -> str:
    """Give the text at a key of a JSON answer; dots go into nested objects."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for part in key.split("."):
        if not isinstance(found, dict):
            return ""
        found = cast("dict[str, object]", found).get(part)
    return found if isinstance(found, str) else ""
