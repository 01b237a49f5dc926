"""A ticket system's API: one host, one login, bounded retries, no redirects.

What a token opens is told to nobody: no redirect is followed with it, plain HTTP is
refused beyond this machine, and no error quotes it.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from pytest_readiness.catalogue.rendering import printable
from pytest_readiness.errors import ConfigError, ReadinessError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Api", "File", "Refusal"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_RETRIED = frozenset({429, 502, 503, 504})
"""Too many, and what stands before a server; its own 500 may have done the work."""
_TRIES = 4
_TIMEOUT = urllib3.Timeout(connect=10, read=60)
_MOST = 16 * 1024 * 1024
_SAID = 200
_PATIENCE = 120
"""Longest ``Retry-After`` that is waited for, in seconds."""


class Refusal(ReadinessError):
    """The ticket system says no."""

    def __init__(self, where: str, what: str, status: int) -> None:
        super().__init__(where, what, _REMEDIES.get(status, ""))
        self.status = status


_REMEDIES = {
    401: "check the token and its user",
    403: "give the token's user the right to comment and attach",
    404: "check url and ticket; a token without access sees nothing either",
    413: "raise the system's limit, or attach fewer files with --file",
    429: "it limits requests; try again later",
}


@dataclass(frozen=True, slots=True)
class File:
    """What is attached."""

    name: str
    data: bytes
    kind: str


class Api:
    """A session with one system."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        secrets: tuple[str, ...],
        ca_file: Path | None = None,
        pause: float = 1.0,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError("--url", "is no address of a server", "https://...")
        if parts.username or parts.password or parts.query or parts.fragment:
            what = "holds more than the address"
            raise ConfigError("--url", what, "give the token by --token-env")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ConfigError(
                "--url", "would send the token unencrypted", "https://..."
            )
        self.base = url.rstrip("/")
        self._secrets = tuple(filter(None, secrets))
        self._headers = {"User-Agent": "pytest-readiness", **headers}
        retries = urllib3.Retry(
            total=_TRIES,
            backoff_factor=pause,
            backoff_max=_PATIENCE,
            status_forcelist=_RETRIED,
            allowed_methods=None,
            redirect=False,
            raise_on_status=False,
            respect_retry_after_header=True,
        )
        context = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self._pool = urllib3.PoolManager(
            retries=retries, timeout=_TIMEOUT, ssl_context=context
        )

    def ask(
        self,
        method: str,
        route: str,
        *,
        query: Mapping[str, str] | None = None,
        document: object = None,
        data: bytes | None = None,
        fields: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:  # noqa: ANN401  # whatever JSON the system answers
        """Send one request; give the JSON of the answer, None where there is none.

        Raises:
            Refusal: the system says no, or does not answer.
        """
        url = f"{self.base}{route}{f'?{urlencode(query)}' if query else ''}"
        where = f"{method} {self.base}{route}"
        given: dict[str, Any] = {"headers": {**self._headers, **(headers or {})}}
        if document is not None:
            given["body"] = json.dumps(document).encode()
            given["headers"].setdefault("Content-Type", "application/json")
        elif data is not None:
            given["body"] = data
        elif fields is not None:
            given["fields"] = fields
        try:
            answer = self._pool.request(
                method, url, redirect=False, preload_content=False, **given
            )
            body = answer.read(_MOST)
            answer.release_conn()
        except (HTTPError, OSError) as error:
            what = f"no answer: {self.said(str(error))}"
            raise Refusal(where, what, 0) from None
        if not 200 <= answer.status < 300:  # noqa: PLR2004  # RFC 9110
            what = (
                f"answered {answer.status}: {self.said(body.decode(errors='replace'))}"
            )
            raise Refusal(where, what, answer.status)
        try:
            return json.loads(body) if body.strip() else None
        except ValueError:
            raise Refusal(where, "did not answer with JSON", answer.status) from None

    def said(self, text: str) -> str:
        """Quote what a system says: one short line, without the token."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return printable(" ".join(text.split()))[:_SAID]
