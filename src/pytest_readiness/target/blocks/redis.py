"""``[target.NAME.redis]``: the cache, Redis or Valkey."""

import datetime as dt
from typing import Literal, Self

from packaging.version import Version
from pydantic import model_validator

from pytest_readiness.target.blocks.block import (
    Count,
    Duration,
    FilePath,
    Host,
    Limit,
    LimitsBlock,
    Port,
    ResourceBlock,
    SecretText,
    Share,
    Text,
    VersionText,
    exclusive,
    floor,
    refuse,
    setting,
)

__all__ = ["RedisBlock", "RedisLimits"]


class RedisBlock(ResourceBlock):
    """Where the cache is: ``host`` and port, or a ``socket``."""

    host: Host | None = None
    """Name or address of the server."""
    port: Port = 6379
    """Port of the server."""
    socket: FilePath | None = None
    """Path of the server's socket, instead of host and port."""
    db: Count = 0
    """Number of the database."""
    username: Text | None = None
    """User of the access list; none is the default user."""
    password: SecretText | None = None
    """Password of the user."""
    tls: bool = False
    """Whether the server speaks TLS."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    cert_file: FilePath | None = None
    """Client certificate, where the server asks for one."""
    key_file: FilePath | None = None
    """Key of the client certificate."""
    role: Literal["cache", "store"] = "cache"
    """``cache`` evicts when full; ``store`` keeps everything and persists it."""
    same_network: bool | None = None
    """Whether the run stands in the server's network; else it is looked at."""
    managed: Text | None = None
    """Who runs the server, where somebody else does: ``elasticache`` ..."""

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        ways = exclusive({"host": self.host, "socket": self.socket})
        if not ways:
            raise refuse("misses host", "give host, or socket")
        also = ["port"] * ("port" in self.model_fields_set) + ["tls"] * self.tls
        if self.socket is not None and (len(ways) > 1 or also):
            what = f"sets socket and {', '.join([*ways[:-1], *also])}"
            raise refuse(what, "a socket needs none of the others")
        files = {
            "ca_file": self.ca_file,
            "cert_file": self.cert_file,
            "key_file": self.key_file,
        }
        unused = exclusive(files)
        if unused and not self.tls:
            raise refuse(f"sets {', '.join(unused)} without tls", "add `tls = true`")
        if (self.cert_file is None) != (self.key_file is None):
            raise refuse("sets one of cert_file and key_file", "give both or none")
        return self


class RedisLimits(LimitsBlock):
    """``[target.NAME.limits.redis]``."""

    min_version: Limit[VersionText] = floor(Version("6"))
    """Oldest version that will do."""
    round_trip: Limit[Duration] = setting(dt.timedelta(milliseconds=5))
    """Longest median round trip within one network."""
    round_trip_remote: Limit[Duration] = setting(dt.timedelta(milliseconds=50))
    """Longest median round trip from elsewhere."""
    hit_ratio: Limit[Share] = setting(0.80)
    """Least share of lookups that find their key."""
    hit_sample: Limit[Count] = setting(1000)
    """Lookups that there must have been before that share says anything."""
