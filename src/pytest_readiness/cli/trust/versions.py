"""The next version of a trust file: its number, its dates, what must follow."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.trust_file import read_trust
from pytest_readiness.cli import console
from pytest_readiness.cli.trust.editing import Edit

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.cli.trust.place import Place

__all__ = ["begin", "finish"]


def begin(place: Place) -> Edit:
    """Take the file as it is.

    Raises:
        Refused: there is none, or it is not what it must be.
    """
    return Edit(place.files.trust, place.read())


def finish(
    place: Place,
    edit: Edit,
    now: dt.datetime,
    *,
    expires: dt.datetime | None = None,
    as_json: bool,
) -> None:
    """Write the next version and say what must follow.

    Several changes one after the other are one version, until it is committed or a root
    has approved it: git keeps the versions before.
    """
    old = edit.trust
    edit.issue(_next(place, old), now, expires or old.expires)
    new = edit.save()
    if as_json:
        console.print_json(
            {
                "trust": str(place.files.trust),
                "version": new.version,
                "expires": new.expires.isoformat(),
                "sha256": new.digest,
            }
        )
        return
    until = day(new.expires)
    lines = [f"{place.files.trust} is version {new.version}, until {until}. Commit it."]
    threshold = max(old.root.threshold, new.root.threshold)
    if threshold > 1 or place.files.approvals.exists():
        names = ", ".join(dict.fromkeys((*old.root.people, *new.root.people)))
        lines.append(
            f"Then the roots approve it with `readiness trust approve`: {names}."
        )
    console.say(line for text in lines for line in console.wrapped(text))


def _next(place: Place, trust: Trust) -> int:
    approved = any(line.subject == trust.digest for line in place.approvals(trust))
    known = place.versions()
    if approved or known is None:
        return trust.version + 1
    committed = 0
    for data in known:
        with contextlib.suppress(Refused):
            committed = max(committed, read_trust(data).version)
    return max(trust.version, committed + 1)
