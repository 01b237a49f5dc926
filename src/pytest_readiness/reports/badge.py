"""A badge: the verdict, of which release, and when, as an SVG or for shields.io.

A badge outlives its run, so the day is on it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from pytest_readiness.reports.text import columns, cut
from pytest_readiness.verdict.decision import Verdict

if TYPE_CHECKING:
    from pytest_readiness.store.document import Report

__all__ = ["endpoint", "svg"]

_COLOURS: Final = {
    Verdict.READY: ("#2a7d2e", "green"),
    Verdict.READY_WITH_WAIVERS: ("#8a6100", "yellow"),
    Verdict.NOT_READY: ("#b3261e", "red"),
    Verdict.INCOMPLETE: ("#5f6368", "lightgrey"),
}
"""Ours, on which white text has a contrast of at least 4.5; and shields.io's names."""
_COLUMN = 6.6
"""Pixels a column takes at 11 px; ``textLength`` makes it so in every font."""
_PAD = 6
_LONGEST = 40


def svg(report: Report) -> bytes:
    """Give the picture, which loads nothing."""
    label, message = _label(report), _message(report)
    left, right = _width(label), _width(message)
    colour, _ = _COLOURS[report.verdict]
    said = escape(f"{report.system} in {report.environment}: {message}")
    width = left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" '
        f'role="img" aria-label="{said.replace(chr(34), "&quot;")}">'
        f"<title>{said}</title>"
        f'<rect width="{left}" height="20" fill="#3c4043"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(label, 0, left)}{_text(message, left, right)}</g></svg>\n"
    ).encode()


def endpoint(report: Report) -> bytes:
    """Give what a shields.io badge of kind ``endpoint`` reads."""
    document = {
        "schemaVersion": 1,
        "label": _label(report),
        "message": _message(report),
        "color": _COLOURS[report.verdict][1],
    }
    return json.dumps(document, ensure_ascii=False).encode() + b"\n"


def _label(report: Report) -> str:
    return cut(f"{report.gate.name} {report.environment}", _LONGEST)


def _message(report: Report) -> str:
    version = cut(report.release.version, _LONGEST)
    return f"{report.verdict} {version}, {report.run.ended:%Y-%m-%d}"


def _width(text: str) -> int:
    return round(columns(text) * _COLUMN) + 2 * _PAD


def _text(text: str, start: int, width: int) -> str:
    return (
        f'<text x="{start + _PAD}" y="14" textLength="{width - 2 * _PAD}">'
        f"{escape(text)}</text>"
    )
