"""The four providers of market data: each speaks its own format, and wants its key.

Formats as documented by Tradier (https://docs.tradier.com/docs/profile), Yahoo-style
quote services (https://yfapi.net), FRED (https://fred.stlouisfed.org/docs/api/fred/)
and Quiver Quantitative (https://api.quiverquant.com/docs/). What a provider in trouble
answers is in :data:`TROUBLES`.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from http.client import HTTPException, parse_headers
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from pytest_readiness.demo.standins.listener import Listener

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable, Mapping
    from email.message import Message

__all__ = ["NAMES", "TROUBLES", "Reply", "provider"]

_MOST = 1 << 16
_JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """One answer, whatever was asked."""

    status: int
    body: str
    kind: str = _JSON
    headers: Mapping[str, str] | None = None

    def sent(self) -> bytes:
        """Write it as HTTP/1.1 has it."""
        body = self.body.encode()
        headers = {
            "Content-Type": self.kind,
            "Content-Length": str(len(body)),
            "Connection": "close",
            **(self.headers or {}),
        }
        lines = [
            f"HTTP/1.1 {self.status} -",
            *(f"{k}: {v}" for k, v in headers.items()),
        ]
        return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass(frozen=True)
class _Request:
    path: str
    query: Mapping[str, list[str]]
    headers: Message


@dataclass(frozen=True)
class _Provider:
    """One provider: where it is read, where the key stands, what it answers."""

    path: str
    key: Callable[[_Request], str]
    good: object
    bad: Reply


def _bearer(request: _Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def _x_api_key(request: _Request) -> str:
    return request.headers.get("X-API-KEY", "")


def _api_key(request: _Request) -> str:
    return request.query.get("api_key", [""])[0]


_FAULT = {
    "fault": {
        "faultstring": "Invalid Access Token",
        "detail": {"errorcode": "keymanagement.service.invalid_access_token"},
    }
}
_NOT_REGISTERED = {
    "error_code": 400,
    "error_message": (
        "Bad Request.  The value for variable api_key is not registered.  Read "
        "https://fred.stlouisfed.org/docs/api/api_key.html for more information."
    ),
}
_ACCOUNT = {
    "account_number": "VA000001",
    "classification": "individual",
    "date_created": "2016-08-01T21:08:55.000Z",
    "day_trader": False,
    "option_level": 6,
    "status": "active",
    "type": "margin",
    "last_update_date": "2016-08-01T21:08:55.000Z",
}
_QUOTE = {
    "symbol": "AAPL",
    "quoteType": "EQUITY",
    "currency": "USD",
    "regularMarketPrice": 189.98,
    "regularMarketTime": 1700859601,
    "marketState": "CLOSED",
}
_SERIES = {
    "id": "GNPCA",
    "realtime_start": "2026-11-24",
    "realtime_end": "2026-11-24",
    "title": "Real Gross National Product",
    "frequency": "Annual",
    "frequency_short": "A",
    "units": "Billions of Chained 2017 Dollars",
    "seasonal_adjustment_short": "NSA",
}
_TRADE = {
    "Representative": "A. Member",
    "ReportDate": "2026-11-20",
    "TransactionDate": "2026-10-30",
    "Ticker": "AAPL",
    "Transaction": "Purchase",
    "Range": "$1,001 - $15,000",
    "House": "Representatives",
}

_PROVIDERS: Mapping[str, _Provider] = {
    "tradier": _Provider(
        "/v1/user/profile",
        _bearer,
        {"profile": {"account": [_ACCOUNT], "id": "id-demo", "name": "Demo Trading"}},
        Reply(401, json.dumps(_FAULT)),
    ),
    "yahoo-finance": _Provider(
        "/v6/finance/quote",
        _x_api_key,
        {"quoteResponse": {"result": [_QUOTE], "error": None}},
        Reply(403, json.dumps({"message": "Forbidden"})),
    ),
    "fred": _Provider(
        "/fred/series",
        _api_key,
        {
            "realtime_start": "2026-11-24",
            "realtime_end": "2026-11-24",
            "seriess": [_SERIES],
        },
        # FRED says XML of its JSON; its documentation shows it.
        Reply(400, json.dumps(_NOT_REGISTERED), "text/xml;charset=utf-8"),
    ),
    "quiver-quant": _Provider(
        "/beta/live/congresstrading",
        _bearer,
        [_TRADE],
        Reply(401, json.dumps({"detail": "Invalid token."})),
    ),
}

NAMES = tuple(_PROVIDERS)
"""Their names, as items and target files have them."""

TROUBLES: Mapping[str, Reply] = {
    "forbidden": Reply(403, json.dumps({"message": "Forbidden"})),
    "limited": Reply(
        429, json.dumps({"message": "Limit Exceeded"}), headers={"Retry-After": "42"}
    ),
    "broken": Reply(500, json.dumps({"message": "Internal Server Error"})),
    "maintained": Reply(
        200,
        "<!DOCTYPE html><title>Maintenance</title><p>We will be back soon.\n",
        "text/html; charset=utf-8",
    ),
}
"""What any of them answers in trouble, to a good key as well."""


def provider(
    name: str, key: str, tls: ssl.SSLContext | None = None, trouble: Reply | None = None
) -> Listener:
    """Start one of :data:`NAMES` that knows one key; ``trouble`` is all it says."""
    described = _PROVIDERS[name]

    def handle(connection: socket.socket) -> None:
        request = _read(connection)
        if request is not None:
            reply = trouble or _answer(request, described, key)
            connection.sendall(reply.sent())

    return Listener(handle, tls)


def _answer(request: _Request, described: _Provider, key: str) -> Reply:
    if request.path != described.path:
        return Reply(404, json.dumps({"message": "Not Found"}))
    if described.key(request) != key:
        return described.bad
    return Reply(200, json.dumps(described.good))


def _read(connection: socket.socket) -> _Request | None:
    """Read one request; None where there is none, or none that can be understood."""
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(_MOST)
        head += part
        if not part or len(head) > _MOST:
            return None
    line, _, rest = head.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    try:
        headers = parse_headers(io.BytesIO(rest))
    except HTTPException:
        return None
    if len(words) != len(("GET", "/", "HTTP/1.1")) or words[0] != "GET":
        return None
    parts = urlsplit(words[1])
    return _Request(parts.path, parse_qs(parts.query), headers)
