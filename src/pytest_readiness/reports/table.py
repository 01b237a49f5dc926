"""``report.csv``: a line an item, for spreadsheets.

RFC 4180, UTF-8, every cell quoted. A cell that a spreadsheet would take for a formula
begins with an apostrophe, as OWASP advises ("CSV Injection").
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from pytest_readiness.reports.messages import seen_from

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping

    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["COLUMNS", "render"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # noqa: RUF001  # Excel reads the wide ones as the narrow


def render(report: Report) -> bytes:
    """Give the table: a head, and the items in the checklist's order."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for item in report.items:
        writer.writerow([_harmless(cell(item)) for cell in COLUMNS.values()])
    return text.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell


def _waived_until(item: ReportItem) -> str:
    waiver = item.signed.waiver if item.signed else None
    return _moment(waiver.until if waiver else None)


def _signatures_end(item: ReportItem) -> str:
    return _moment(item.signed.expires if item.signed else None)


def _signers(item: ReportItem) -> str:
    signers = item.signed.signers if item.signed else ()
    return "; ".join(f"{one.name} ({one.role or one.title})" for one in signers)


def _evidence(item: ReportItem) -> str:
    return "; ".join(
        f"{one.label}: {one.observed} (required {one.required}, {one.judged})"
        for one in item.observations
    )


def _moment(moment: dt.datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


COLUMNS: Final[Mapping[str, Callable[[ReportItem], str]]] = {
    "item": lambda item: item.id,
    "section": lambda item: item.section,
    "stage": lambda item: item.stage,
    "owner": lambda item: item.owner,
    "kind": lambda item: item.kind,
    "state": lambda item: item.state,
    "raw state": lambda item: item.raw_state,
    "code": lambda item: item.code,
    "claim": lambda item: item.claim,
    "reason": lambda item: item.reason,
    "remedy": lambda item: item.remedy,
    "command": lambda item: item.command,
    "signed by": _signers,
    "signatures end": _signatures_end,
    "waived until": _waived_until,
    "seen from": seen_from,
    "seen before": lambda item: _moment(item.carried),
    "evidence": _evidence,
}
"""The head's words, and what stands under each."""
