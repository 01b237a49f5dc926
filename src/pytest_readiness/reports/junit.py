"""``junit.xml``: a suite a section, a case an item, for CI systems that read JUnit.

The dialect is Jenkins's and pytest's ``xunit2``, which GitLab and Azure read too. What
blocks is a ``<failure>`` whose type is the state; skipped are only items that do not
apply or that the gate does not ask. One more case is the verdict itself: a gate may be
closed by what is no item, and the file must not be green then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pytest_readiness.catalogue.requirement import Judged
from pytest_readiness.reports.messages import approved, seen_from
from pytest_readiness.reports.terminal import verdict_line
from pytest_readiness.verdict.decision import Verdict
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_readiness.store.document import Observation, Report, ReportItem

__all__ = ["VERDICT_CASE", "render"]

VERDICT_CASE = "readiness.verdict"
"""Class name of the case that is the verdict; no item's, for a section has its own."""
_SKIPPED = frozenset({State.NOT_APPLICABLE, State.OUT_OF_GATE})


def render(report: Report) -> bytes:
    """Give the document."""
    suites: dict[str, list[ReportItem]] = {}
    for item in report.items:
        suites.setdefault(item.section, []).append(item)
    root = ET.Element("testsuites", name="readiness")
    root.append(_suite(report, VERDICT_CASE, [_verdict(report)]))
    for section, items in suites.items():
        root.append(_suite(report, section, [_case(item) for item in items]))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _suite(report: Report, name: str, cases: list[ET.Element]) -> ET.Element:
    time = sum(float(case.get("time", "0")) for case in cases)
    suite = ET.Element(
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors="0",
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
        time=f"{time:.3f}",
        timestamp=f"{report.run.started:%Y-%m-%dT%H:%M:%S}",
        hostname=report.run.host,
    )
    properties = ET.SubElement(suite, "properties")
    for key, value in _facts(report):
        ET.SubElement(properties, "property", name=f"readiness.{key}", value=value)
    suite.extend(cases)
    return suite


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "system", report.system
    yield "environment", report.environment
    yield "release", report.release.version
    yield "source", report.release.source or ""
    yield "gate", report.gate.name
    yield "verdict", report.verdict


def _verdict(report: Report) -> ET.Element:
    case = ET.Element(
        "testcase", classname=VERDICT_CASE, name=report.gate.name, time="0.000"
    )
    if report.verdict not in {Verdict.READY, Verdict.READY_WITH_WAIVERS}:
        kind = report.verdict.lower().replace(" ", "-")
        lines = [f"{one.code}: {one.reason}" for one in report.hindrances]
        lines += [f"not to be trusted: {text}" for text in report.trust.failures]
        _outcome(case, "failure", verdict_line(report), lines, f"readiness.{kind}")
    return case


def _case(item: ReportItem) -> ET.Element:
    took = sum(one.duration_seconds for one in item.observations)
    name = item.id.partition(".")[2]
    case = ET.Element("testcase", classname=item.section, name=name, time=f"{took:.3f}")
    code = f"{item.code}: " if item.code else ""
    message = f"{code}{item.reason}" or str(item.state)
    if item.state.blocks:
        kind = f"readiness.{item.state}"
        _outcome(case, "failure", message, list(_told(item)), kind)
    elif item.state in _SKIPPED:
        _outcome(case, "skipped", message, [], f"readiness.{item.state}")
    else:
        ET.SubElement(case, "system-out").text = "\n".join(_told(item))
    return case


def _outcome(
    case: ET.Element, tag: str, message: str, lines: list[str], kind: str
) -> None:
    element = ET.SubElement(case, tag, type=kind, message=message)
    if lines:
        element.text = "\n".join(lines)


def _told(item: ReportItem) -> Iterator[str]:
    yield f"{item.state} (owner {item.owner}): {item.claim}".rstrip(": ")
    if item.seen_from:
        yield f"seen from {seen_from(item)}"
    if item.carried:
        yield f"seen by an earlier run, {item.carried:%Y-%m-%d %H:%M} UTC"
    yield from map(_line, item.observations)
    signed = item.signed
    for signer in signed.signers if signed else ():
        yield f"signed by {signer.name}, {signer.title or signer.role}"
    if item.state is State.WAIVED:
        waiver = signed.waiver if signed else None
        until = f" {approved(waiver)}: {waiver.reason}" if waiver else ""
        yield f"waived{until}; it is {item.raw_state} {item.code}".rstrip()
    if item.state.blocks and item.remedy:
        yield f"Fix: {item.remedy}"
    if item.command:
        yield f"$ {item.command}"


def _line(one: Observation) -> str:
    source = f", from {one.source}" if one.source else ""
    if one.judged in {Judged.UNAVAILABLE, Judged.UNJUDGED}:
        return f"{one.label}: not observed: {one.reason}{source}"
    return f"{one.label}: observed {one.observed}, required {one.required}{source}"
