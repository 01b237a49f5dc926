"""What changed between two reports, for a terminal and for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.reports.text import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_readiness.store.comparison import Change, Comparison, Ending
    from pytest_readiness.store.document import Report

__all__ = ["change_lines", "changes_document"]


def change_lines(found: Comparison, width: int = 80) -> list[str]:
    """Give the lines, the verdict of the comparison last."""
    lines = [
        *wrap(f"then: {_run(found.then)}", width),
        *wrap(f"now:  {_run(found.now)}", width),
        *_differing(found, width),
    ]
    for title, changes in (
        ("worse", found.worse),
        ("gone stale", found.stale),
        ("gone from what is asked", found.gone),
        ("new", found.new),
        ("better", found.better),
    ):
        lines += _group(title, changes, width)
    if found.expiring:
        lines.append(f"ends soon: {len(found.expiring)}")
        for ending in found.expiring:
            lines += wrap(_ending(ending), width, indent="  ")
    return [*lines, "worse" if found.is_worse else "not worse"]


def changes_document(found: Comparison) -> dict[str, object]:
    """Give the same for scripts."""
    return {
        "is_worse": found.is_worse,
        "then": _run_document(found.then),
        "now": _run_document(found.now),
        "worse": [_document(one) for one in found.worse],
        "stale": [_document(one) for one in found.stale],
        "gone": [_document(one) for one in found.gone],
        "new": [_document(one) for one in found.new],
        "better": [_document(one) for one in found.better],
        "expiring": [
            {"id": one.item.id, "at": one.at.isoformat(), "waiver": one.waiver}
            for one in found.expiring
        ],
    }


def _run(report: Report) -> str:
    return (
        f"{report.verdict}, release {report.release.version}, "
        f"{report.run.ended:%Y-%m-%d %H:%M} UTC"
    )


def _differing(found: Comparison, width: int) -> Iterator[str]:
    """Say where the two are not of the same question."""
    then, now = found.then, found.now
    pairs = (
        ("system", then.system, now.system),
        ("environment", then.environment, now.environment),
        ("gate", then.gate.name, now.gate.name),
        ("checklist", then.checklist.digest[:12], now.checklist.digest[:12]),
        ("target digest", then.target_digest[:12], now.target_digest[:12]),
    )
    for what, before, after in pairs:
        if before != after:
            yield from wrap(f"another {what}: {before}, now {after}", width)


def _group(title: str, changes: Sequence[Change], width: int) -> Iterator[str]:
    if not changes:
        return
    yield f"{title}: {len(changes)}"
    for change in changes:
        yield from wrap(_change(change), width, indent="  ", limit=3)


def _change(change: Change) -> str:
    then, now = change.then, change.now
    if now is None:
        return f"{change.id} (it was {then.state if then else 'asked'})"
    before = f"{then.state} -> " if then else ""
    code = f" {now.code}" if now.code else ""
    reason = f": {now.reason}" if now.reason else ""
    return f"{change.id} {before}{now.state}{code}{reason}"


def _ending(ending: Ending) -> str:
    what = "its waiver" if ending.waiver else "what is signed"
    return f"{ending.item.id}: {what} ends {ending.at:%Y-%m-%d %H:%M} UTC"


def _run_document(report: Report) -> dict[str, object]:
    return {
        "system": report.system,
        "environment": report.environment,
        "gate": report.gate.name,
        "release": report.release.version,
        "verdict": report.verdict,
        "ended": report.run.ended.isoformat(),
    }


def _document(change: Change) -> dict[str, object]:
    then, now = change.then, change.now
    return {
        "id": change.id,
        "then": then.state if then else None,
        "now": now.state if now else None,
        "code": now.code if now else "",
        "reason": now.reason if now else "",
    }
