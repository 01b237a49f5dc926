"""Error Handling and Recovery: test cases of what fails, and what is written of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_readiness.demo.pieces.documentation import file
from pytest_readiness.demo.stamping import ARTEFACTS
from pytest_readiness.demo.standins.artefacts import junit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.demo.bench import Bench, Tables

__all__ = ["BINDINGS", "CASES", "DOCUMENTS", "FILE", "describe"]

FILE: Final = "resilience.xml"
"""The report of the tests that let something fail."""
BINDINGS: Final[Mapping[str, str]] = {
    "error-logging": "*error_log*",
    "circuit-breakers": "*circuit_breaker*",
    "retry-logic": "*retr*",
    "fallback-mechanisms": "*fallback*",
    "graceful-degradation": "*degrade*",
    "data-consistency": "*failover*",
}
"""Patterns of the test cases that items are tied to."""
CASES: Final[Mapping[str, str]] = {
    "tests.test_errors.test_error_log_has_the_cause": "passed",
    "tests.test_errors.test_error_log_has_no_secret": "passed",
    "tests.test_breaker.test_circuit_breaker_opens": "passed",
    "tests.test_breaker.test_circuit_breaker_closes_again": "passed",
    "tests.test_provider.test_retries_end": "passed",
    "tests.test_provider.test_an_order_is_never_retried": "passed",
    "tests.test_quotes.test_fallback_to_the_last_price": "passed",
    "tests.test_quotes.test_fallback_shows_the_age": "passed",
    "tests.test_cache.test_degrades_without_the_cache": "passed",
    "tests.test_cache.test_degraded_answers_say_so": "passed",
    "tests.test_database.test_failover_loses_no_order": "passed",
    "tests.test_database.test_failover_places_none_twice": "passed",
}
DOCUMENTS: Final = ("recovery-procedures", "rollback-plan")


def describe(bench: Bench, tables: Tables, environ: dict[str, str]) -> None:  # noqa: ARG001  # a piece's signature
    """Write the report, and tie each item to its cases."""
    file(bench, tables, *DOCUMENTS)
    folder = bench.folder / ARTEFACTS
    folder.mkdir(exist_ok=True)
    path = folder / FILE
    path.write_text(junit(CASES), "utf-8")
    tables.setdefault("artefacts", {}).update(
        {
            name: {"junit": [str(path)], "cases": [pattern]}
            for name, pattern in BINDINGS.items()
        }
    )
