"""``[target.NAME.providers.PROVIDER]``: whose data the service reads, by which key.

:data:`PROVIDERS` describes those that this release knows; a few settings in the target
file describe any other one.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from pytest_readiness.target.blocks.block import (
    FilePath,
    Host,
    Limit,
    LimitsBlock,
    ResourceBlock,
    SecretText,
    Text,
    Url,
    refuse,
    setting,
    tupled,
)
from pytest_readiness.target.context import Member
from pytest_readiness.target.values import stays_private

__all__ = ["PROVIDERS", "ProviderBlock", "ProviderLimits"]

PROVIDERS: Mapping[str, Mapping[str, object]] = {
    "tradier": {
        "read": "/v1/user/profile",
        "expects": "profile",
        "sandboxes": ["sandbox.tradier.com"],
    },
    "yahoo-finance": {
        "read": "/v6/finance/quote?symbols=AAPL",
        "header": "X-API-KEY",
        "expects": "quoteResponse.result",
    },
    "fred": {
        "read": "/fred/series?series_id=GNPCA&file_type=json",
        "query": "api_key",
        "expects": "seriess",
        "refusal": "api_key",
    },
    "quiver-quant": {"read": "/beta/live/congresstrading"},
}
"""How the known providers are read; each by the name of its table.

Sources: https://docs.tradier.com/docs/profile,
https://fred.stlouisfed.org/docs/api/fred/series.html and ``errors.html`` beside it (a
wrong key is status 400), https://api.quiverquant.com/docs/. Yahoo itself has no keyed
API; services such as https://yfapi.net sell one of this form.
"""

_PLACES = {"header", "query"}


class ProviderBlock(ResourceBlock):
    """One provider, and a read that shows whether it accepts the key.

    The key goes into a header (``Authorization: Bearer KEY`` where nothing is said) or
    into the query.
    """

    url: Url
    """Base of its routes, such as ``https://api.tradier.com``."""
    key: SecretText
    """The service's key or token."""
    read: Text | None = None
    """Route that only a good key may read, its query included; known providers have
    one."""
    header: Text | None = None
    """Header that carries the key as it is."""
    scheme: Text | None = None
    """Word before the key in its header."""
    query: Text | None = None
    """Parameter of the query that carries the key, instead of a header."""
    expects: Text | None = None
    """Key of the JSON answer to a good read; dots go into nested objects."""
    refusal: Text | None = None
    """Word in an answer of status 400 that means the key, not the request."""
    sandboxes: Annotated[tuple[Host, ...], BeforeValidator(tupled)] = ()
    """Hosts of the provider's sandbox."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""

    @property
    def route(self) -> str:
        """The route of the read."""
        return self.read or "/"

    @model_validator(mode="before")
    @classmethod
    def _as_known(cls, value: object) -> object:
        """Fill in what is known of the provider; what the file says goes before it."""
        if not isinstance(value, Member):
            return value
        known = dict(PROVIDERS.get(str(value.index), {}))
        if _PLACES & value.keys():
            known = {name: one for name, one in known.items() if name not in _PLACES}
        return Member({**known, **value}, value.index)

    @model_validator(mode="after")
    def _one_read(self) -> Self:
        if self.read is None:
            raise refuse("misses read", "name a route that only a good key may read")
        if not self.read.startswith("/") or "#" in self.read:
            raise refuse("is no route", 'begin it with "/"', key="read")
        if self.query is not None and (self.header or self.scheme):
            raise refuse("sets query and a header", "keep the one that carries the key")
        if not stays_private(self.url):
            what = "would have the key go over plain HTTP"
            raise refuse(what, "use an https URL", key="url")
        return self


class ProviderLimits(LimitsBlock):
    """``[target.NAME.limits.providers]``."""

    live: Limit[bool] = setting(True)  # noqa: FBT003  # a value, not a switch
    """Whether a sandbox of a provider will not do; false where nothing is real."""
