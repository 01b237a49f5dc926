"""HTTP for probes: one server, asked as often as a look needs, never for ever.

requests speaks HTTP; the socket under it is ours, so that proxies, ``.netrc`` and the
certificate variables of the environment have no say, a byte a second does not outlast
the look, and an endless answer ends. Redirects are not followed, cookies not kept.
"""

from __future__ import annotations

import http.client
import json
from base64 import b64encode
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidHeader
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.network import CLOSED, ENDLESS, INTAKE, connect
from pytest_readiness.probes.secure import (
    load_client_certificate,
    secured,
    trust_context,
)
from pytest_readiness.probes.stream import Stream
from pytest_readiness.target.blocks.web import TenantBlock

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks.web import WebBlock

__all__ = ["Answer", "Client", "Identity", "connected", "credentials"]

_FAILURES = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
    UnicodeError,
)
"""What requests, and below it urllib3 and http.client, raise."""
_CHUNK = 1 << 16
_CONNECTIONS = 16
_ASIDE = {
    "User-Agent": "pytest-readiness",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True)
class Answer:
    """What a server answered; the body is as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Identity:
    """Whom to trust, and what a client shows of itself in the handshake."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Give the client context.

        Raises:
            LookError: a file cannot be used.
        """
        context = trust_context(self.ca_file)
        if self.cert_file is not None:
            load_client_certificate(context, self.cert_file, self.key_file)
        return context


class Client(Closing):
    """A session with the server of one look; threads may share it.

    ``headers`` is called for each request: what it gives may hold secrets, which are
    revealed for no longer than that. ``intake`` bounds each answer, in bytes, and with
    ``answers``, how many there may be, each connection.
    """

    def __init__(
        self,
        base: str,
        look: Look,
        identity: Identity,
        headers: Callable[[], Mapping[str, str]] = dict,
        *,
        intake: int = INTAKE,
        answers: int = 1,
    ) -> None:
        self._base = base
        self._look = look
        self._headers = headers
        self._intake = intake
        trust = identity.context() if base.startswith("https:") else None
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(_Way(trust, look, intake * answers))
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    def get(self, route: str, query: Mapping[str, str] | None = None) -> Answer:
        """Ask for what is at a route, below the base.

        Raises:
            LookError: no answer, and why.
        """
        return self.ask("GET", route, query=query)

    def post(self, route: str, document: object) -> Answer:
        """Send a JSON document to a route, below the base.

        Raises:
            LookError: no answer, and why.
        """
        return self.ask("POST", route, body=lambda: json.dumps(document).encode())

    def ask(
        self,
        method: str,
        route: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Callable[[], Mapping[str, str]] = dict,
        body: Callable[[], bytes] | None = None,
    ) -> Answer:
        """Send a request by any method; the caller has the grant for unsafe ones.

        ``headers`` and ``body``, JSON where nothing else is said, may hold secrets, and
        are called as it is sent.

        Raises:
            LookError: no answer, and why.
        """
        kind = {} if body is None else {"Content-Type": "application/json"}
        try:
            with self._session.request(
                method,
                f"{self._base}{route}",
                params=query,
                headers={**_ASIDE, **kind, **self._headers(), **headers()},
                data=body() if body else None,
                timeout=self._look.remaining(),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Answer(
                    response.status_code, response.headers, self._body(response)
                )
        except _FAILURES as error:
            raise _failed(error) from None

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        # Not decoded: a small answer may unpack to gigabytes.
        for part in response.raw.stream(_CHUNK, decode_content=False):
            body += part
            if len(body) > self._intake:
                raise LookError(ENDLESS)
        return bytes(body)


def credentials(block: WebBlock) -> dict[str, str]:
    """Give the headers that log in to a block's API; they hold its secrets."""
    headers: dict[str, str] = {}
    if block.token is not None:
        headers["Authorization"] = f"{block.scheme} {block.token.reveal()}"
    if block.password is not None:
        pair = f"{block.username}:{block.password.reveal()}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    if isinstance(block, TenantBlock) and block.tenant is not None:
        headers[block.tenant_header] = block.tenant.reveal()
    return headers


def connected(block: WebBlock, look: Look, *, intake: int, answers: int) -> Client:
    """Prepare a session with a block's API; nothing is sent yet.

    Raises:
        LookError: a certificate cannot be used, or a secret is not set.
    """
    identity = Identity(block.ca_file, block.cert_file, block.key_file)
    return Client(
        block.url,
        look,
        identity,
        lambda: credentials(block),
        intake=intake,
        answers=answers,
    )


def _failed(error: Exception) -> LookError:
    kinds = tuple(_chain(error))
    if any(isinstance(kind, http.client.RemoteDisconnected) for kind in kinds):
        return LookError(CLOSED)
    if any(isinstance(kind, http.client.IncompleteRead) for kind in kinds):
        return LookError("the answer ends in its middle")
    if any(isinstance(kind, InvalidHeader | UnicodeEncodeError) for kind in kinds):
        # A token with a line break, perhaps; the error's text quotes it.
        return LookError("the token cannot be sent", Cause.LOCAL, final=True)
    return LookError("what answers there is not HTTP")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and all that it came from; drivers wrap them in each other."""
    while error is not None:
        yield error
        yield from (part for part in error.args if isinstance(part, BaseException))
        error = error.__cause__ or error.__context__


class _Way:
    """How requests gets to the server: connected, proven, bounded by the look."""

    def __init__(self, trust: ssl.SSLContext | None, look: Look, intake: int) -> None:
        self._trust = trust
        self._look = look
        self._intake = intake

    def open(self, host: str, port: int) -> Stream:
        """Connect, and shake hands where the URL is HTTPS."""
        sock: socket.socket | ssl.SSLSocket = connect(host, port, self._look)
        if self._trust is not None:
            sock = secured(sock, self._trust, host, self._look)
        return Stream(sock, self._look, self._intake)


class _Adapter(HTTPAdapter):
    """requests' door to the connections below, which it keeps for the next request."""

    def __init__(self, way: _Way) -> None:
        super().__init__(max_retries=0)
        self._way = way
        self._pool: HTTPConnectionPool | None = None

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: object, **__: object
    ) -> HTTPConnectionPool:
        """Give connections to the request's host that are opened our way.

        A session has one host: nothing is redirected.
        """
        if self._pool is None:
            parts = urlsplit(request.url or "")
            kind = _SecurePool if parts.scheme == "https" else _PlainPool
            self._pool = kind(
                parts.hostname or "", parts.port, maxsize=_CONNECTIONS, way=self._way
            )
        return self._pool

    def cert_verify(self, *_: object, **__: object) -> None:
        """Leave the proof to the handshake; requests would look for its own files."""

    def close(self) -> None:
        """Close the connections."""
        super().close()
        if self._pool is not None:
            self._pool.close()


class _Plain(HTTPConnection):
    """urllib3's connection over our stream; its pool passes ``way`` on."""

    def __init__(self, *args: Any, way: _Way, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **settings)
        self._way = way

    def connect(self) -> None:
        self.sock = self._way.open(self.host, self.port)


class _Secure(HTTPSConnection):
    """As :class:`_Plain`; the stream comes with its proof."""

    def __init__(self, *args: Any, way: _Way, **settings: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **settings)  # pyright: ignore[reportUnknownMemberType]
        self._way = way

    def connect(self) -> None:
        self.sock = self._way.open(self.host, self.port)
        self.is_verified = True


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain  # pyright: ignore[reportAssignmentType]  # as urllib3 does


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure  # pyright: ignore[reportAssignmentType]  # as urllib3 does
