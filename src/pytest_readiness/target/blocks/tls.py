"""``[target.NAME.tls]``: the endpoints whose certificates are looked at."""

import datetime as dt
from dataclasses import replace
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from pytest_readiness.catalogue.observation import Observed
from pytest_readiness.catalogue.requirement import Bound
from pytest_readiness.target.blocks.block import (
    Duration,
    FilePath,
    Host,
    Limit,
    LimitsBlock,
    ResourceBlock,
    Share,
    setting,
    tupled,
)
from pytest_readiness.target.blocks.endpoint import Endpoint, or_text, own_names

__all__ = ["CertificateLimits", "TlsBlock", "TlsEndpoint"]


Bits = Annotated[int, Field(ge=1)]


class TlsEndpoint(Endpoint):
    """One endpoint: ``"https://host:port"``, ``"host:port"``, or a table."""

    server_name: Host | None = None
    """Name that the certificate must carry, where it is not the host."""
    starttls: Literal["postgres"] | None = None
    """Protocol that is asked for TLS before the handshake."""


class TlsBlock(ResourceBlock):
    """The endpoints; each is judged by itself."""

    endpoints: Annotated[
        tuple[TlsEndpoint, ...],
        BeforeValidator(tupled),
        Field(json_schema_extra=or_text),
    ]
    """Every endpoint that clients or services reach over TLS."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""

    @model_validator(mode="after")
    def _own_names(self) -> Self:
        own_names(self.endpoints)
        return self


class CertificateLimits(LimitsBlock):
    """``[target.NAME.limits.certificates]``.

    Time left: the smaller of ``min_left`` and ``min_left_share`` of the lifetime, and
    never under ``least_left``.
    """

    min_left: Limit[Duration] = setting(dt.timedelta(days=30))
    """Time that a certificate must have left."""
    min_left_share: Limit[Share] = setting(0.25)
    """Share of its lifetime, for certificates that live shorter."""
    least_left: Limit[Duration] = setting(dt.timedelta(hours=24))
    """What must be left whatever the lifetime."""
    min_rsa_bits: Limit[Bits] = setting(2048)
    """Smallest RSA key."""
    min_ec_bits: Limit[Bits] = setting(256)
    """Smallest elliptic-curve key."""

    def needed(self, lifetime: Observed[dt.timedelta]) -> Observed[dt.timedelta]:
        """Give the time that a certificate of that lifetime must have left."""
        most, least = self.min_left.value, self.least_left.value
        share = self.min_left_share.value
        left = lifetime.map(lambda whole: max(min(most, whole * share), least))
        return replace(left, source="limits.certificates, by its lifetime")

    def min_bits(self, family: Literal["rsa", "ec"]) -> Bound[int]:
        """Give the smallest key of a family."""
        return self.min_rsa_bits if family == "rsa" else self.min_ec_bits
