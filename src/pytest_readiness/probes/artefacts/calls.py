"""What the tests called of the API: HAR, an access log, a list, or cases' own names.

A call counts where it reached its operation: not where it was refused at the door
(401, 403, 405, 429), broke the service (5xx), or met no such path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self
from urllib.parse import unquote, urlsplit

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.artefacts.collected import collect, planned, unset
from pytest_readiness.probes.artefacts.files import (
    first_of,
    listed,
    read_json,
    read_text,
    table,
    unread,
)
from pytest_readiness.probes.artefacts.junit import Outcome, read_junit
from pytest_readiness.probes.artefacts.provenance import Inside
from pytest_readiness.probes.artefacts.times import earliest, when
from pytest_readiness.probes.look import Facts, LookError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_readiness.probes.artefacts.junit import Case
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.openapi import Openapi, Operation
    from pytest_readiness.probes.planned import PlannedLook
    from pytest_readiness.target.blocks import ArtefactsBlock

__all__ = ["Call", "Calls"]

_AT_THE_DOOR = frozenset({401, 403, 405, 429})
_NOT_FOUND, _SERVER_ERROR = 404, 500
_BY_A_CASE = 200
_MOST_CALLS = 1_000_000
# Common and combined log format, as nginx and Apache write it.
_LOG_LINE = re.compile(
    r'"(?P<method>[A-Z]+) (?P<url>\S+)(?: HTTP/[0-9.]+)?" (?P<status>\d{3})\b'
)
_PARAMETER = re.compile(r"\{[^/{}]+\}")


class Call(NamedTuple):
    """One request of a test, or an operation that a test case is said to exercise."""

    method: str
    path: str
    status: int


@dataclass(frozen=True, kw_only=True)
class Calls(Facts):
    """What an item's tests called."""

    block: ClassVar[str] = "artefacts"
    several: ClassVar[bool] = True

    foreign_calls: Observed[tuple[str, ...]]
    """Recordings of another release."""
    calls: Observed[frozenset[Call]]
    """Each distinct call once."""
    excepted: Observed[tuple[str, ...]]
    """Operations that no test needs to call, by name or pattern."""

    @classmethod
    def gather(cls, block: ArtefactsBlock, look: Look) -> Self:
        """Read every recording once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ArtefactsBlock, look: Look) -> Self:
        if not block.calls and not block.junit:
            raise unset("calls")
        # schemathesis calls its cases by the operation.
        read = collect(
            *(block.calls or block.junit, block, look),
            lambda path: _read(path, block, look),
        )
        calls = frozenset[Call]().union(*read.contents)
        if not calls:
            raise LookError(f"{read.names} has no call", Cause.LOCAL, final=True)
        excepted = tuple(exception.name for exception in block.unexercised)
        return cls(
            foreign_calls=read.foreign(look),
            calls=look.seen(calls, what=read.names),
            excepted=look.seen(excepted),
        )

    def unexercised(self, openapi: Openapi) -> Observed[tuple[str, ...]]:
        """Name the operations of a document that no call reached."""
        described = openapi.operations.value
        if isinstance(described, Unavailable):
            unseen = openapi.operations
            return Observed(described, unseen.source, unseen.at)
        document = openapi.document.otherwise({})
        bases, excepted = _bases(document), self.excepted.otherwise(())
        fact = self.calls.map(
            lambda calls: _unreached(described, calls, bases, excepted)
        )
        detail = f"of {len(described)} operations in {openapi.operations.source}"
        return replace(fact, detail=detail)

    @classmethod
    def looks(cls, block: ArtefactsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand which files are read."""
        return planned(block.calls, block.junit)

    @staticmethod
    def source(block: ArtefactsBlock) -> str:
        """Name the first recording."""
        return str(next(iter((*block.calls, *block.junit)), "no calls"))


def _bases(document: dict[str, object]) -> tuple[str, ...]:
    """Give the paths below which a document's stand, as its servers say."""
    servers = [table(one).get("url", "/") for one in listed(document.get("servers"))]
    old = document.get("basePath", "/")
    return tuple({_path(str(url)).rstrip("/") for url in servers or [old]})


