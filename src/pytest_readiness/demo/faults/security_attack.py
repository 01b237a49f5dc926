"""Security Implementation: a service that breaks, tells, or obeys what it is sent."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pytest_readiness.demo.engine.access import issue
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.faults.security_access import claims, lets_in
from pytest_readiness.demo.faults.security_front import EVERY_LOOK, behind, section
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.demo.bench import Bench
    from pytest_readiness.demo.standins.front import Answered, Asked, Change, Forward

    Apply = Callable[[Breakage], None]
    Spoil = Callable[[Asked, Answered], Answered]

__all__ = ["FAULTS"]

_INPUTS = section("input-validation")
_INJECTION = section("sql-injection-prevention")
_LIMIT = section("api-security")
_AUTHENTICATION = section("authentication")

_TRACE = b"""Traceback (most recent call last):
  File "/srv/engine/contracts.py", line 47, in search
psycopg.DataError: value too long
"""
_ERROR = b"""ERROR:  unterminated quoted string at or near "'"
LINE 1: SELECT symbol FROM contracts WHERE symbol = 'acme''
"""
_SLEEP = re.compile(r"pg_sleep\(([\d.]+)\)")
_BAD_REQUEST, _TOO_MANY = 400, 429


def _spoiled(spoil: Spoil) -> Apply:
    """Change what the engine answers."""

    def change(_bench: Bench) -> Change:
        return lambda asked, forward: spoil(asked, forward(asked))

    return behind(change)


def _breaks(asked: Asked, got: Answered) -> Answered:
    return got.but(status=500) if b'"twelve"' in asked.body else got


def _tells(asked: Asked, got: Answered) -> Answered:
    told = asked.path.startswith("/contracts") and got.status == _BAD_REQUEST
    return got.but(body=_TRACE) if told else got


def _takes(asked: Asked, got: Answered) -> Answered:
    taken = asked.path == "/orders" and asked.body == b"null"
    return got.but(status=200) if taken else got


def _searched(asked: Asked) -> str:
    """Give what was searched for; empty where it is something else."""
    head, _, text = asked.path.partition("/contracts?q=")
    return "" if head else unquote(text)


def _shows_errors(asked: Asked, got: Answered) -> Answered:
    spoken = "acme'" in _searched(asked)
    return got.but(status=200, body=_ERROR) if spoken else got


def _fails_on_quotes(asked: Asked, got: Answered) -> Answered:
    return got.but(status=503) if "acme'" in _searched(asked) else got


def _follows(asked: Asked, got: Answered) -> Answered:
    true = "'1'='1" in _searched(asked)
    return got.but(body=got.body + b"<li>ACME-P050 (put)" * 3) if true else got


def _sleeps(asked: Asked, got: Answered) -> Answered:
    found = _SLEEP.search(_searched(asked))
    if found and "||" in _searched(asked):
        time.sleep(float(found[1]))
    return got


def _is_slow(asked: Asked, got: Answered) -> Answered:
    slow = random.random() < 0.2  # noqa: S311, PLR2004  # as a busy server is
    if slow and _searched(asked):
        time.sleep(0.12)
    return got


def _says_nothing(_asked: Asked, got: Answered) -> Answered:
    return got.but(headers={"retry-after": ""})


def _says_otherwise(_asked: Asked, got: Answered) -> Answered:
    return got.but(status=503) if got.status == _TOO_MANY else got


def _never_limits(bench: Bench) -> Change:
    key = bench.tokens.private.read_text("ascii")

    def answer(asked: Asked, forward: Forward) -> Answered:
        if claims(asked.token).get("sub") != "partner":
            return forward(asked)
        return forward(asked.bearing(issue(key, "trader", "trader")))

    return answer


def _source(line: str) -> Apply:
    """Have another file in the source."""

    def apply(breakage: Breakage) -> None:
        text = f"def search(cursor, word):\n    {line}\n"
        path = breakage.write("source/search.py", text)
        breakage.set("sources", root=str(path.parent))

    return apply


def _fault(
    name: str, summary: str, item: str | None, apply: Apply, *also: str
) -> Fault:
    turns = {} if item is None else dict.fromkeys((item, *also), State.FAILED)
    return Fault(name, summary, turns, EVERY_LOOK | {"sources"}, apply)


_QUERY = "cursor.execute(f\"SELECT * FROM contracts WHERE symbol = '{word}'\")"

FAULTS = (
    _fault(
        *("input-breaks", "a wrong type brings an error of the server", _INPUTS),
        _spoiled(_breaks),
    ),
    _fault(
        *("input-trace", "what is refused is answered with a stack trace", _INPUTS),
        _spoiled(_tells),
    ),
    _fault(
        *("input-taken", "an order that is no object is taken", _INPUTS),
        _spoiled(_takes),
    ),
    _fault(
        *("injection-built", "the source puts a statement together", _INJECTION),
        _source(_QUERY),
    ),
    _fault(
        *("injection-unexplained", "it does, excused without a reason", _INJECTION),
        _source(f"{_QUERY}  # nosec B608"),
    ),
    _fault(
        *("injection-explained", "it does, excused with a reason: good", None),
        _source(f"{_QUERY}  # nosec B608 - word is one of our constants"),
    ),
    _fault(
        *("injection-error", "a quote brings the database's error", _INJECTION),
        _spoiled(_shows_errors),
    ),
    _fault(
        *("injection-broken", "a quote brings an error of the server", _INJECTION),
        _spoiled(_fails_on_quotes),
    ),
    _fault(
        *("injection-boolean", "a condition decides what is found", _INJECTION),
        _spoiled(_follows),
    ),
    _fault(
        *("injection-time", "the database sleeps when it is told to", _INJECTION),
        _spoiled(_sleeps),
    ),
    _fault(
        *("injection-slow", "one answer in five is slow: good", None),
        _spoiled(_is_slow),
    ),
    _fault(
        *("limit-never", "nobody is ever told to wait", _LIMIT),
        behind(_never_limits),
    ),
    _fault(
        *("limit-no-header", "429 does not say when to come back", _LIMIT),
        _spoiled(_says_nothing),
    ),
    _fault(
        *("limit-other-status", "who asks too often is told 503", _LIMIT),
        _spoiled(_says_otherwise),
    ),
    _fault(
        *("limit-key-ignored", "a wrong key is good enough", _LIMIT),
        behind(lets_in(lambda asked: bool(asked.token) and "." not in asked.token)),
        _AUTHENTICATION,
    ),
)
