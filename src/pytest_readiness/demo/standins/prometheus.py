"""A Prometheus that knows the answers to the queries that it was told of.

No package carries the real one. It speaks the documented HTTP API
(Prometheus documentation, "HTTP API") for queries that are known
word for word, for the ages of the series behind them, and for what it scrapes and which
rules it has. Every other query has an empty answer, as a metric has that nobody sends.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from pytest_readiness.demo.standins.web import Asked, Reply, Web
from pytest_readiness.target.promql import selectors

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator, Iterator, Mapping

    Value = float | Callable[[float], float | None]

__all__ = ["Prometheus", "Told"]

_LOOK_BACK = 300.0
"""A sample that is older is none: Prometheus' ``--query.lookback-delta``."""
_FAR = 3600.0
_AGE = re.compile(
    r"min by \((?P<by>[^)]*)\) \(time\(\) - "
    r"(?:timestamp\((?P<near>.*)\)|max_over_time\(timestamp\((?P<far>.*)\)\[1h:1m\]\))\)"
)
"""How the probe asks for ages."""


class Told(NamedTuple):
    """One series: what it says, and how long ago it said it.

    The value may depend on the time; None is a gap.
    """

    labels: Mapping[str, str]
    value: Value
    age: float = 5.0


class Prometheus(Web):
    """Answers until closed; what it tells may be changed while it runs."""

    def __init__(self, tls: ssl.SSLContext | None = None, token: str = "") -> None:
        self.told: dict[str, tuple[Told, ...]] = {}
        """Series, by the query that gives them."""
        self.targets: list[dict[str, object]] = []
        self.groups: list[dict[str, object]] = []
        """As ``/api/v1/targets`` and ``/api/v1/rules`` have them."""
        self.token = token
        super().__init__(self._reply, tls)

    def tell(self, query: str, *series: Told) -> None:
        """Have an answer to a query."""
        self.told[query] = series

    @contextmanager
    def telling(self, query: str, *series: Told) -> Generator[None]:
        """Have another answer for a while; none at all where no series is given."""
        before = dict(self.told)
        self.told = {**before, query: series}
        try:
            yield
        finally:
            self.told = before

    def _reply(self, asked: Asked) -> Reply:
        token = asked.headers.get("authorization", "")
        status, said = self.answer(asked.path, token)
        return Reply(said, status)

    def answer(self, path: str, token: str) -> tuple[int, dict[str, Any]]:
        """Give status and JSON for a request."""
        parts = urlsplit(path)
        query = dict(parse_qsl(parts.query))
        if self.token and token != f"Bearer {self.token}":
            return 401, _error("unauthorized", "credentials are missing or wrong")
        match parts.path.removeprefix("/api/v1/"):
            case "query":
                return 200, _success(self._instant(query.get("query", ""), time.time()))
            case "query_range":
                return self._range(query)
            case "targets":
                return 200, _success({"activeTargets": self.targets})
            case "rules":
                return 200, _success({"groups": self.groups})
            case _:
                return 404, _error("not_found", "there is nothing here")

    def _instant(self, query: str, now: float) -> dict[str, object]:
        if query == "time()":
            return {"resultType": "scalar", "result": [now, f"{now:.3f}"]}
        asked = _AGE.fullmatch(query)
        if asked is not None:
            return _vector(now, self._ages(asked))
        # A function over a window has a value for as long as the window holds a sample.
        bare = selectors(query) == (query,)
        seen = [
            told
            for told in self.told.get(query, ())
            if told.age <= (_LOOK_BACK if bare else _FAR)
        ]
        return _vector(now, ((told.labels, _recent(told.value, now)) for told in seen))

    def _ages(self, asked: re.Match[str]) -> Iterator[tuple[Mapping[str, str], float]]:
        """Give the ages of a selector's series, which some query is known to read."""
        by = asked["by"].split(", ")
        selector = asked["near"] or asked["far"]
        reach = _LOOK_BACK if asked["near"] else _FAR
        # Where queries disagree about a series, a fault has changed one of them.
        oldest: dict[tuple[tuple[str, str], ...], float] = {}
        for query, known in self.told.items():
            for told in known if selector in selectors(query) else ():
                labels = tuple((k, v) for k, v in told.labels.items() if k in by)
                oldest[labels] = max(told.age, oldest.get(labels, 0.0))
        for labels, age in oldest.items():
            if age <= reach:
                yield dict(labels), age

    def _range(self, query: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        try:
            start, end, step = (float(query[k]) for k in ("start", "end", "step"))
        except (KeyError, ValueError):
            return 400, _error("bad_data", "invalid parameter")
        times = [
            start + number * step for number in range(int((end - start) / step) + 1)
        ]
        result = [
            {
                "metric": dict(told.labels),
                "values": [
                    [at, _text(value)]
                    for at in times
                    if at <= end - told.age + _LOOK_BACK
                    and (value := _at(told.value, at)) is not None
                ],
            }
            for told in self.told.get(query.get("query", ""), ())
        ]
        return 200, _success({"resultType": "matrix", "result": result})


def _vector(now: float, series: Any) -> dict[str, object]:  # noqa: ANN401  # labels and values
    result = [
        {"metric": dict(labels), "value": [now, _text(value)]}
        for labels, value in series
        if value is not None
    ]
    return {"resultType": "vector", "result": result}


def _at(value: Value, at: float) -> float | None:
    return value(at) if callable(value) else value


def _recent(value: Value, now: float) -> float | None:
    """Give the newest value there is, as far back as Prometheus looks."""
    backs = range(0, int(_LOOK_BACK), 30)
    seen = (_at(value, now - back) for back in backs)
    return next((one for one in seen if one is not None), None)


def _text(value: float) -> str:
    """Write a number as Go does."""
    return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}.get(str(value), str(value))


def _success(data: object) -> dict[str, Any]:
    return {"status": "success", "data": data}


def _error(kind: str, text: str) -> dict[str, Any]:
    return {"status": "error", "errorType": kind, "error": text}
