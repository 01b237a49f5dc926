"""Prometheus' HTTP API: requests, what its errors mean, and answers as types.

As in Prometheus' documentation, "HTTP API", and where they differ:
Mimir (a path in front, tenants), Thanos (``partial_response``, tenants),
VictoriaMetrics (``deny_partial_response``, ``isPartial``, vectors for scalars).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Self

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.http import connected
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.prometheus import forms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.http import Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import PrometheusBlock

__all__ = ["Api", "Window"]

_INTAKE = 8 << 20
"""Bytes of one answer: thousands of targets or rules are some megabytes."""
_ANSWERS = 400
_OK, _SERVER_ERROR = 200, 500
_MOVED = range(300, 400)


class _Meaning(NamedTuple):
    """What a status says; ``{}`` in the reason is the part of the API."""

    reason: str
    remedy: str = ""
    cause: Cause = Cause.NO_ANSWER
    final: bool = True
    about_query: bool = False
    """Whether it says so of the query, if it is Prometheus that says it."""


_ABSENT = _Meaning("the server has no /api/v1/{}", "check the path in url")
_MEANING = {
    400: _Meaning("the query is refused", "correct it", about_query=True),
    401: _Meaning("the server asks for other credentials", "check token or password"),
    403: _Meaning("the server forbids this", "check what the credentials may read"),
    404: _ABSENT,
    405: _ABSENT,
    422: _Meaning("the query cannot be executed", "correct it", about_query=True),
    429: _Meaning("the server is asked too often", "", Cause.THIRD_PARTY, final=False),
    501: _ABSENT,
    503: _Meaning(
        "the server could not answer in time", "", Cause.THIRD_PARTY, final=False
    ),
}
"""The statuses that the API documents, and those of what stands in front of it."""


class Window(NamedTuple):
    """Times of a range query, in seconds, by the names that the API has for them."""

    start: float
    end: float
    step: float


@dataclass(frozen=True)
class Api(Closing):
    """One session; threads may share it."""

    client: Client
    accept_partial: bool
    timeout: float

    @classmethod
    def open(cls, block: PrometheusBlock, look: Look) -> Self:
        """Prepare a session; nothing is sent yet.

        Raises:
            LookError: a certificate cannot be used, or a secret is not set.
        """
        client = connected(block, look, intake=_INTAKE, answers=_ANSWERS)
        return cls(client, block.accept_partial, look.timeout)

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def close(self) -> None:
        """End the session."""
        self.client.close()

    def now(self) -> float:
        """Ask the server for its time: that it answers, and that we may ask."""
        for _, points in self.instant("time()"):
            for at, _ in points:
                return at
        raise LookError("the server does not tell its time", final=True)

    def instant(self, promql: str) -> forms.Vector:
        """Ask for the present value of every series of an expression."""
        return self._query("query", {"query": promql})

    def over(self, promql: str, window: Window) -> forms.Vector:
        """Ask for the values over a window."""
        times = {name: f"{at:.3f}" for name, at in window._asdict().items()}
        return self._query("query_range", {"query": promql, **times})

    def targets(self) -> forms.Targets:
        """Ask what is scraped."""
        return forms.read(forms.Targets, self._ask("targets", {"state": "active"}))

    def rules(self) -> forms.Rules:
        """Ask for the rules that are loaded."""
        return forms.read(forms.Rules, self._ask("rules", {}))

    def _query(self, route: str, query: Mapping[str, str]) -> forms.Vector:
        asked = {**query, "timeout": f"{math.ceil(self.timeout)}s"}
        if not self.accept_partial:
            asked |= {"partial_response": "false", "deny_partial_response": "1"}
        return forms.vector(forms.read(forms.Result, self._ask(route, asked)), route)

    def _ask(self, route: str, query: Mapping[str, str]) -> object:
        answer = self.client.get(f"/api/v1/{route}", query)
        said = forms.said(answer.body)
        if answer.status != _OK or said is None or said.status != "success":
            raise _refused(answer.status, said, route)
        incomplete = [
            w for w in said.warnings or () if not w.startswith("PromQL info:")
        ]
        if said.is_partial:
            incomplete.append("the server calls its answer partial")
        if incomplete and not self.accept_partial:
            raise LookError(
                f"the answer is not whole: {forms.shown(incomplete[0])}",
                remedy="mend the server's stores, or set accept_partial",
                final=True,
            )
        return said.data


def _refused(status: int, said: forms.Said | None, route: str) -> LookError:
    """Say in our words why there is no result."""
    meaning = _MEANING.get(status)
    if meaning is None and status in _MOVED:
        meaning = _Meaning("it leads elsewhere", "give the url that it leads to")
    if meaning is None and status >= _SERVER_ERROR:
        meaning = _Meaning("the server is broken", final=False)
    if meaning is None or (said is None and meaning.about_query):
        meaning = _Meaning(
            "what answers is not Prometheus' API", "check the path in url"
        )
    words = f": {forms.shown(said.error)}" if said is not None and said.error else ""
    reason = f"{meaning.reason.format(route)} ({status}){words}"
    return LookError(reason, meaning.cause, meaning.remedy, final=meaning.final)
