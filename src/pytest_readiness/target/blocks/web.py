"""What the tables of HTTP APIs have in common: a URL, whom to trust, who asks."""

import datetime as dt
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from pytest_readiness.target.blocks.block import (
    Duration,
    FilePath,
    ResourceBlock,
    SecretText,
    Text,
    Url,
    refuse,
    some_time,
)
from pytest_readiness.target.values import stays_private

__all__ = ["TenantBlock", "WebBlock"]


class WebBlock(ResourceBlock):
    """An HTTP API, and the one way to log in to it."""

    url: Url
    """Base of its API, with the path in front of it where there is one."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    cert_file: FilePath | None = None
    """Client certificate, where the server asks for one."""
    key_file: FilePath | None = None
    """Key of the client certificate."""
    username: Text | None = None
    """User for basic authentication."""
    password: SecretText | None = None
    """Password of the user."""
    token: SecretText | None = None
    """Bearer token, instead of a user."""
    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=10)
    """How long one look may wait for all its answers."""

    @property
    def scheme(self) -> str:
        """Give the scheme that the token is sent with."""
        return "Bearer"

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise refuse("sets one of username and password", "give both or none")
        if self.token is not None and self.username is not None:
            raise refuse("sets token and username", "keep one way to log in")
        if (self.cert_file is None) != (self.key_file is None):
            raise refuse("sets one of cert_file and key_file", "give both or none")
        secret = "password" if self.token is None else "token"
        if getattr(self, secret) is not None and not stays_private(self.url):
            raise refuse("would go over plain HTTP", "use an https URL", key=secret)
        return self


class TenantBlock(WebBlock):
    """An HTTP API that may hold what belongs to several tenants."""

    tenant: SecretText | None = None
    """Whose data are asked for, where a server holds those of several."""
    tenant_header: Text = "X-Scope-OrgID"
    """Header that names the tenant; Thanos has ``THANOS-TENANT``."""
