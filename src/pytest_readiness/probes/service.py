"""The running service: that it answers, and which release it says it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, cast

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.http import Answer, Client, Identity
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, trust_files

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ReleaseRoute, ServiceBlock

__all__ = ["Service", "get"]

_OK = 200
_SERVER_ERROR = 500
_REJECTED = frozenset({401, 403})
_LONGEST = 200
"""Characters of a release; what is longer is none."""


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
        answer = get(block, route, look)
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


def get(block: ServiceBlock, route: str, look: Look) -> Answer:
    """Ask for one route, once.

    Raises:
        LookError: no answer, and why.
    """
    identity = Identity(block.ca_file)
    with Client(block.url, look, identity, lambda: _headers(block)) as client:
        return client.get(route)


def _headers(block: ServiceBlock) -> dict[str, str]:
    if block.token is None:
        return {}
    return {"Authorization": f"Bearer {block.token.reveal()}"}


def _release(
    answer: Answer, place: ReleaseRoute | None, *, asked: bool
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
