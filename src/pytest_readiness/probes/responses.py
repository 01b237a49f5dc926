"""How fast the service answers, and what of its answers clients may keep.

Each declared route is asked as often as its percentile needs, a few at a time, over
connections that are kept, as clients keep them. By GET and HEAD only: of routes that
write, Prometheus knows the latencies.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.line import Door, Line, bearer
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.samples import Times
from pytest_readiness.probes.service import get
from pytest_readiness.target.blocks.routes import RoutesTable, asked
from pytest_readiness.target.values import is_table

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.probes.line import Reply
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.prometheus import Prometheus
    from pytest_readiness.target.blocks import ServiceBlock
    from pytest_readiness.target.blocks.routes import Asked

__all__ = ["Kept", "Responses", "Timing", "unusable"]

_P95 = 0.95
_OK, _NOT_MODIFIED = 200, 304
_HOPELESS = 0.06
"""Share of requests without an answer after which nobody need wait for the others."""
_METHODS = frozenset(
    {"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
)
"""Of OpenAPI's path items."""


@dataclass(frozen=True)
class Timing:
    """One route."""

    name: str
    p95: Observed[dt.timedelta]
    """95th percentile of the good answers; the detail has the interval, p50 and p99."""
    errors: Observed[float] | None
    """Share of the requests without a good answer; None where that is not told."""


@dataclass(frozen=True)
class Kept:
    """One route whose answers clients may keep."""

    name: str
    validator: Observed[bool]
    """Whether an answer may be kept and has an ETag, or a time of its last change."""
    not_modified: Observed[bool]
    """Whether a client that has it is answered 304."""


