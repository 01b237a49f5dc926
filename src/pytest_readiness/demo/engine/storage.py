"""The engine's two stores: PostgreSQL for what must last, Redis for what may go."""

from __future__ import annotations

import queue
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
import redis
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row
from redis.backoff import NoBackoff
from redis.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Generator

    from .settings import Settings

__all__ = ["Cache", "DataError", "Database", "DatabaseError"]

DatabaseError = psycopg.Error
DataError = psycopg.DataError
"""A value that the database cannot hold: the client's doing."""
Row = dict[str, object]

_TIMEOUT = 2
"""Seconds: a store that hangs must not hang the service."""


class Database:
    """A few connections that requests take in turn; opened when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url
        self._ca_file = settings.ca_file
        self._idle: queue.LifoQueue[psycopg.Connection[Row] | None] = queue.LifoQueue()
        for _ in range(settings.pool_size):
            self._idle.put(None)

    @contextmanager
    def transaction(self) -> Generator[psycopg.Connection[Row]]:
        """Lend a connection within a transaction: committed, or rolled back on error.

        Raises:
            DatabaseError: the database is not there, or no connection is free.
        """
        try:
            connection = self._idle.get(timeout=_TIMEOUT)
        except queue.Empty:
            raise psycopg.OperationalError("no connection is free") from None
        try:
            if connection is None:
                connection = self._connect()
            with connection.transaction():
                yield connection
        finally:
            broken = connection is None or connection.broken or connection.closed
            self._idle.put(None if broken else connection)

    def _connect(self) -> psycopg.Connection[Row]:
        words = make_conninfo(
            self._url,
            sslmode="verify-full",
            sslrootcert=self._ca_file,
            connect_timeout=_TIMEOUT,
            application_name="options-trading-engine",
        )
        return psycopg.Connection[Row].connect(
            words, autocommit=True, row_factory=dict_row
        )


class Cache:
    """A few seconds' memory that is shared with the other instances."""

    def __init__(self, settings: Settings) -> None:
        self._client: redis.Redis = redis.Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # redis leaves **kwargs untyped
            settings.cache_url,
            ssl_ca_certs=settings.ca_file,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            self._client.ping()  # pyright: ignore[reportUnknownMemberType]  # as above
        except redis.RedisError:
            return False
        return True

    def get(self, key: str) -> str | None:
        """Give what is kept under a key; None also where the cache is not there."""
        try:
            found = self._client.get(key)
        except redis.RedisError:
            return None
        return found if isinstance(found, str) else None

    def set(self, key: str, value: str, seconds: int) -> bool:
        """Keep a value for a while; False where the cache is not there."""
        try:
            self._client.set(key, value, ex=seconds)
        except redis.RedisError:
            return False
        return True
