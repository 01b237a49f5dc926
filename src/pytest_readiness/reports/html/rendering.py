"""The page from its templates; escaped wherever a text comes from outside."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.reports.blocking import blocking, counted
from pytest_readiness.reports.html import pictures, standing
from pytest_readiness.reports.html.endings import endings
from pytest_readiness.reports.html.grouping import sections_of, spanned
from pytest_readiness.reports.terminal import exit_meaning
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_readiness.reports.html.grouping import Section
    from pytest_readiness.store.document import Report, ReportItem

__all__ = ["page"]

_HERE: Final = "pytest_readiness.reports.html"
_SHOWN: Final = 20
"""So many obstacles of an owner are told in full; nobody reads more at once."""
_NAMED: Final = 8
_EVIDENCE: Final = 12
_MANY: Final = 1000
"""From so many items on the browser lays out only what is in sight."""
_CODE: Final = re.compile(r"`([^`]+)`")
_WEB: Final = re.compile(r"https?://[^\s\\]+")
_LINE: Final = 2.4
_TITLE: Final = 3.0
"""How tall an item is that is not opened, and a section's title, in rem."""


def page(report: Report) -> bytes:
    """Write the page of a report: the same bytes for the same report."""
    environment, style, script = _prepared()
    sections = sections_of(report.items)
    many = len(report.items) > _MANY
    if many:
        style += _sizes(sections)
    open_ = sum(section.open for section in sections)
    outside = report.counts.after[State.OUT_OF_GATE]
    text = environment.get_template("report.html").render(
        report=report,
        State=State,
        SHOWN=_SHOWN,
        NAMED=_NAMED,
        EVIDENCE=_EVIDENCE,
        style=Markup(style),  # noqa: S704  # ours
        script=Markup(script),  # noqa: S704  # ours
        policy=_policy(style, script),
        tone=standing.tone(report),
        sentence=standing.sentence(report),
        meaning=exit_meaning(report),
        raw_open=counted(i.raw_state for i in report.items if i.raw_state.blocks),
        remarks=standing.remarks(report),
        cards=standing.cards(report),
        ring=pictures.ring(report.counts.after),
        trend=pictures.trend(report),
        blocking=blocking(report),
        blocked=open_,
        asked=len(report.items) - outside,
        sections=sections,
        many=many,
        states=[state for state in pictures.ORDER if report.counts.after[state]],
        owners=sorted({item.owner for item in report.items}),
        stages=list(dict.fromkeys(item.stage for item in report.items)),
        waived=[item for item in report.items if _has_waiver(item)],
        endings=endings(report),
        signatures=[
            (item, one)
            for item in report.items
            if item.signed
            for one in item.signed.signers
        ],
    )
    return text.encode()


def _sizes(sections: Iterable[Section]) -> str:
    """Tell the browser how tall the sections are that it has not laid out yet."""
    return "".join(
        f"#section-{section.name} {{ contain-intrinsic-size: auto none auto "
        f"{len(section.items) * _LINE + _TITLE:.1f}rem; }}\n"
        for section in sections
    )


def _has_waiver(item: ReportItem) -> bool:
    waiver = item.signed.waiver if item.signed else None
    return item.state is State.WAIVED or waiver is not None


@cache
def _prepared() -> tuple[Environment, str, str]:
    """Compile the templates once a process."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        loader=PackageLoader(_HERE),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Callable[..., object]] = {
        "code": _code,
        "web": _web,
        "iso": dt.datetime.isoformat,
        "date": "{:%Y-%m-%d}".format,
        "day": "{:%d %b %Y}".format,
        "clock": "{:%H:%M}".format,
        "stamp": "{:%Y-%m-%d %H:%M:%S}".format,
        "took": _took,
        "minute": "{:%Y-%m-%d %H:%M}".format,
        "spanned": spanned,
        "tally": _tally,
    }
    environment.filters.update(filters)
    here = files(_HERE)
    style = here.joinpath("report.css").read_text(encoding="utf-8")
    script = here.joinpath("report.js").read_text(encoding="utf-8")
    return environment, style, script


def _policy(style: str, script: str) -> str:
    """Let the browser run our script and style and nothing else, nor load anything."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _code(text: str) -> Markup:
    """Show what stands in backticks as code; the rest of the text is escaped as is."""
    safe = escape(text)
    if "`" not in text:
        return safe
    return Markup(_CODE.sub(r"<code>\1</code>", str(safe)))  # noqa: S704  # escaped above


def _took(seconds: float) -> str:
    return duration(dt.timedelta(seconds=seconds))


def _web(url: str) -> bool:
    """Whether a link may be made of it; other schemes stay text."""
    return _WEB.fullmatch(url) is not None


def _tally(items: Iterable[ReportItem]) -> str:
    return counted(item.state for item in items)
