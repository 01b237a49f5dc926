"""The engine's settings: what differs from place to place is in its environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LOGGING", "SETTINGS", "Settings", "User"]

SETTINGS = Path(__file__).with_name("settings.yaml")
LOGGING = Path(__file__).with_name("logging.yaml")
"""The same wherever this release runs."""


@dataclass(frozen=True)
class User:
    """Who may log in, and as what."""

    role: str
    password: str
    limit: int = 0
    """Requests a minute; 0 is what is usual."""


@dataclass(frozen=True)
class Settings:
    """A variable each: ``database_url`` is ``ENGINE_DATABASE_URL``."""

    database_url: str
    cache_url: str
    ca_file: str
    """Whom to trust about the database's and the cache's certificates."""
    certificate: str
    key: str
    token_key: str
    """File with the private key that tokens are signed with."""
    token_public_key: str
    """File with the public one that they are verified with."""
    users: dict[str, User]
    """A JSON object: ``{"alice": {"role": "trader", "password": "..."}}``."""
    digest: str
    """Of the files that this release consists of."""
    listen_fd: int
    """A socket that is listening already."""
    plain_fd: int
    """Another one, for plain HTTP, which is sent on to HTTPS."""
    pool_size: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings; a missing one is a KeyError that names it."""
        users = json.loads(environ["ENGINE_USERS"])
        configured = yaml.safe_load(SETTINGS.read_text("utf-8"))
        return cls(
            database_url=environ["ENGINE_DATABASE_URL"],
            cache_url=environ["ENGINE_CACHE_URL"],
            ca_file=environ["ENGINE_CA_FILE"],
            certificate=environ["ENGINE_CERTIFICATE"],
            key=environ["ENGINE_KEY"],
            token_key=environ["ENGINE_TOKEN_KEY"],
            token_public_key=environ["ENGINE_TOKEN_PUBLIC_KEY"],
            users={name: User(**user) for name, user in users.items()},
            digest=environ["ENGINE_DIGEST"],
            listen_fd=int(environ["ENGINE_LISTEN_FD"]),
            plain_fd=int(environ["ENGINE_PLAIN_FD"]),
            pool_size=int(configured["database"]["pool_size"]),
        )
