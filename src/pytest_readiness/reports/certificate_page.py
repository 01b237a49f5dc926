"""The certificate as a sheet for people: one printed A4 page, nothing to load.

It shows what the signed certificate says; it is not the certificate, and says so.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

from pytest_readiness.attest.certificate import Outcome, Way
from pytest_readiness.attest.failure import printable
from pytest_readiness.store.signed import masked
from pytest_readiness.verdict.decision import Verdict

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from pytest_readiness.attest.issued import Issued
    from pytest_readiness.attest.result import WaiverInfo

__all__ = ["page"]

_LONGEST, _SHORT = 72, 44
"""Characters of a text that stands on the sheet; the signed files have all of it."""
_MOST_WAIVERS = 5
_MOST_CERTIFIERS = 4


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    value: str
    mono: bool = False


def page(
    issued: Issued, waivers: Sequence[WaiverInfo], missing: Sequence[str] = ()
) -> bytes:
    """Write the sheet.

    Args:
        issued: The certificate with its verified signers.
        waivers: Those that were in use.
        missing: The roles whose signature it still needs.
    """
    certificate, judged = issued.certificate, issued.certificate.judged
    waived = certificate.result is Outcome.WARNED
    verdict = Verdict.READY_WITH_WAIVERS if waived else Verdict.READY
    title = f"{judged.system} {judged.release} in {judged.environment}: {verdict}"
    body = [
        _head(issued, verdict, waived=waived, missing=missing),
        _facts(issued),
        _waivers(waivers, len(certificate.warned_tests)) if waived else "",
        _certifiers(issued, missing),
        _how_to_verify(issued),
    ]
    style = files("pytest_readiness.reports").joinpath("certificate.css").read_text()
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(body)}</main>\n</body>\n</html>\n"
    ).encode()


def _text(text: str, longest: int = _LONGEST) -> str:
    """Make a text harmless: no controls, no markup, not too long."""
    shown = "".join(c if c.isprintable() else printable(c) for c in text)
    return escape(shown if len(shown) <= longest else f"{shown[: longest - 1]}…")


def _moment(moment: dt.datetime) -> str:
    return f'<time datetime="{moment.isoformat()}">{moment:%d %B %Y, %H:%M} UTC</time>'


def _head(
    issued: Issued, verdict: Verdict, *, waived: bool, missing: Sequence[str]
) -> str:
    judged = issued.certificate.judged
    notes: list[str] = []
    if missing:
        roles = " and ".join(missing)
        notes.append(f"Not valid yet: the signature of {_text(roles)} is missing.")
    if judged.emergency:
        notes.append(f"EMERGENCY, incident {_text(judged.emergency, _SHORT)}.")
    if judged.unpinned:
        notes.append(
            "Unpinned: nobody outside the repository vouches for the trust file."
        )
    if judged.source is None:
        notes.append("Unbound: the release is a version only, without a digest.")
    if judged.approvers is not None:
        notes.append(f"Approved by {judged.approvers}, not by three, distinct people.")
    warnings = "".join(f'<p class="note">{note}</p>\n' for note in notes)
    kind = "waived" if waived else "ready"
    return (
        "<header>\n"
        '<p class="kind">Production readiness certificate</p>\n'
        f"<h1>{_text(judged.system, _SHORT)}"
        f" <span>{_text(judged.release, _SHORT)}</span></h1>\n"
        f"<p>Environment <strong>{_text(judged.environment, _SHORT)}</strong>, "
        f"gate <strong>{_text(judged.gate, _SHORT)}</strong></p>\n"
        f'<p class="verdict {kind}">{verdict}</p>\n'
        f"<p>{judged.seen} seen by probes, {judged.signed} signed by people"
        f"{_waived_count(issued)}, of {judged.items} items.</p>\n"
        f"{warnings}</header>\n"
    )


def _waived_count(issued: Issued) -> str:
    count = len(issued.certificate.warned_tests)
    return f", {count} waived" if count else ""


def _facts(issued: Issued) -> str:
    judged = issued.certificate.judged
    ran = judged.way is Way.RAN_HERE
    way = "the gate ran in the command that certified"
    if not ran:
        way = "from a report that a runner's key vouches for"
    rows = [
        _Row("Certified", _moment(judged.issued_at)),
        _Row("Valid until", _moment(judged.valid_until)),
        _Row("Ends with", _text(judged.ends_with)),
        _Row("Judged", _text(way)),
        _Row("Source", _text(judged.source or "none", 80), mono=True),
    ]
    if judged.commit:
        rows.append(_Row("Commit", _text(judged.commit), mono=True))
    if issued.certificate.url:
        rows.append(_Row("Job", _text(issued.certificate.url)))
    return f"<section>\n<dl>\n{_list(rows)}</dl>\n</section>\n"


def _list(rows: Iterable[_Row]) -> str:
    return "".join(
        f"<dt>{row.name}</dt><dd{' class=mono' if row.mono else ''}>{row.value}</dd>\n"
        for row in rows
    )


def _waivers(waivers: Sequence[WaiverInfo], count: int) -> str:
    rows = "".join(
        f"<tr><td>{_text(one.item)}</td><td>{one.until:%d %b %Y %H:%M} UTC</td>"
        f"<td>{_text(masked(one.reason))}</td></tr>\n"
        for one in sorted(waivers, key=lambda one: one.until)[:_MOST_WAIVERS]
    )
    rest = count - min(len(waivers), _MOST_WAIVERS)
    more = f"<p>and {rest} more, in the report.</p>\n" if rest > 0 else ""
    return (
        "<section>\n<h2>Waived</h2>\n<table>\n<thead><tr><th>Item</th><th>Until</th>"
        f"<th>Reason</th></tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n{more}"
        "</section>\n"
    )


def _certifiers(issued: Issued, missing: Sequence[str]) -> str:
    shown = issued.certifiers[:_MOST_CERTIFIERS]
    blocks = [
        '<div class="certifier">\n'
        f"<p><strong>{_text(one.person.name, _SHORT)}</strong><br>"
        f"{_text(one.person.title or 'no title', _SHORT)}</p>\n"
        f"<p>{_text(', '.join(sorted(one.roles)))}</p>\n"
        f'<p class="mono">{escape(one.key.key.fingerprint)}</p>\n</div>\n'
        for one in shown
    ]
    rest = len(issued.certifiers) - len(shown)
    more = f"<p>and {rest} more.</p>\n" if rest > 0 else ""
    if missing:
        roles = ", ".join(missing)
        more += f'<p class="note">Not signed yet: {_text(roles)}</p>\n'
    return (
        "<section>\n<h2>Certified by</h2>\n"
        f'<div class="certifiers">\n{"".join(blocks)}</div>\n{more}</section>\n'
    )


def _how_to_verify(issued: Issued) -> str:
    judged = issued.certificate.judged
    release = judged.source or judged.release
    told = {"system": judged.system, "target": judged.environment, "release": release}
    given = " ".join(f"--{name} {shlex.quote(word)}" for name, word in told.items())
    command = f"readiness verify certificate.intoto.jsonl {given}"
    return (
        "<section>\n<h2>How to verify</h2>\n"
        "<p>This sheet shows what was signed, <code>certificate.intoto.jsonl</code>,"
        " which is what counts. In the repository of the release:</p>\n"
        f"<pre>{_text(command, 240)}</pre>\n"
        "<p>Without this tool: the bundle's <code>verify.sh</code> checks every"
        " signature with openssl. The payload's sha256 is</p>\n"
        f'<p class="mono">{issued.digest}</p>\n</section>\n'
    )
