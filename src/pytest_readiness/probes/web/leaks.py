"""What the service tells strangers who ask for what is not there, or ask it wrongly.

A few GET requests that change nothing and guess nothing: unlike the malformed input of
:mod:`.inputs`, they need no grant, and no document of the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from pytest_readiness.probes.look import Facts
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.web.identities import client_of
from pytest_readiness.probes.web.traces import has_trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.catalogue.observation import Observed
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock

__all__ = ["REQUESTS", "Leaks"]

_SERVER_ERROR = 500


class _Request(NamedTuple):
    what: str
    route: str
    headers: Mapping[str, str]

    def shown(self) -> Mapping[str, str]:
        """Give the headers, as the client asks for them."""
        return self.headers


REQUESTS = (
    _Request("an unknown route", "/readiness/no-such-route", {}),
    _Request("a broken encoding", "/%c0%ae%c0%ae/%ff%fe", {}),
    _Request("a zero byte", "/readiness%00route", {}),
    _Request("a broken query", "/?q=%ff%00&q[]=%7B%7B1%7D%7D&=", {}),
    _Request("a very long route", f"/{'a' * 4000}", {}),
    _Request("a media type of nobody's", "/", {"Accept": "nonsense"}),
    _Request("a broken cookie", "/", {"Cookie": 'session="\\377;;=='}),
    _Request("a broken range", "/", {"Range": "bytes=9-1,x"}),
)
"""What is asked, each once, without a log-in."""


@dataclass(frozen=True, kw_only=True)
class Leaks(Facts):
    """What came of unknown and malformed requests."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True

    asked: Observed[int]
    """How many such requests were answered."""
    traces: Observed[tuple[str, ...]]
    """Those that were answered with a stack trace."""
    broken: Observed[tuple[str, ...]]
    """Those that brought an error of the server, with its status."""

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Send each request once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        traces: list[str] = []
        broken: list[str] = []
        with client_of(block, look, answers=len(REQUESTS)) as client:
            for request in REQUESTS:
                answer = client.ask("GET", request.route, headers=request.shown)
                if has_trace(answer.body):
                    traces.append(request.what)
                if answer.status >= _SERVER_ERROR:
                    broken.append(f"{request.what}: {answer.status}")
        what = "unknown and malformed requests"
        return cls(
            asked=look.seen(len(REQUESTS), what=what),
            traces=look.seen(tuple(traces), what=what),
            broken=look.seen(tuple(broken), what=what),
        )

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked."""
        secure = block.url.startswith("https:")
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            *(
                PlannedLook("request", f"GET {one.route[:60]}", note=one.what)
                for one in REQUESTS
            ),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return f"{block.url} (unknown routes)"
