"""Testing Validation: what the jobs of the release made, and where it lies."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from pytest_readiness.demo.servers.engine import DESCRIPTION
from pytest_readiness.demo.stamping import ARTEFACTS
from pytest_readiness.demo.standins import artefacts as made

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["BASELINE", "CALLS", "CASES", "FILES", "PACKAGES", "describe"]

CASES: Final[Mapping[str, str]] = {
    "tests.test_orders.test_limit": "passed",
    "tests.test_orders.test_margin": "passed",
    "tests.test_pricing.test_parity": "passed",
    "tests.test_pricing.test_market": "skipped",
}
"""The test cases of most reports, and what became of each."""
BASELINE: Final[Mapping[str, str]] = {
    **CASES,
    "tests.test_legacy.test_fax": "passed",
    "tests.test_pricing.test_greeks": "failure",
}
"""Those of the release before."""
_DOCUMENT = json.loads(DESCRIPTION.read_text("utf-8"))
CALLS: Final = (
    *(
        (method.upper(), re.sub(r"\{\w+\}", "1", path), 200)
        for path, item in _DOCUMENT["paths"].items()
        for method in item
    ),
    ("POST", "/login", 401),
)
"""What the tests of the API called."""
PACKAGES: Final[Mapping[str, str]] = {
    "psycopg": "3.2.10",
    "redis": "6.4.0",
    "werkzeug": "3.1.3",
    "options-trading-engine": "skipped: distribution marked as editable",
}
"""What was audited."""

FILES: Final[Mapping[str, str]] = {
    "unit-1.xml": made.junit(CASES),
    "unit-2.xml": made.junit({"tests.test_access.test_roles": "passed"}),
    "coverage.json": made.coverage_py(907, 1000),
    "integration.xml": made.junit(CASES),
    "api.xml": made.junit(CASES),
    "api.har": made.har(CALLS, "https://engine.trading.example"),
    "database.xml": made.junit(CASES),
    "load_stats.csv": made.locust(6000, 12, 330, 240),
    "stress.json": made.k6(12000, 3100, 300, 4100),
    "recovery.jtl": made.jtl(1200, 2, 62, 180),
    "bandit.json": made.bandit(["LOW"]),
    "semgrep.sarif": made.sarif(suppressed=True, reason="a key of the tests alone"),
    "pip-audit.json": made.pip_audit(PACKAGES),
    "end-to-end.xml": made.junit(CASES),
    "staging.xml": made.junit(CASES),
    "regression.xml": made.junit(CASES),
    "regression-before.xml": made.junit(BASELINE),
}


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Write the artefacts, and add a table for each item that counts some."""
    folder = bench.folder / ARTEFACTS
    folder.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")

    def at(*names: str) -> list[str]:
        return [str(folder / name) for name in names]

    tables.setdefault("artefacts", {}).update(
        {
            "unit-tests": {"junit": at("unit-*.xml"), "coverage": at("coverage.json")},
            "integration-tests": {"junit": at("integration.xml")},
            "api-tests": {"junit": at("api.xml"), "calls": at("api.har")},
            "database-tests": {"junit": at("database.xml")},
            "performance-tests": {"load": at("load_stats.csv")},
            "stress-tests": {"load": at("stress.json"), "recovery": at("recovery.jtl")},
            "security-tests": {
                "scans": at("bandit.json", "semgrep.sarif", "pip-audit.json"),
                "unscanned": [
                    {"name": "options-trading-engine", "reason": "it is the service"}
                ],
            },
            "end-to-end-tests": {"junit": at("end-to-end.xml")},
            "testing": {"junit": at("staging.xml")},
            "regression-tests": {
                "junit": at("regression.xml"),
                "baseline": at("regression-before.xml"),
                "removed": [
                    {"name": "tests.test_legacy.*", "reason": "no more orders by fax"}
                ],
            },
        }
    )
