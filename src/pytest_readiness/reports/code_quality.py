"""``code-quality.json``: what blocks, as GitLab's merge requests list findings.

The fields that GitLab reads of a Code Climate report, in one array. A fingerprint names
the item, not its wording: GitLab then shows what is new and what is gone.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["render"]

_SEVERITY: Final = {
    State.NOT_RUN: "blocker",
    State.FAILED: "blocker",
    State.UNKNOWN: "critical",
    State.UNCONFIGURED: "major",
    State.PENDING: "minor",
}
_PATH = "readiness.toml"
"""GitLab wants a file of the repository; this one says what is judged."""


def render(report: Report) -> bytes:
    """Give the array; empty where nothing blocks."""
    findings = [_item(report, item) for item in report.items if item.state.blocks]
    findings += [
        _finding(report, one.code, f"{one.code}: {one.reason}", "blocker")
        for one in report.hindrances
    ]
    findings += [
        _finding(report, f"trust.{number}", f"not to be trusted: {text}", "blocker")
        for number, text in enumerate(report.trust.failures)
    ]
    return json.dumps(findings, ensure_ascii=False, indent=1).encode() + b"\n"


def _item(report: Report, item: ReportItem) -> dict[str, object]:
    code = f" {item.code}" if item.code else ""
    what = item.reason or item.claim or item.id
    todo = f"; {item.remedy}" if item.remedy else ""
    text = f"{item.id} ({item.owner}) is {item.state}{code}: {what}{todo}"
    return _finding(report, item.id, text, _SEVERITY[item.state])


def _finding(report: Report, name: str, text: str, severity: str) -> dict[str, object]:
    of = f"{report.system}\n{report.environment}\n{report.gate.name}\n{name}"
    return {
        "type": "issue",
        "check_name": f"readiness.{name}",
        "description": text,
        "fingerprint": hashlib.sha256(of.encode()).hexdigest(),
        "severity": severity,
        "location": {"path": _PATH, "lines": {"begin": 1}},
    }
