"""Testing Validation, load tests and scans: too slow, too short, open, left out."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.testing import (
    breaks,
    declares,
    earlier,
    keeps,
    restamped,
    writes,
)
from pytest_readiness.demo.pieces.testing import PACKAGES
from pytest_readiness.demo.standins.artefacts import (
    bandit,
    jtl,
    k6,
    locust,
    pip_audit,
    sarif,
)
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from pytest_readiness.attest.predicates import Provenance
    from pytest_readiness.demo.faults.fault import Breakage

__all__ = ["FAULTS"]

_UNKNOWN = State.UNKNOWN
_DAY = dt.timedelta(days=1)


def _of_today_only(breakage: Breakage) -> None:
    # The runner's key is too young to have signed something of last month.
    breakage.tables.setdefault("limits", {})["load"] = {"max_age": "12h"}


def _of_yesterday(made: Provenance) -> Provenance:
    return replace(made, issued_at=made.issued_at - _DAY)


FAULTS = (
    breaks(
        *("performance-tests", "load-slow", "the slowest 5 % took 2 s"),
        writes("load_stats.csv", locust(6000, 12, 330, 2000)),
    ),
    breaks(
        *("performance-tests", "load-errors", "1 % of the requests failed"),
        writes("load_stats.csv", locust(6000, 60, 330, 240)),
    ),
    breaks(
        *("performance-tests", "load-short", "the load lasted four minutes"),
        writes("load_stats.csv", locust(6000, 12, 240, 240)),
    ),
    breaks(
        *("performance-tests", "load-thin", "fewer than 1000 requests a minute"),
        writes("load_stats.csv", locust(4990, 0, 300, 240)),
    ),
    breaks(
        *("performance-tests", "load-other-release", "it was the release before"),
        restamped("load_stats.csv", earlier),
    ),
    breaks(
        *("performance-tests", "load-old", "the load test is older than it may be"),
        _of_today_only,
        restamped("load_stats.csv", _of_yesterday),
    ),
    breaks(
        *("performance-tests", "load-no-summary", "the summary is no summary"),
        writes("load_stats.csv", "Timestamp,User Count\n1,2\n"),
        state=_UNKNOWN,
    ),
    breaks(
        *("stress-tests", "stress-no-recovery", "it stays slow after the stress"),
        writes("recovery.jtl", jtl(1200, 2, 62, 2500)),
    ),
    breaks(
        *("stress-tests", "stress-still-failing", "it stays broken after the stress"),
        writes("recovery.jtl", jtl(1200, 100, 62, 180)),
    ),
    breaks(
        *(
            "stress-tests",
            "stress-recovery-before",
            "the recovery was before it",
        ),
        restamped("recovery.jtl", _of_yesterday),
    ),
    breaks(
        *("stress-tests", "stress-mild", "the stress stayed below the limit"),
        writes("stress.json", k6(5000, 10, 300, 900)),
    ),
    breaks(
        *("stress-tests", "stress-unproven", "nobody looked whether it recovered"),
        declares("stress-tests", recovery=[]),
        state=State.UNCONFIGURED,
    ),
    breaks(
        *("security-tests", "scan-high", "bandit found something grave"),
        writes("bandit.json", bandit(["LOW", "HIGH"])),
    ),
    keeps(
        *("scan-medium", "a finding below the level is good"),
        writes("bandit.json", bandit(["LOW", "MEDIUM"])),
    ),
    breaks(
        *("security-tests", "scan-level", "the level was set to what bandit found"),
        declares("security-tests", level="low"),
    ),
    breaks(
        *(
            "security-tests",
            "scan-unexplained",
            "no reason to suppress a finding",
        ),
        writes("semgrep.sarif", sarif(suppressed=True)),
    ),
    breaks(
        *("security-tests", "scan-sarif", "an error in SARIF is open"),
        writes("semgrep.sarif", sarif(suppressed=False)),
    ),
    breaks(
        *("security-tests", "scan-vulnerable", "a package has a known vulnerability"),
        writes("pip-audit.json", pip_audit(PACKAGES, vulnerable=["werkzeug"])),
    ),
    breaks(
        *("security-tests", "scan-skipped", "a package was not audited"),
        writes(
            "pip-audit.json",
            pip_audit({**PACKAGES, "redis": "skipped: not found on the index"}),
        ),
    ),
    breaks(
        *("security-tests", "scan-nothing", "no line of source was scanned"),
        writes("bandit.json", json.dumps({"metrics": {}, "results": []})),
    ),
    breaks(
        *("security-tests", "scan-stale", "one scan is of the release before"),
        restamped("bandit.json", earlier),
    ),
    breaks(
        *("security-tests", "scan-unstamped", "nothing says which release was audited"),
        restamped("pip-audit.json", lambda _made: None),
        state=_UNKNOWN,
    ),
)
