"""The log store: that it is ready, and how old this service's newest line is.

As in Loki's documentation, "HTTP API", and Elasticsearch's, "Search your data". Age is
the difference to the store's own clock, where its answer tells the time.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.http import connected
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, files, trust_files

if TYPE_CHECKING:
    from pytest_readiness.probes.http import Answer, Client
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import LogsBlock

__all__ = ["Logs"]

READY, RANGE = "/ready", "/loki/api/v1/query_range"
CLUSTER, SEARCH = "/_cluster/health", "/_search"
_INTAKE, _ANSWERS = 4 << 20, 4
_OK, _BUSY = 200, 503
_REFUSED = frozenset({401, 403})

M = TypeVar("M", bound=BaseModel)


class _Form(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)


class _Stream(_Form):
    values: list[tuple[str, object]]


class _Streams(_Form):
    result: list[_Stream]


class _Range(_Form):
    status: str
    data: _Streams


class _Cluster(_Form):
    status: str


class _Hit(_Form):
    sort: list[object]


class _Hits(_Form):
    hits: list[_Hit]


class _Search(_Form):
    hits: _Hits


@dataclass(frozen=True, kw_only=True)
class Logs(Facts):
    """What a log store has of this service."""

    block: ClassVar[str] = "logs"

    ready: Observed[bool]
    """Whether it calls itself ready; the detail says what it answered."""
    found: Observed[bool]
    """Whether there is a line of this service within the window."""
    age: Observed[dt.timedelta]
    """How old the newest one is."""

    @classmethod
    def gather(cls, block: LogsBlock, look: Look) -> Self:
        """Ask for its state, and for one line, the newest."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: LogsBlock, look: Look) -> Self:
        with connected(block, look, intake=_INTAKE, answers=_ANSWERS) as client:
            if block.kind == "loki":
                state = client.get(READY)
                ready = _accepted(state, READY, (_OK, _BUSY)) == _OK
                said = f"status {state.status}"
            else:
                state = client.get(CLUSTER)
                _accepted(state, CLUSTER, (_OK,))
                said = _read(_Cluster, state, CLUSTER).status
                ready = said in {"green", "yellow"}
            newest = _loki if block.kind == "loki" else _elasticsearch
            age = look.observe(lambda: newest(client, block, look), what=block.query)
        none = Unavailable("there is no line", Cause.NO_ANSWER)
        return cls(
            ready=look.seen(ready, what="its state", detail=said),
            found=age.map(lambda one: one is not None),
            age=age.map(lambda one: none if one is None else one),
        )

    @classmethod
    def looks(cls, block: LogsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked; all of it by GET, below the URL."""
        secure = block.url.startswith("https:")
        loki = block.kind == "loki"
        asked = (READY, RANGE) if loki else (CLUSTER, f"/{block.index}{SEARCH}")
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            PlannedLook("request", f"GET {asked[0]}"),
            PlannedLook("request", f"GET {asked[1]}", note=f"{block.query}, one line"),
            *(trust_files(block.ca_file) if secure else ()),
            *files(block.cert_file, block.key_file),
        )

    @staticmethod
    def source(block: LogsBlock) -> str:
        """Name it by its URL, which holds no credentials."""
        return block.url


def _loki(client: Client, block: LogsBlock, look: Look) -> dt.timedelta | None:
    now = look.now()
    begin = (now - block.window).timestamp()
    # A store whose clock is ahead of ours has lines of our future.
    end = now.timestamp() + 600
    asked = {
        "query": block.query,
        "start": f"{begin:.0f}000000000",
        "end": f"{end:.0f}000000000",
        "limit": "1",
        "direction": "backward",
    }
    answer = client.get(RANGE, asked)
    _accepted(answer, RANGE, (_OK,))
    streams = _read(_Range, answer, RANGE).data.result
    times = [int(at) for stream in streams for at, _ in stream.values if at.isdigit()]
    if not times:
        return None
    newest = dt.datetime.fromtimestamp(max(times) / 1e9, dt.UTC)
    return _since(newest, answer, look)


def _elasticsearch(client: Client, block: LogsBlock, look: Look) -> dt.timedelta | None:
    minutes = int(block.window.total_seconds() // 60) or 1
    asked = {
        "q": f"({block.query}) AND {block.time_field}:[now-{minutes}m TO *]",
        "sort": f"{block.time_field}:desc",
        "size": "1",
        "_source": "false",
        "ignore_unavailable": "true",
    }
    answer = client.get(f"/{block.index}{SEARCH}", asked)
    _accepted(answer, SEARCH, (_OK,))
    hits = _read(_Search, answer, SEARCH).hits.hits
    times = [hit.sort[0] for hit in hits if hit.sort]
    milliseconds = [at for at in times if isinstance(at, int)]
    if len(milliseconds) < len(hits):
        reason = f"{block.time_field} is no time that lines are sorted by"
        raise LookError(reason, remedy="check time_field", final=True)
    if not milliseconds:
        return None
    newest = dt.datetime.fromtimestamp(max(milliseconds) / 1e3, dt.UTC)
    return _since(newest, answer, look)


def _since(newest: dt.datetime, answer: Answer, look: Look) -> dt.timedelta:
    try:
        now = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        now = look.now()
    return max(now - newest, dt.timedelta(0))


def _accepted(answer: Answer, route: str, statuses: tuple[int, ...]) -> int:
    if answer.status in statuses:
        return answer.status
    reason = f"{route} answered {answer.status}"
    if answer.status in _REFUSED:
        raise LookError(reason, remedy="check token or password", final=True)
    raise LookError(reason, remedy="check url, query and index")


def _read(model: type[M], answer: Answer, route: str) -> M:
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        reason = f"{route} does not answer as documented"
        raise LookError(reason, remedy="check url and kind", final=True) from None
