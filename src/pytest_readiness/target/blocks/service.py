"""``[target.NAME.service]``: the running service and how it says its release."""

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    FilePath,
    Limit,
    LimitsBlock,
    ResourceBlock,
    SecretText,
    Share,
    Text,
    Url,
    floor,
    refuse,
    setting,
)
from pytest_readiness.target.blocks.load import LoadTable
from pytest_readiness.target.blocks.routes import RoutesTable
from pytest_readiness.target.blocks.security import (
    ANONYMOUS,
    AuthenticationTable,
    AuthorizationTable,
    IdentityTable,
    InjectionTable,
    InputsTable,
    PagesTable,
    RateLimitTable,
    TransportTable,
)
from pytest_readiness.target.values import is_table, listed, near, stays_private

__all__ = ["ReleaseRoute", "ServiceBlock", "ServiceLimits"]


class ReleaseRoute(Block):
    """Where the running service tells its release: in a JSON answer or in a header."""

    route: Text = "/version"
    """Route that tells it, below the service's URL."""
    json_key: Text | None = Field(default=None, alias="json")
    """Key of the JSON answer; dots go into nested objects."""
    header: Text | None = None
    """Header of the answer, instead of a JSON key."""

    @model_validator(mode="before")
    @classmethod
    def _default_key(cls, value: object) -> object:
        if is_table(value) and not {"json", "header"} & value.keys():
            return {**value, "json": "version"}
        return value

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.json_key is not None and self.header is not None:
            raise refuse("sets json and header", "keep the one that tells the release")
        if not self.route.startswith("/"):
            raise refuse("is no path", 'begin it with "/"', key="route")
        return self


class ServiceBlock(ResourceBlock):
    """The service as its clients reach it."""

    url: Url
    """Base of its routes, such as ``https://engine.example:8443``."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    token: SecretText | None = None
    """Bearer token, where reading the release needs one."""
    release: ReleaseRoute | None = None
    """How the running service tells its release."""
    identities: Mapping[Text, IdentityTable] = Field(default_factory=dict)
    """Who may log in, each by a name of your choice."""
    authentication: AuthenticationTable | None = None
    """What strangers must not get."""
    authorization: AuthorizationTable | None = None
    """Who may do what."""
    pages: PagesTable | None = None
    """What browsers are answered."""
    transport: TransportTable | None = None
    """How it is reached without encryption."""
    rate_limit: RateLimitTable | None = None
    """How often one may ask."""
    injection: InjectionTable | None = None
    """Where a database could be spoken to."""
    inputs: InputsTable | None = None
    """What malformed input must come to."""
    routes: RoutesTable | None = None
    """What of it is timed, cached, recorded."""
    load: LoadTable | None = None
    """The load that it is put under."""

    @model_validator(mode="after")
    def _token_stays_private(self) -> Self:
        if self.token is not None and not stays_private(self.url):
            what = "would go over plain HTTP"
            raise refuse(what, "use an https URL", key="token")
        if self.identities and not stays_private(self.url):
            what = "would have credentials go over plain HTTP"
            raise refuse(what, "use an https URL", key="url")
        return self

    @model_validator(mode="after")
    def _known_identities(self) -> Self:
        if ANONYMOUS in self.identities:
            what = f"declares {ANONYMOUS}"
            raise refuse(what, "leave it out: it has no credential", key="identities")
        for key, name in self._named():
            if name not in {*self.identities, ANONYMOUS}:
                meant = near(name, self.identities)
                known = f"known are {listed([*self.identities, ANONYMOUS])}"
                remedy = f"did you mean `{meant}`?" if meant else known
                raise refuse("names somebody who is not in identities", remedy, key=key)
        return self

    @property
    def matrix(self) -> Mapping[str, Mapping[str, int]]:
        """The cells of the authorization matrix, where there is one."""
        table = self.authorization
        return table.matrix if table else dict[str, Mapping[str, int]]()

    def _named(self) -> list[tuple[str, str]]:
        """Give each name of an identity, with the table that has it."""
        found: list[tuple[str, str]] = []
        for key in ("authentication", "pages", "rate_limit", "injection", "inputs"):
            name = getattr(getattr(self, key), "identity", None)
            found += [(key, name)] if name is not None else []
        names = {name: None for row in self.matrix.values() for name in row}
        return [*found, *(("authorization", name) for name in names)]


class ServiceLimits(LimitsBlock):
    """``[target.NAME.limits.service]``."""

    p95: Limit[Duration] = floor(dt.timedelta(seconds=2))
    """What the 95th percentile of the response times must stay below."""
    errors: Limit[Share] = setting(0.01)
    """What the share of requests without a good answer must stay below."""
    rate: Limit[Annotated[float, Field(ge=0)]] = floor(1000.0)
    """Least good answers a minute under load."""
    load: Limit[Duration] = setting(dt.timedelta(seconds=60))
    """Shortest load that says anything."""
    min_cells: Limit[Annotated[int, Field(ge=1)]] = setting(4)
    """Fewest cells of the authorization matrix."""
    min_hsts: Limit[Duration] = setting(dt.timedelta(days=365))
    """Shortest time that browsers must remember to use HTTPS."""
