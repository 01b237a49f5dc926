"""The checklist's rules of test cases that an item is tied to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_readiness.catalogue.requirement import Check
    from pytest_readiness.probes.artefacts.junit import Junit
    from pytest_readiness.target.blocks import Limits

__all__ = ["case_rules"]


def case_rules(check: Check, junit: Junit, limits: Limits) -> None:
    """Hold an item's own test cases against the rules: enough, of this release, passed.

    A name proves nothing: the cases are shown, and those that were skipped, or that
    nobody timed, do not count.
    """
    least = limits.cases.min_cases.value
    check("reports of another release", junit.foreign).empty()
    check("test cases that ran", junit.bound_cases).satisfies(
        f"at least {least}", lambda names: len(names) >= least
    )
    check("test cases that failed", junit.bound_failures).empty()