@dataclass(frozen=True, kw_only=True)
class Responses(Facts):
    """The service's answers on its declared routes."""

    block: ClassVar[str] = "service"
    runs_release: ClassVar[bool] = True
    # What is measured must not be measured beside others, nor the others beside it.
    exclusive: ClassVar[bool] = True

    declared: Observed[int]
    """How many routes are declared; the detail says what of."""
    timed: Observed[tuple[Timing, ...]]
    """Those that were timed here."""
    recorded: Observed[str]
    """The query that has the latencies of the others."""
    cacheable: Observed[tuple[Kept, ...]]
    """Those whose answers may be kept."""

    def all_of(
        self, prometheus: Prometheus, edge: dt.timedelta
    ) -> Observed[tuple[Timing, ...]]:
        """Give the routes timed here and those that Prometheus knows.

        Buckets must reach ``edge``: of what is slower than the last one nothing is
        known.
        """
        query = self.recorded.value
        if isinstance(query, Unavailable):
            only = query.cause is Cause.UNCONFIGURED
            return self.timed if only else self.timed.map(lambda _: query)
        recorded = prometheus.latencies(query, edge)
        found = recorded.value
        if isinstance(found, Unavailable):
            return self.timed.map(lambda _: found)
        more = tuple(Timing(name, p95, None) for name, p95 in found)
        return self.timed.map(lambda timed: timed + more)

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Ask each route, one after the other."""
        return cls.tried(look, 0, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.routes
        if table is None:
            nothing = Unavailable(
                f"the target has no [target.{look.environment}.service.routes]",
                Cause.UNCONFIGURED,
                "name the routes there that clients wait for",
            )
            return cls.unavailable(nothing, look.source, look.now())
        visit = _Visit(Door(block), block, table, look)
        kept = tuple(visit.keeps(asked(route)) for route in table.cacheable)
        timed = tuple(visit.times(asked(route)) for route in table.timed)
        return cls(
            declared=visit.declared(),
            timed=look.seen(timed, what="routes"),
            recorded=_recorded(table, look),
            cacheable=look.seen(kept, what="routes"),
        )

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give each route the time that its slowest answers may take."""
        table = block.routes or RoutesTable()
        rounds = -(-table.samples // table.parallel) + 2
        routes = len(table.timed) * rounds + 2 * len(table.cacheable) + 1
        return block.timeout * routes

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked, and how often."""
        secure = block.url.startswith("https:")
        table = block.routes or RoutesTable()
        times = f"{table.samples + 1} times, {table.parallel} at once"
        requests = [(asked(route), times) for route in table.timed]
        again = "twice, the second time with its validator"
        requests += [(asked(route), again) for route in table.cacheable]
        if table.description is not None:
            requests.append((asked(table.description), ""))
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            *(
                PlannedLook("request", f"{one.method} {one.path}", note=note)
                for one, note in requests
            ),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


def _recorded(table: RoutesTable, look: Look) -> Observed[str]:
    if table.recorded is not None:
        return look.seen(table.recorded)
    return look.seen(Unavailable("no `recorded` is set", Cause.UNCONFIGURED))


def unusable(route: Asked, reply: Reply) -> Unavailable | None:
    """Say why an answer is none that could be timed: nothing is known of its route."""
    status = reply.status
    if status in {401, 403}:
        return _refused(route, status, "asks for a token", "check `token`")
    if status in {404, 405, 410, 501}:
        return _refused(route, status, "is not there", "correct the route")
    if status in range(300, 400):
        return _refused(
            route, status, "leads elsewhere", "name the route that it leads to"
        )
    return None


def _refused(route: Asked, status: int, what: str, remedy: str) -> Unavailable:
    reason = f"{route} {what} (status {status})"
    return Unavailable(reason, Cause.NO_ANSWER, remedy)


@dataclass(frozen=True)
class _Visit:
    door: Door
    block: ServiceBlock
    table: RoutesTable
    look: Look

    def declared(self) -> Observed[int]:
        """Count what the target declares, and what it is out of."""
        recorded = self.table.recorded is not None
        count = len(self.table.timed) + recorded
        if not count:
            nothing = Unavailable("none declared", Cause.UNCONFIGURED)
            return self.look.seen(nothing, what="routes")
        detail = "the others' latencies are recorded" if recorded else ""
        if self.table.description is not None:
            detail = f"{count} of {self._operations(self.table.description)}"
        return self.look.seen(count, what="routes", detail=detail)

    def _operations(self, description: str) -> str:
        brief = self.look.brief(self.block.timeout)
        seen = self.look.observe(
            lambda: get(self.block, asked(description).path, brief).body
        )
        count = seen.map(_count).otherwise(0)
        return f"{count} operations" if count else f"what {description} does not tell"

    def keeps(self, route: Asked) -> Kept:
        """Ask for a route twice, the second time as one who has the answer already."""
        with Line(self.door, self.look) as line:
            first = self.look.observe(lambda: self._first(line, route), what=str(route))
            known = first.map(_validators)
            return Kept(
                str(route),
                _has_validator(first),
                known.map(lambda headers: self._again(line, route, headers)),
            )

    def _first(self, line: Line, route: Asked) -> Reply | Unavailable:
        reply = line.ask(*route, bearer(self.block))
        if reply.status == _OK:
            return reply
        return unusable(route, reply) or _refused(
            route, reply.status, "gives no answer to keep", "look at the service"
        )

    def _again(
        self, line: Line, route: Asked, validators: dict[str, str]
    ) -> bool | Unavailable:
        try:
            reply = line.ask(*route, {**bearer(self.block), **validators})
        except LookError as error:
            return error.unavailable
        return bool(validators) and reply.status == _NOT_MODIFIED

    def times(self, route: Asked) -> Timing:
        """Ask for a route so often that its percentile is known."""
        series = _Sampling(self, route)
        what = f"{self.table.samples} times {route}"
        failed = self.look.observe(series.take, what=what)
        if isinstance(failed.value, Unavailable):
            nothing = failed.value
            return Timing(
                str(route), failed.map(lambda _: nothing), failed.map(lambda _: nothing)
            )
        times = Times(tuple(series.good))
        return Timing(
            str(route),
            self.look.seen(
                times.percentile(_P95),
                what=what,
                detail=times.words(_P95),
                duration=failed.duration,
            ),
            self.look.seen(
                series.bad / series.asked, unit="ratio", what=what, detail=series.worst
            ),
        )


@dataclass
class _Sampling:
    visit: _Visit
    route: Asked
    good: list[float] = field(default_factory=list[float])
    asked: int = 0
    bad: int = 0
    worst: str = ""
    _silent: int = 0
    _left: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool | Unavailable:
        """Take all samples; unavailable where the route is none that can be timed."""
        visit = self.visit
        with Line(visit.door, visit.look) as line:
            # The first fills what is cold, and is no sample.
            first = line.ask(*self.route, bearer(visit.block))
        lacking = unusable(self.route, first)
        if lacking is not None:
            return lacking
        self._left = visit.table.samples
        threads = [
            threading.Thread(target=self._work, name="readiness times", daemon=True)
            for _ in range(visit.table.parallel)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(visit.look.remaining())
        if not self.asked:
            return visit.look.overdue().unavailable
        return True

    def _next(self) -> bool:
        with self._lock:
            hopeless = self._silent > _HOPELESS * self.visit.table.samples
            if not self._left or hopeless or self.visit.look.over:
                return False
            self._left -= 1
            return True

    def _work(self) -> None:
        visit = self.visit
        with Line(visit.door, visit.look) as line:
            while self._next():
                try:
                    reply = line.ask(*self.route, bearer(visit.block))
                except LookError as error:
                    self._note(None, error.unavailable.reason)
                else:
                    self._note(reply, f"status {reply.status}")

    def _note(self, reply: Reply | None, said: str) -> None:
        with self._lock:
            self.asked += 1
            if reply is not None and reply.good:
                self.good.append(reply.seconds)
            else:
                self.bad += 1
                self._silent += reply is None
                self.worst = said


def _has_validator(first: Observed[Any]) -> Observed[bool]:
    def has(reply: Reply) -> bool:
        forbidden = "no-store" in reply.headers.get("cache-control", "").lower()
        return bool(_validators(reply)) and not forbidden

    return first.map(has)


def _validators(reply: Reply) -> dict[str, str]:
    """Give the headers by which a client asks whether what it has still holds."""
    tag, changed = (reply.headers.get(name) for name in ("etag", "last-modified"))
    if tag:
        return {"If-None-Match": tag}
    return {"If-Modified-Since": changed} if changed else {}


def _count(body: bytes) -> int:
    """Count the operations of an OpenAPI document; 0 where it is none."""
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError):
        return 0
    paths = said.get("paths") if is_table(said) else None
    if not is_table(paths):
        return 0
    return sum(len(_METHODS & one.keys()) for one in paths.values() if is_table(one))
