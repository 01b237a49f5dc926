"""Testing Validation, test results: what failed, did not run, or is not this release's.

An XML bomb, a huge file and deep nesting are answered with a reason, not with a crash.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_readiness.attest.provenance import stamp_path
from pytest_readiness.demo.faults.testing import (
    breaks,
    declares,
    earlier,
    keeps,
    restamped,
    without,
    writes,
)
from pytest_readiness.demo.pieces.testing import BASELINE, CALLS, CASES
from pytest_readiness.demo.stamping import ARTEFACTS
from pytest_readiness.demo.standins.artefacts import coverage_py, har, junit
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_readiness.attest.predicates import Provenance
    from pytest_readiness.attest.signatures import LedgerFiles
    from pytest_readiness.demo.faults.fault import Breakage
    from pytest_readiness.demo.signing import Draft

__all__ = ["FAULTS"]

_BASE = "https://engine.trading.example"
_LIMIT = "tests.test_orders.test_limit"
_BOMB = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
_ALL_BUT_ONE = [call for call in CALLS if call[:2] != ("POST", "/orders")]
_DEEP = "<testsuite>" * 5000 + "</testsuite>" * 5000


def _and(changed: Mapping[str, str]) -> str:
    return junit({**CASES, **changed})


def _less(*gone: str) -> str:
    return junit({name: one for name, one in CASES.items() if name not in gone})


def _huge(breakage: Breakage) -> None:
    path = breakage.bench.folder / ARTEFACTS / "unit-2.xml"
    before = path.read_bytes()
    with path.open("wb") as stream:
        stream.truncate(10**9)  # a file of holes: it takes no room
    breakage.stack.callback(lambda: path.write_bytes(before))


def _not_stamped_by(
    name: str, spoil: Callable[[bytes], bytes]
) -> Callable[[Breakage], None]:
    """Spoil a stamp after the runner has signed it."""

    def on_draft(draft: Draft) -> None:
        path = stamp_path(draft.root / ARTEFACTS / name)

        def afterwards(_files: LedgerFiles) -> None:
            path.write_bytes(spoil(path.read_bytes()))

        draft.afterwards.append(afterwards)

    return lambda breakage: breakage.drafts.append(on_draft)


def _bare(stamp: bytes) -> bytes:
    """Take the signature away."""
    return base64.b64decode(json.loads(stamp)["payload"])


def _altered(stamp: bytes) -> bytes:
    """Let a signed stamp say something else."""
    envelope = json.loads(stamp)
    payload = base64.b64decode(envelope["payload"]).replace(b"1.4.0", b"1.4.1")
    envelope["payload"] = base64.b64encode(payload).decode()
    return json.dumps(envelope).encode()


def _with_data(made: Provenance, data: str | None) -> Provenance:
    return replace(made, data=data)


_UNKNOWN = State.UNKNOWN

FAULTS = (
    breaks(
        *("unit-tests", "unit-failure", "one unit test fails"),
        writes("unit-2.xml", junit({"tests.test_access.test_roles": "failure"})),
    ),
    breaks(
        *("unit-tests", "unit-error", "one unit test could not be judged"),
        writes("unit-2.xml", junit({"tests.test_access.test_roles": "error"})),
    ),
    breaks(
        *("unit-tests", "unit-none", "no unit test ran"),
        writes("unit-1.xml", junit({})),
        writes("unit-2.xml", junit({"tests.test_access.test_roles": "skipped"})),
    ),
    breaks(
        *("unit-tests", "unit-coverage", "just 90 % of the lines are covered"),
        writes("coverage.json", coverage_py(900, 1000)),
    ),
    keeps(
        *("unit-coverage-above", "a line above 90 % is good"),
        writes("coverage.json", coverage_py(901, 1000)),
    ),
    breaks(
        *("unit-tests", "unit-stale", "one report is of the release before"),
        restamped("unit-2.xml", earlier),
    ),
    breaks(
        *("unit-tests", "coverage-stale", "the coverage is of the release before"),
        restamped("coverage.json", earlier),
    ),
    breaks(
        *("unit-tests", "unit-other-commit", "a report names another commit"),
        writes(
            "unit-2.xml",
            junit({"tests.test_access.test_roles": "passed"}).replace(
                "<testcase",
                f'<properties><property name="commit" value="{"f" * 40}"/></properties>'
                "<testcase",
            ),
        ),
    ),
    breaks(
        *("unit-tests", "unit-unstamped", "nothing says which release a report is of"),
        restamped("unit-1.xml", lambda _made: None),
        state=_UNKNOWN,
    ),
    breaks(
        *("unit-tests", "unit-stamp-unsigned", "a stamp is not the runner's"),
        _not_stamped_by("unit-1.xml", _bare),
        state=_UNKNOWN,
    ),
    breaks(
        *("unit-tests", "unit-stamp-altered", "a stamp was altered after signing"),
        _not_stamped_by("unit-1.xml", _altered),
        state=_UNKNOWN,
    ),
    breaks(
        *("unit-tests", "unit-missing", "there is no coverage"),
        without("coverage.json"),
        state=_UNKNOWN,
    ),
    breaks(
        *("unit-tests", "unit-bomb", "a report is an XML bomb"),
        writes("unit-2.xml", junit({"tests.a": "passed"}, head=_BOMB)),
        state=_UNKNOWN,
    ),
    breaks(
        *("unit-tests", "unit-deep", "a report is nested without end"),
        writes("unit-2.xml", _DEEP),
        state=_UNKNOWN,
    ),
    breaks(
        *("unit-tests", "unit-huge", "a report has 1 GB"),
        _huge,
        # What need not be read need not be stamped: that would hash it all.
        restamped("unit-2.xml", lambda _made: None),
        state=_UNKNOWN,
    ),
    breaks(
        *("unit-tests", "unit-cut-short", "a report ends in its middle"),
        writes("unit-2.xml", junit(CASES)[:300]),
        state=_UNKNOWN,
    ),
    breaks(
        *("integration-tests", "integration-failure", "one integration test fails"),
        writes("integration.xml", _and({_LIMIT: "failure"})),
    ),
    breaks(
        *("integration-tests", "integration-stale", "the report is older"),
        restamped("integration.xml", earlier),
    ),
    breaks(
        *("integration-tests", "integration-none", "no integration test ran"),
        writes("integration.xml", junit({})),
    ),
    breaks(
        *("database-tests", "database-tests-failure", "one test of the database fails"),
        writes("database.xml", _and({_LIMIT: "error"})),
    ),
    breaks(
        *("database-tests", "database-tests-toy-data", "they ran on ten rows"),
        restamped("database.xml", lambda made: _with_data(made, "ten-rows")),
    ),
    breaks(
        *(
            "database-tests",
            "database-tests-data",
            "nobody says on which data",
        ),
        restamped("database.xml", lambda made: _with_data(made, None)),
        state=_UNKNOWN,
    ),
    breaks(
        *("end-to-end-tests", "end-to-end-failure", "one end-to-end test fails"),
        writes("end-to-end.xml", _and({_LIMIT: "failure"})),
    ),
    breaks(
        *("end-to-end-tests", "end-to-end-none", "every end-to-end test was skipped"),
        writes("end-to-end.xml", junit(dict.fromkeys(CASES, "skipped"))),
    ),
    breaks(
        *("pre-deployment.testing", "staging-failure", "one test fails on staging"),
        writes("staging.xml", _and({_LIMIT: "failure"})),
    ),
    breaks(
        *("pre-deployment.testing", "staging-stale", "staging ran the release before"),
        restamped("staging.xml", earlier),
    ),
    breaks(
        *("pre-deployment.testing", "staging-none", "no test ran on staging"),
        writes("staging.xml", junit({})),
    ),
    breaks(
        *("api-tests", "api-untested", "no test calls one operation"),
        writes(
            "api.har", har([c for c in CALLS if c[:2] != ("POST", "/orders")], _BASE)
        ),
    ),
    breaks(
        *("api-tests", "api-at-the-door", "every call of an operation was refused"),
        writes(
            "api.har",
            har([(m, p, 401 if p == "/orders" else s) for m, p, s in CALLS], _BASE),
        ),
    ),
    breaks(
        *("api-tests", "api-tests-failure", "one test of the API fails"),
        writes("api.xml", _and({_LIMIT: "failure"})),
    ),
    breaks(
        *("api-tests", "api-calls-stale", "what was called is of the release before"),
        restamped("api.har", earlier),
    ),
    breaks(
        *("regression-tests", "regression-broken", "what passed before fails"),
        writes("regression.xml", _and({_LIMIT: "failure"})),
    ),
    breaks(
        *("regression-tests", "regression-vanished", "a test that passed is gone"),
        writes("regression.xml", _less(_LIMIT)),
    ),
    breaks(
        *("regression-tests", "regression-skipped", "a test that passed is skipped"),
        writes("regression.xml", _and({_LIMIT: "skipped"})),
    ),
    breaks(
        *("regression-tests", "regression-undeclared", "a removal has no reason"),
        declares("regression-tests", removed=[]),
    ),
    keeps(
        *("regression-mended", "what failed before and passes now is good"),
        writes("regression.xml", _and({"tests.test_pricing.test_greeks": "passed"})),
    ),
    breaks(
        *("regression-tests", "regression-no-baseline", "nothing passed before"),
        writes("regression-before.xml", junit(dict.fromkeys(BASELINE, "failure"))),
        state=_UNKNOWN,
    ),
)
