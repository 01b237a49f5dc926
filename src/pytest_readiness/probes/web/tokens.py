"""Forged JSON Web Tokens (RFC 7519): what a verifier must refuse, whatever they say.

Made of a good token, so that all but the forgery is right. The attacks are those of
RFC 8725, section 2: no signature (``alg: none``), a changed content, another key, and
the public key of an asymmetric algorithm taken as the secret of HS256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Parts", "forged", "parts_of"]

_HMAC = "HS"
_SHA256 = 32
_LATER = 31_536_000
"""Seconds by which a changed token would be good for longer."""


@dataclass(frozen=True)
class Parts:
    """What a token says, without its signature."""

    algorithm: str
    has_audience: bool

    @property
    def symmetric(self) -> bool:
        """Whether whoever verifies it could sign one as well."""
        return self.algorithm.upper().startswith(_HMAC)


def parts_of(token: Secret) -> Parts | None:
    """Read a token; None where it is no JWT."""
    try:
        head, claims, _ = token.reveal().split(".")
        header, content = _object(head), _object(claims)
    except ValueError:
        return None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str):
        return None
    return Parts(algorithm, "aud" in content)


def forged(token: Secret, public_key: bytes | None) -> Iterator[tuple[str, Secret]]:
    """Give each forgery with its name; ``public_key`` is in PEM."""
    head, claims, signature = token.reveal().split(".")
    header, content = _object(head), _object(claims)
    yield "with alg none", _secret(_unsigned(header, claims, "none"))
    yield "with alg nOnE", _secret(_unsigned(header, claims, "nOnE"))
    longer = {**content, "exp": _whole(content.get("exp")) + _LATER}
    yield "with a changed content", _secret(f"{head}.{_encoded(longer)}.{signature}")
    size = len(_decoded(signature)) or _SHA256
    other = _text(secrets.token_bytes(size))
    yield "signed with another key", _secret(f"{head}.{claims}.{other}")
    if public_key is not None:
        signed = f"{_encoded({**header, 'alg': 'HS256'})}.{claims}"
        digest = hmac.digest(public_key, signed.encode(), hashlib.sha256)
        yield "with the public key as secret", _secret(f"{signed}.{_text(digest)}")


def _unsigned(header: Mapping[str, object], claims: str, name: str) -> str:
    return f"{_encoded({**header, 'alg': name})}.{claims}."


def _secret(text: str) -> Secret:
    # A server that takes it would take it from whoever reads the report.
    return Secret(text, "forged token")


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _object(part: str) -> Mapping[str, object]:
    try:
        found: object = json.loads(_decoded(part))
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        msg = "no JSON object"
        raise ValueError(msg)  # noqa: TRY004  # its caller asks for one kind
    return cast("Mapping[str, object]", found)


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(value: Mapping[str, object]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
