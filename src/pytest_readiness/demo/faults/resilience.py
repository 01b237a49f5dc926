"""Error Handling and Recovery: what no test shows, what is lost, told, or unsaid."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.documentation_guides import changed, replaced, stale
from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.faults.security_front import EVERY_LOOK, behind
from pytest_readiness.demo.faults.testing import declares, earlier, restamped, writes
from pytest_readiness.demo.pieces.resilience import BINDINGS, CASES, DOCUMENTS, FILE
from pytest_readiness.demo.signing import record
from pytest_readiness.demo.standins.artefacts import junit
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.demo.bench import Bench
    from pytest_readiness.demo.signing import Draft
    from pytest_readiness.demo.standins.front import Answered, Asked, Change, Forward

    Apply = Callable[[Breakage], None]

__all__ = ["FAULTS"]

_TRACE = b'Traceback (most recent call last):\n  File "/srv/engine/app.py", line 7\n'


def _ids(*names: str) -> tuple[str, ...]:
    return tuple(f"error-handling-and-recovery.{name}" for name in names)


def _fault(
    name: str,
    summary: str,
    apply: Apply,
    *items: str,
    looks: frozenset[str] = frozenset({"junit"}),
    state: State = State.FAILED,
) -> Fault:
    turns = dict.fromkeys(_ids(*items), state)
    return Fault(f"resilience-{name}", summary, turns, looks, apply)


def _cases(outcome: str) -> Apply:
    """Have the last test of each item come to something else."""
    changed_ones = dict.fromkeys(list(CASES)[1::2], outcome)
    return writes(FILE, junit({**CASES, **changed_ones}))


def _renamed(breakage: Breakage) -> None:
    for name in BINDINGS:
        declares(name, cases=["*no_such_case*"])(breakage)


def _untimed(breakage: Breakage) -> None:
    writes(FILE, junit(CASES).replace('time="0.012"', 'time="0"'))(breakage)


def _of_the_log_store(breakage: Breakage) -> None:
    """Tie error-logging to no case: the lines in the log store must do."""
    del breakage.tables["artefacts"]["error-logging"]


def _source(lines: str) -> Apply:
    """Have another file in the source."""

    def apply(breakage: Breakage) -> None:
        text = f"def fresh(ask):\n    try:\n        ask()\n{lines}"
        path = breakage.write("swallowing/quotes.py", text)
        breakage.set("sources", root=str(path.parent))

    return apply


def _tells(_bench: Bench) -> Change:
    def change(asked: Asked, forward: Forward) -> Answered:
        got = forward(asked)
        return got.but(body=_TRACE) if asked.path.startswith("/readiness") else got

    return change


def _drilled(days: int, result: str) -> Apply:
    """Have the drills end some days ago, in some way."""

    def change(draft: Draft) -> None:
        ended = draft.now.date() - dt.timedelta(days=days)
        for item in _ids(*DOCUMENTS):
            new = record(draft, item, f"{item}-drill", ended=ended, result=result)
            draft.statements[item] = [
                replace(one, evidence=(new,)) for one in draft.statements[item]
            ]

    return lambda breakage: breakage.drafts.append(change)


def _stub(text: str) -> str:
    head, _, body = text.partition("\n# ")
    return f"{head}\n# {body[:200]}\n"


_HANDLING = ("exception-handling",)
_DOCUMENT, _SOURCES = frozenset({"document"}), frozenset({"sources"})
_BARE = "    except:\n        return None\n"
_PASSED = "    except Exception:\n        pass\n"
_BLIND = "    except Exception:\n        return None\n"
_LOGGED = "    except Exception:\n        logging.exception('x')\n        raise\n"
_EXCUSED = "    except Exception:  # noqa: S110, BLE001 - no price before the open\n"

FAULTS = (
    _fault("no-case", "no test shows it", _renamed, *BINDINGS),
    _fault(
        "case-failed",
        "a test of each shows that it fails",
        _cases("failure"),
        *BINDINGS,
    ),
    _fault("case-skipped", "a test of each is skipped", _cases("skipped"), *BINDINGS),
    _fault("case-untimed", "the tests took no time at all", _untimed, *BINDINGS),
    _fault(
        *("case-of-another-release", "the tests are of the release before"),
        restamped(FILE, earlier),
        *BINDINGS,
    ),
    _fault(
        *("unbound", "nobody says which tests show a breaker"),
        declares("circuit-breakers", cases=[]),
        "circuit-breakers",
        state=State.UNCONFIGURED,
    ),
    _fault("log-store", "the log store shows errors: good", _of_the_log_store),
    *(
        _fault(name, summary, _source(lines), *items, looks=_SOURCES)
        for name, summary, lines, items in (
            ("bare", "a bare except", _BARE, _HANDLING),
            ("passed", "an exception is caught and lost", _PASSED, _HANDLING),
            ("blind", "everything is caught, and lost", _BLIND, _HANDLING),
            ("logged", "all is caught, logged and raised: good", _LOGGED, ()),
        )
    ),
    _fault(
        *("excused", "what is lost is excused with a reason: good"),
        _source(f"{_EXCUSED}        pass\n"),
        looks=_SOURCES,
    ),
    _fault(
        *("trace", "an unknown route is answered with a stack trace"),
        behind(_tells),
        "exception-handling",
        looks=EVERY_LOOK,
    ),
    _fault(
        *("document-missing", "the documents are not there"),
        replaced(lambda _: None, *DOCUMENTS),
        *DOCUMENTS,
        looks=_DOCUMENT,
    ),
    _fault(
        *("document-stub", "the documents are a few lines long"),
        changed(_stub, *DOCUMENTS),
        *DOCUMENTS,
        looks=_DOCUMENT,
    ),
    _fault(
        *("document-stale", "the documents were reviewed long ago"),
        changed(stale, *DOCUMENTS),
        *DOCUMENTS,
        looks=_DOCUMENT,
    ),
    _fault(
        *("drill-overdue", "the last drills were long ago"),
        _drilled(100, "passed"),
        *DOCUMENTS,
        looks=frozenset(),
    ),
    _fault(
        *("drill-failed", "the last drills did not succeed"),
        _drilled(3, "failed"),
        *DOCUMENTS,
        looks=frozenset(),
    ),
)
