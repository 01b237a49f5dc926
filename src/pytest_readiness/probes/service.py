"""The running service: that it answers, and which release it says it is.

requests speaks HTTP; the socket under it is ours, so that proxies, ``.netrc`` and the
certificate variables of the environment have no say, a byte a second does not outlast
the look, and an endless answer ends.
"""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidHeader
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.network import CLOSED, connect
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.secure import secured, trust_context
from pytest_readiness.probes.stream import Stream

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Iterator, Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ReleaseRoute, ServiceBlock

__all__ = ["Service"]

_OK = 200
_SERVER_ERROR = 500
_REJECTED = frozenset({401, 403})
_FAILURES = (
    requests.RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
    UnicodeError,
)
"""What requests, and below it urllib3 and http.client, raise."""
_LONGEST = 200
"""Characters of a release; what is longer is none."""
_CHUNK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Service(Facts):
    """The service as its clients reach it, asked for its release once."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True

    answers: Observed[bool]
    """Yes once there was an HTTP answer; the detail says its status."""
    release: Observed[str]
    """What the configured route says in its JSON or in a header, as it stands there."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Read the release's route once; redirects are not followed."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        route = _route(block)
        answer = _get(block, route, look)
        if answer.status >= _SERVER_ERROR:
            raise LookError(f"{route} answered {answer.status}")
        detail = f"status {answer.status}"
        release = look.observe(
            lambda: _release(answer, block.release, asked=block.token is not None),
            what=f"GET {route}",
        )
        answers = look.seen(True, what=f"GET {route}", detail=detail)  # noqa: FBT003  # a value
        return cls(answers=answers, release=release)

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked: one request, with the token if there is one."""
        secure = block.url.startswith("https:")
        who = "with the token" if block.token is not None else "without a token"
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            PlannedLook("request", f"GET {_route(block)}", note=who),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


def _route(block: ServiceBlock) -> str:
    return block.release.route if block.release else "/"


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


def _get(block: ServiceBlock, route: str, look: Look) -> _Answer:
    try:
        with requests.Session() as session:
            session.trust_env = False
            adapter = _Adapter(_Way(block, look))
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            with session.get(
                f"{block.url}{route}",
                headers=_headers(block),
                timeout=look.remaining(),
                allow_redirects=False,
                stream=True,
            ) as response:
                # Not decoded: a small answer may unpack to gigabytes.
                parts = response.raw.stream(_CHUNK, decode_content=False)
                return _Answer(response.status_code, response.headers, b"".join(parts))
    except _FAILURES as error:
        raise _failed(error) from None


def _headers(block: ServiceBlock) -> dict[str, str]:
    headers = {
        "User-Agent": "pytest-readiness",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    if block.token is not None:
        headers["Authorization"] = f"Bearer {block.token.reveal()}"
    return headers


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


def _release(
    answer: _Answer, place: ReleaseRoute | None, *, asked: bool
) -> str | Unavailable:
    if place is None:
        return Unavailable(
            "the target does not say how the service tells its release",
            Cause.UNCONFIGURED,
            "add [target.NAME.service.release]",
        )
    if answer.status in _REJECTED:
        why = "rejected the token" if asked else "asks for a token"
        return Unavailable(f"{place.route} {why}", Cause.NO_ANSWER, "check token")
    if answer.status != _OK:
        reason = f"{place.route} answered {answer.status}"
        return Unavailable(reason, Cause.NO_ANSWER, "check the route")
    if place.header is not None:
        found: object = answer.headers.get(place.header)
        where = f"header {place.header}"
    else:
        found = _within(answer.body, place.json_key or "")
        where = f"JSON key {place.json_key}"
    text = str(found).strip() if isinstance(found, str | int | float) else ""
    if isinstance(found, bool) or not text or len(text) > _LONGEST:
        reason = f"{place.route} tells no release: {where}"
        return Unavailable(reason, Cause.NO_ANSWER, "check route and key")
    return "".join(c if c.isprintable() else "?" for c in text)


def _within(body: bytes, key: str) -> object:
    """Give what stands at a key of a JSON answer; dots go into nested objects."""
    try:
        found: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for part in key.split("."):
        if not isinstance(found, dict):
            return None
        found = cast("dict[str, object]", found).get(part)
    return found


class _Way:
    """How requests gets to the service: connected, proven, bounded by the look."""

    def __init__(self, block: ServiceBlock, look: Look) -> None:
        self._look = look
        secure = block.url.startswith("https:")
        self._trust = trust_context(block.ca_file) if secure else None

    def open(self, host: str, port: int) -> Stream:
        """Connect, and shake hands where the URL is HTTPS."""
        sock: socket.socket | ssl.SSLSocket = connect(host, port, self._look)
        if self._trust is not None:
            sock = secured(sock, self._trust, host, self._look)
        return Stream(sock, self._look)


class _Adapter(HTTPAdapter):
    """requests' door to the connections below."""

    def __init__(self, way: _Way) -> None:
        super().__init__(max_retries=0)
        self._way = way

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: object, **__: object
    ) -> HTTPConnectionPool:
        """Give a pool of connections to the request's host that are opened our way."""
        parts = urlsplit(request.url or "")
        kind = _SecurePool if parts.scheme == "https" else _PlainPool
        return kind(parts.hostname or "", parts.port, way=self._way)

    def cert_verify(self, *_: object, **__: object) -> None:
        """Leave the proof to the handshake; requests would look for its own files."""


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
