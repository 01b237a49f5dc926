"""What the service must be like towards those who reach it: tables of ``service``."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    FilePath,
    SecretText,
    Text,
    Url,
    refuse,
    tupled,
    worded,
)
from pytest_readiness.target.values import Mistake

__all__ = [
    "ANONYMOUS",
    "AuthenticationTable",
    "AuthorizationTable",
    "IdentityTable",
    "InjectionPoint",
    "InjectionTable",
    "InputsTable",
    "LoginTable",
    "PagesTable",
    "RateLimitTable",
    "TransportTable",
]

ANONYMOUS = "anonymous"
"""The identity that nobody has to declare: no credential at all."""

_OPERATION = re.compile(r"(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (/\S*)")
_HALF_MINUTE = dt.timedelta(seconds=30)


def _route(text: str) -> str:
    if text.startswith("/") and text.isprintable() and " " not in text:
        return text
    what = "is no route"
    raise Mistake(what, 'begin it with "/"')


def _operation(text: str) -> str:
    if _OPERATION.fullmatch(text):
        return text
    what = "is no operation"
    raise Mistake(what, 'write method and path, like "GET /orders"')


Route = Annotated[str, AfterValidator(worded(_route))]
Operation = Annotated[str, AfterValidator(worded(_operation))]
Status = Annotated[int, Field(ge=100, le=599)]
Refusal = Annotated[int, Field(ge=300, le=499)]
Refusals = Annotated[tuple[Refusal, ...], BeforeValidator(tupled), Field(min_length=1)]
Routes = Annotated[tuple[Route, ...], BeforeValidator(tupled), Field(min_length=1)]


class LoginTable(Block):
    """How a user logs in: a POST of a JSON object, which brings a token."""

    route: Route = "/login"
    """Route that takes the name and the password."""
    name_key: Text = "name"
    """Key of the user's name."""
    password_key: Text = "password"  # noqa: S105  # a key
    """Key of the password."""
    token_key: Text = "token"  # noqa: S105  # a key
    """Key of the token in the answer; dots go into nested objects."""


class IdentityTable(Block):
    """``[target.NAME.service.identities.WHO]``: somebody whom the service knows."""

    username: Text | None = None
    """Its name, for a log-in or for basic authentication."""
    password: SecretText | None = None
    """The password of that name."""
    login: LoginTable | None = None
    """How it gets a token; left out, name and password go along each time."""
    token: SecretText | None = None
    """Its token or key, where it needs no log-in."""
    header: Text | None = None
    """Header that carries the token as it is; else ``Authorization: Bearer``."""

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if (self.token is None) == (self.username is None):
            what = "has not just one credential"
            raise refuse(what, "give either token, or username and password")
        if self.username is not None and self.password is None:
            raise refuse("misses password", "give the password of username")
        if self.login is not None and self.username is None:
            raise refuse("logs in without a name", "give username and password")
        return self


class AuthenticationTable(Block):
    """``[target.NAME.service.authentication]``: what strangers must not get."""

    routes: Routes
    """Routes that only somebody who is known may read."""
    identity: Text
    """One of ``identities`` who may read them all."""
    scheme: Literal["jwt", "bearer", "key", "basic"]
    """What the credential is: a signed token, another token, a key, a password."""
    expired: SecretText | None = None
    """A token of the service's own that has run out; tokens need one."""
    other_audience: SecretText | None = None
    """A token of the same issuer for another service; JWTs with an audience need
    one."""
    public_key: FilePath | None = None
    """The key that JWTs are verified with, in PEM; asymmetric ones need it."""
    refusals: Refusals = (401, 403)
    """The statuses that are a refusal."""
    timeout: Duration = _HALF_MINUTE
    """For all requests together."""


class AuthorizationTable(Block):
    """``[target.NAME.service.authorization]``: who may do what."""

    matrix: Annotated[Mapping[Operation, Mapping[Text, Status]], Field(min_length=1)]
    """By operation, such as ``"GET /orders"``: the status that each of ``identities``
    must get, and ``anonymous``. What is no GET, HEAD or OPTIONS needs
    ``allow = ["write"]``."""
    timeout: Duration = _HALF_MINUTE
    """For all requests together."""


class PagesTable(Block):
    """``[target.NAME.service.pages]``: what browsers and clients are answered."""

    routes: Routes
    """Routes whose answers' headers are looked at."""
    reflecting: Annotated[tuple[Route, ...], BeforeValidator(tupled)] = ()
    """Routes that show what was sent, with ``{marker}`` in its place."""
    identity: Text | None = None
    """One of ``identities`` who reads them; else nobody logs in."""
    timeout: Duration = _HALF_MINUTE
    """For all requests together."""


class TransportTable(Block):
    """``[target.NAME.service.transport]``: how the service is reached unencrypted."""

    plain: Url | None = None
    """Where plain HTTP would answer; else port 80 of the service's host."""
    hsts: bool = True
    """Whether browsers come here, so that HSTS is asked for."""
    route: Route = "/"
    """Route that is asked for."""
    mesh: Text | None = None
    """What encrypts between the hosts instead of the servers, such as ``istio``."""
    exempt_loopback: bool = True
    """Whether sessions that do not leave the host may be unencrypted."""


class RateLimitTable(Block):
    """``[target.NAME.service.rate_limit]``: how often one may ask."""

    identity: Text
    """One of ``identities``, who is used for nothing else: it will have to wait."""
    route: Route
    """Route that it asks for."""
    limit: Annotated[int, Field(ge=1, le=10_000)]
    """Requests that are let through within ``per``."""
    per: Duration = dt.timedelta(minutes=1)
    """The window of the limit."""
    burst: Annotated[int, Field(ge=2, le=15_000)]
    """Requests that are sent, at most half as many more than the limit."""
    refusals: Refusals = (401, 403)
    """What a wrong key must get."""
    timeout: Duration = dt.timedelta(minutes=2)
    """For all requests together."""

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if not self.limit < self.burst <= max(1.5 * self.limit, self.limit + 1):
            what = "is not between the limit and half as many more"
            raise refuse(what, f"write at most {int(1.5 * self.limit)}", key="burst")
        return self


class InjectionPoint(Block):
    """One parameter that payloads are tried in."""

    route: Route
    """Route with ``{value}`` where the parameter's value stands."""
    value: Text
    """A good value."""


class InjectionTable(Block):
    """``[target.NAME.service.injection]``: where a database could be spoken to."""

    parameters: Annotated[
        tuple[InjectionPoint, ...], BeforeValidator(tupled), Field(min_length=1)
    ]
    """The parameters of routes that are read by GET."""
    identity: Text | None = None
    """One of ``identities`` who reads them; else nobody logs in."""
    delay: Duration = dt.timedelta(seconds=1)
    """For how long a payload asks the database to sleep."""
    timeout: Duration = dt.timedelta(minutes=5)
    """For all requests together."""


class InputsTable(Block):
    """``[target.NAME.service.inputs]``: what malformed input must come to."""

    document: FilePath
    """The OpenAPI document of the service."""
    strict: Annotated[tuple[Operation, ...], BeforeValidator(tupled)] = ()
    """Operations that refuse whatever their schema does not allow."""
    skip: Annotated[tuple[Operation, ...], BeforeValidator(tupled)] = ()
    """Operations that are left alone."""
    identity: Text | None = None
    """One of ``identities`` in whose name all is sent; else nobody logs in."""
    timeout: Duration = dt.timedelta(minutes=5)
    """For all requests together."""
