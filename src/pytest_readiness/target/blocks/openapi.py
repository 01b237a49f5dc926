"""``[target.NAME.openapi]``: the description of the API, as released and as served."""

import datetime as dt
from typing import Self

from pydantic import model_validator

from pytest_readiness.target.blocks.block import (
    Duration,
    FilePath,
    ResourceBlock,
    SecretText,
    Text,
    Url,
    refuse,
)
from pytest_readiness.target.values import stays_private

__all__ = ["OpenapiBlock"]


class OpenapiBlock(ResourceBlock):
    """The OpenAPI document: a file of the release, the service's own answer, or both.

    Where both are named, they are compared.
    """

    timeout: Duration = dt.timedelta(seconds=30)
    """How long reading and validating it may take."""
    path: FilePath | None = None
    """The released document, JSON or YAML, in one file."""
    url: Url | None = None
    """Base of the service that serves its description."""
    route: Text = "/openapi.json"
    """Route of the served one, below the URL."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    token: SecretText | None = None
    """Bearer token, where reading the served one needs one."""

    @model_validator(mode="after")
    def _some_place(self) -> Self:
        if self.path is None and self.url is None:
            raise refuse("misses path and url", "name the file, the service, or both")
        if not self.route.startswith("/"):
            raise refuse("is no path", 'begin it with "/"', key="route")
        if (
            self.token is not None
            and self.url is not None
            and not stays_private(self.url)
        ):
            what = "would go over plain HTTP"
            raise refuse(what, "use an https URL", key="token")
        return self