def _unreached(
    operations: tuple[Operation, ...],
    calls: frozenset[Call],
    bases: tuple[str, ...],
    excepted: tuple[str, ...],
) -> tuple[str, ...]:
    # A path that is written out goes before one with a parameter in its place.
    ordered = sorted(operations, key=lambda one: one.path.count("{"))
    patterns = [(one, _pattern(one.path)) for one in ordered]
    reached: set[str] = set()
    for call in calls:
        for path in _below(call.path, bases):
            for one, pattern in patterns:
                if one.method == call.method and pattern.fullmatch(path):
                    if call.status != _NOT_FOUND or "{" in one.path:
                        reached.add(one.name)
                    break
    return tuple(
        one.name
        for one in operations
        if one.name not in reached
        and not any(fnmatchcase(one.name, pattern) for pattern in excepted)
    )


def _pattern(template: str) -> re.Pattern[str]:
    literal = map(re.escape, _PARAMETER.split(template))
    return re.compile("[^/]+".join(literal) + "/?")


def _below(path: str, bases: tuple[str, ...]) -> Iterable[str]:
    for base in bases:
        if path.startswith(f"{base}/"):
            yield path[len(base) :]


def _counts(status: int) -> bool:
    return 0 < status < _SERVER_ERROR and status not in _AT_THE_DOOR


def _read(
    path: Path, block: ArtefactsBlock, look: Look
) -> tuple[frozenset[Call], Inside]:
    first = first_of(path, block.read_up_to)
    if first == "<":
        cases, inside = read_junit(path, block.read_up_to, look)
        return frozenset(_named_after(cases)), inside
    if first != "{":
        return _log(path, read_text(path, block.read_up_to)), Inside()
    document = table(read_json(path, block.read_up_to))
    if "log" in document:
        return _har(path, document)
    return _mapped(path, document, block, look), Inside()


def _named_after(cases: Iterable[Case]) -> Iterable[Call]:
    for case in cases:
        method, _, where = case.name.partition(" ")
        ran = case.outcome is not Outcome.SKIPPED
        if ran and method.isalpha() and method.isupper() and where.startswith("/"):
            yield Call(method, where, _BY_A_CASE)


def _har(path: Path, document: dict[str, object]) -> tuple[frozenset[Call], Inside]:
    entries = table(document["log"]).get("entries")
    if not isinstance(entries, list):
        raise unread(path, "is no HAR: it has no log.entries")
    calls: set[Call] = set()
    began: dt.datetime | None = None
    for entry in map(table, listed(entries)):
        request, response = table(entry.get("request")), table(entry.get("response"))
        status = response.get("status")
        began = earliest(began, when(str(entry.get("startedDateTime", ""))))
        if isinstance(status, int) and _counts(status):
            where = _path(str(request.get("url", "")))
            calls.add(Call(str(request.get("method", "")).upper(), where, status))
    return frozenset(calls), Inside(at=began)


def _path(url: str) -> str:
    try:
        return unquote(urlsplit(url).path) or "/"
    except ValueError:
        return "/"


def _log(path: Path, text: str) -> frozenset[Call]:
    calls: set[Call] = set()
    lines = text.splitlines()
    if len(lines) > _MOST_CALLS:
        raise unread(path, f"has more than {_MOST_CALLS} lines")
    known = [found for line in lines if (found := _LOG_LINE.search(line))]
    if lines and not known:
        raise unread(path, "is neither HAR, an access log nor a list of operations")
    for found in known:
        status = int(found["status"])
        if _counts(status):
            calls.add(Call(found["method"], _path(found["url"]), status))
    return frozenset(calls)


def _mapped(
    path: Path, document: dict[str, object], block: ArtefactsBlock, look: Look
) -> frozenset[Call]:
    """Take operations whose named test cases are there and passed, all of them."""
    if not block.junit:
        raise unset("junit")
    read = collect(
        *(block.junit, block, look),
        lambda report: read_junit(report, block.read_up_to, look),
    )
    cases = [case for content in read.contents for case in content]
    calls: set[Call] = set()
    for operation, patterns in document.items():
        method, _, where = operation.partition(" ")
        if not where.startswith("/") or not isinstance(patterns, list):
            raise unread(path, 'has no list of cases for an operation like "GET /x"')
        if _passed(cases, listed(patterns)):
            calls.add(Call(method.upper(), where, _BY_A_CASE))
    return frozenset(calls)


def _passed(cases: list[Case], patterns: list[object]) -> bool:
    named = [
        case for case in cases if any(fnmatchcase(case.id, str(p)) for p in patterns)
    ]
    ran = [case for case in named if case.outcome is not Outcome.SKIPPED]
    return bool(ran) and not any(case.outcome.bad for case in ran)
