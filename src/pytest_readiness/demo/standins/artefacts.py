"""What the jobs of the demo's release would have made, in the formats of real tools."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = [
    "bandit",
    "coverage_py",
    "har",
    "jtl",
    "junit",
    "k6",
    "locust",
    "pip_audit",
    "sarif",
]

_LOCUST = (
    "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,"
    "Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,"
    "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%"
)


def junit(cases: Mapping[str, str], *, head: str = "") -> str:
    """Write a report as pytest does.

    Args:
        cases: ``class.name``, and ``passed``, or what stands within the case:
            ``failure``, ``error``, ``skipped``.
        head: What stands before the root element.
    """
    written: list[str] = []
    for case, outcome in cases.items():
        classname, _, name = case.rpartition(".")
        names = f"classname={quoteattr(classname)} name={quoteattr(name)}"
        within = (
            "" if outcome == "passed" else f'<{outcome} message="as the demo says"/>'
        )
        written.append(f'<testcase {names} time="0.012">{within}</testcase>')
    counts = {kind: list(cases.values()).count(kind) for kind in ("failure", "error")}
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<testsuites name="pytest tests">'
        f'<testsuite name="pytest" errors="{counts["error"]}"'
        f' failures="{counts["failure"]}" tests="{len(cases)}" time="1.0"'
        f' hostname="runner">{"".join(written)}</testsuite></testsuites>\n'
    )


def coverage_py(covered: int, of: int) -> str:
    """Write coverage as ``coverage json`` does, one file of so many lines."""
    executed = list(range(1, covered + 1))
    missing = list(range(covered + 1, of + 1))
    summary = {"covered_lines": covered, "num_statements": of}
    of_file = {"executed_lines": executed, "missing_lines": missing, "summary": summary}
    document = {
        "meta": {"format": 3, "version": "7.17.4", "branch_coverage": False},
        "files": {"engine/orders.py": of_file},
        "totals": summary,
    }
    return json.dumps(document)


def bandit(findings: Iterable[str]) -> str:
    """Write findings of one gravity each (``HIGH``, ``LOW``) as bandit does."""
    results = [
        {
            "filename": "engine/orders.py",
            "issue_severity": severity,
            "line_number": 10 * number,
            "test_id": "B608",
        }
        for number, severity in enumerate(findings, start=1)
    ]
    metrics = {"_totals": {"loc": 800, "nosec": 0}}
    return json.dumps({"errors": [], "metrics": metrics, "results": results})


def pip_audit(packages: Mapping[str, str], *, vulnerable: Iterable[str] = ()) -> str:
    """Write an audit as pip-audit does.

    Args:
        packages: A version each, or ``skipped: REASON``.
        vulnerable: Those with a known vulnerability.
    """
    dependencies: list[dict[str, object]] = []
    for name, version in packages.items():
        if version.startswith("skipped: "):
            reason = version.removeprefix("skipped: ")
            dependencies.append({"name": name, "skip_reason": reason})
            continue
        known = [{"id": "CVE-2026-0001", "fix_versions": ["99"]}]
        vulns = known if name in vulnerable else []
        dependencies.append({"name": name, "version": version, "vulns": vulns})
    return json.dumps({"dependencies": dependencies, "fixes": []})


def sarif(*, suppressed: bool, reason: str = "", level: str = "error") -> str:
    """Write one finding as SARIF 2.1.0, suppressed or not."""
    result: dict[str, object] = {"ruleId": "hardcoded-key", "level": level}
    if suppressed:
        suppression = {"kind": "inSource", "status": "accepted"}
        result["suppressions"] = [
            suppression | ({"justification": reason} if reason else {})
        ]
    run = {"tool": {"driver": {"name": "Semgrep"}}, "results": [result]}
    return json.dumps({"version": "2.1.0", "runs": [run]})


def har(calls: Iterable[tuple[str, str, int]], base: str) -> str:
    """Write what was called: method, path, status."""
    entries = [
        {
            "request": {"method": method, "url": f"{base}{path}"},
            "response": {"status": status},
        }
        for method, path, status in calls
    ]
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def locust(requests: int, failures: int, seconds: float, p95: int) -> str:
    """Write ``PREFIX_stats.csv`` as Locust does; ``p95`` in milliseconds."""
    rates = f"{requests / seconds},{failures / seconds}"
    line = f"{requests},{failures},8,9.5,1.8,{4 * p95}.0,2.0,{rates}"
    percentiles = ",".join(map(str, [8, 11, 12, 15, 19, p95, *[4 * p95] * 5]))
    rows = [f"GET,/quotes,{line},{percentiles}", f",Aggregated,{line},{percentiles}"]
    return "\n".join([_LOCUST, *rows, ""])


def k6(requests: int, failures: int, seconds: float, p95: float) -> str:
    """Write a summary as k6's ``handleSummary`` gives it; ``p95`` in milliseconds."""
    share = failures / requests
    metrics = {
        "http_reqs": {"values": {"count": requests, "rate": requests / seconds}},
        "http_req_duration": {"values": {"avg": p95 / 2, "p(95)": p95}},
        "http_req_failed": {"values": {"rate": share}},
    }
    state = {"testRunDurationMs": seconds * 1000}
    return json.dumps({"metrics": metrics, "state": state})


def jtl(requests: int, failures: int, seconds: int, took: int) -> str:
    """Write every sample as JMeter does; ``took`` in milliseconds."""
    began = 1_790_000_000_000
    lines = ["timeStamp,elapsed,label,responseCode,responseMessage,success"]
    for number in range(requests):
        at = began + number * seconds * 1000 // requests
        good = number >= failures
        status = "200,OK,true" if good else "503,Service Unavailable,false"
        lines.append(f"{at},{took},GET /quotes,{status}")
    return "\n".join([*lines, ""])
