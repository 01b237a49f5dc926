"""Documentation, the guides: missing, unfinished, out of date, or leading nowhere."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.pieces.documentation import GUIDES
from pytest_readiness.demo.servers.engine import ENV_EXAMPLE
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Apply = Callable[[Breakage], None]
    Change = Callable[[str], str]

__all__ = ["FAULTS", "changed", "replaced", "stale"]

_ITEMS = tuple(f"documentation.{name}" for name in GUIDES)
_FIRST = "documentation.installation-guide"
_INTO_PARTS = tuple(
    f"operational-procedures.{name}"
    for name in ("rollback-process", "recovery-process")
)
"""Procedures that link to parts of the guides."""
_INTO_GUIDES = (
    *_INTO_PARTS,
    "operational-procedures.monitoring-process",
    "operational-procedures.change-management",
)
"""Procedures that link to a guide."""
_LOOKS = frozenset({"document", "runbooks"})
_REVIEWED = re.compile(r"^reviewed: .*$", re.MULTILINE)
_STUB = "---\nreviewed: {today}\n---\n# Guide\n\nThis guide will be written soon.\n"


def replaced(change: Callable[[bytes], bytes | None], *names: str) -> Apply:
    """Have documents say something else; none is a document that is gone."""

    def apply(breakage: Breakage) -> None:
        for name in names:
            path = Path(breakage.tables["documents"][name]["path"])
            before = path.read_bytes()
            breakage.stack.callback(path.write_bytes, before)
            after = change(before)
            if after is None:
                path.unlink()
            else:
                path.write_bytes(after)

    return apply


def changed(change: Change, *names: str) -> Apply:
    """Have documents say something else, as a change of their text."""
    return replaced(lambda data: change(data.decode()).encode(), *names)


def stale(text: str, days: int = 200) -> str:
    """Have a document be reviewed long ago."""
    day = dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)
    return _REVIEWED.sub(f"reviewed: {day}", text)


def _stub(_text: str) -> str:
    return _STUB.format(today=dt.datetime.now(dt.UTC).date())


def _with(more: str) -> Change:
    return lambda text: f"{text}\n{more}\n"


def _headings(breakage: Breakage) -> None:
    breakage.tables["documents"]["installation-guide"]["headings"] = ["licences"]


def _variable(breakage: Breakage) -> None:
    """Have the release read a variable that the guide does not know."""
    text = ENV_EXAMPLE.read_text("utf-8") + "ENGINE_NEW_LIMIT=5\n"
    path = breakage.write("env.example", text)
    breakage.tables["documents"]["configuration-guide"]["describes"] = [str(path)]


def _part_gone(text: str) -> str:
    return text.replace("## DiskFills", "## Disks")


def _restructured(breakage: Breakage) -> None:
    """Write a guide in reStructuredText; what it says stays the same."""
    settings = breakage.tables["documents"]["installation-guide"]
    path = Path(settings["path"]).with_suffix(".rst")
    day = dt.datetime.now(dt.UTC).date()
    body = "A machine is set up by the steps that follow, one after the other. " * 15
    path.write_text(
        f"Installation\n============\n\n:reviewed: {day}\n\n{body}\n\n"
        "Steps\n-----\n\nSee `the settings <configuration-guide.md>`_ and Steps_.\n",
        "utf-8",
    )
    breakage.stack.callback(path.unlink)
    settings["path"] = str(path)


def _fault(
    name: str, summary: str, apply: Apply, *, items: tuple[str, ...] = _ITEMS
) -> Fault:
    return Fault(
        f"guide-{name}", summary, dict.fromkeys(items, State.FAILED), _LOOKS, apply
    )


FAULTS = (
    _fault(
        *("missing", "the guides are not there"),
        replaced(lambda _: None, *GUIDES),
        items=(*_ITEMS, *_INTO_GUIDES),
    ),
    _fault(
        *("stub", "the guides are a line long"),
        changed(_stub, *GUIDES),
        items=(*_ITEMS, *_INTO_PARTS),
    ),
    _fault(
        *("broken-link", "the guides link to a file that is not there"),
        changed(_with("See [more](nowhere.md)."), *GUIDES),
    ),
    _fault(
        *("broken-anchor", "the guides link to a part that is not there"),
        changed(_with("See [more](user-manual.md#nowhere)."), *GUIDES),
    ),
    _fault("stale", "the guides were reviewed long ago", changed(stale, *GUIDES)),
    _fault(
        *("unreviewed", "the guides do not say when they were reviewed"),
        changed(lambda text: _REVIEWED.sub("", text), *GUIDES),
    ),
    _fault(
        *("unfinished", "the guides hold what is still to be written"),
        changed(_with("TODO: the rest."), *GUIDES),
    ),
    _fault(
        *("not-text", "the guides are no text"),
        replaced(lambda _: b"%PDF-1.7\n\xff\xfe\0\0", *GUIDES),
        items=(*_ITEMS, *_INTO_PARTS),
    ),
    _fault(
        *("heading", "a guide lacks a heading that it must have"),
        _headings,
        items=(_FIRST,),
    ),
    _fault(
        *("unknown-variable", "the configuration guide lacks a variable"),
        _variable,
        items=("documentation.configuration-guide",),
    ),
    _fault(
        *("dangling-runbook", "an alert's runbook leads to a part that is gone"),
        changed(_part_gone, "monitoring-guide"),
        items=("documentation.monitoring-guide",),
    ),
    _fault(
        *("about-placeholders", "the guides speak of TODO in code: good"),
        changed(_with("`TODO` and\n\n```\nTODO\n```"), *GUIDES),
        items=(),
    ),
    _fault(
        *("restructured", "a guide is in reStructuredText: good"),
        _restructured,
        items=(),
    ),
)
