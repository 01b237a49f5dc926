"""``readiness revoke``: take a signature back, your own or, as a revoker, anybody's.

It is also how an emergency's waiver is reviewed: by its revocation, whose reason is
what the review found.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.attest.drafting import revocation
from pytest_readiness.attest.line import says
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.predicates import ItemAttestation, Revocation, Waiver
from pytest_readiness.attest.trust_tables import REVOKER
from pytest_readiness.cli import console, lines, signer, situation as where
from pytest_readiness.cli.signer import Draft, Signatory
from pytest_readiness.cli.situation import Situation
from pytest_readiness.errors import AttestationError, ConfigError

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import Predicate
    from pytest_readiness.attest.trust import Trust

__all__ = ["configure", "describe", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "what",
        nargs="+",
        metavar="PAYLOAD|ITEM",
        help="a payload's sha256 (eight digits are enough), or an item: what you"
        " signed on it",
    )
    parser.add_argument("--reason", metavar="TEXT", help="why; of a review: its result")
    where.add_arguments(parser)
    signer.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where it is taken back, 1 where you did not agree."""
    situation = Situation.of(arguments)
    now = dt.datetime.now(dt.UTC)
    signing = situation.signing(now)
    trust = signer.trust_of(signing.signatures)
    signatory = Signatory.of(arguments, trust, now)
    reason = arguments.reason or console.ask("Why is it taken back")
    if not reason:
        raise ConfigError("--reason", "is empty", "say why in a sentence")
    found = _find(arguments.what, situation, trust, signatory)
    revoker = REVOKER in signatory.roles(trust, now)
    for line in found.values():
        if line.person.id != signatory.person.id and not revoker:
            what = f"is of {line.person.id}, and you are no {REVOKER}"
            raise AttestationError(line.payload[:16], what, f"ask a {REVOKER}")
    names = {payload: _name(line) for payload, line in found.items()}
    statement = revocation(names, signatory.person.id, now, reason)
    shown = (*map(describe, found.values()), f"reason: {reason}")
    draft = Draft("revocation", f"{len(found)} taken back", statement.payload(), shown)
    if not signer.agree(signatory, [draft], arguments, about=situation.about):
        return 1
    signed = signer.sign(signatory.signer, [draft])
    (path,) = signer.append(situation.files, signed)
    if arguments.json:
        result = {
            "payload": signed[0].payload_sha256,
            "revokes": sorted(found),
            "file": str(path),
        }
        console.print_json(result)
    else:
        texts = [f"taken back: {describe(line)}" for line in found.values()]
        texts.append(f"Commit {path}.")
        console.say(line for text in texts for line in console.wrapped(text))
    return 0


def _find(
    words: list[str], situation: Situation, trust: Trust, signatory: Signatory
) -> dict[str, Line[Predicate]]:
    """Give the statements that are meant, by payload.

    Of an item those that the signer has made and that are not taken back yet.
    """
    files = situation.files
    index = situation.signing(dt.datetime.now(dt.UTC)).signatures.index
    found: dict[str, Line[Predicate]] = {}
    for word in words:
        matching = lines.find(files, trust, word)
        if lines.is_payload(word):
            payload = lines.one_of([one.payload for one in matching], word)
            matching = [one for one in matching if one.payload == payload]
        else:
            mine = signatory.person.id
            matching = [
                one
                for one in matching
                if one.person.id == mine
                and not says(one, Revocation)
                and not (index and index.is_revoked(one.payload, mine, veto=False))
            ]
            if not matching:
                what = "has no signature of yours that still stands"
                remedy = "give a payload's digest to take back another's"
                raise AttestationError(word, what, remedy)
        found |= {one.payload: one for one in matching}
    return found


def _name(line: Line[Predicate]) -> str:
    items = lines.about(line.predicate)
    if says(line, Waiver) and line.predicate.emergency:
        return f"emergency, incident {line.predicate.incident}"
    return items[0] if items else _kind(line)


def _kind(line: Line[Predicate]) -> str:
    return line.predicate.TYPE.rsplit("/", 2)[-2]


def describe(line: Line[Predicate]) -> str:
    """Say what a statement is, for people."""
    if says(line, ItemAttestation):
        what = f"{line.predicate.verdict} on {line.predicate.item.id}"
    elif says(line, Waiver):
        what = f"the waiver of {_name(line)}"
    else:
        what = _kind(line)
    return f"{what}, {line.person.id}, {day(line.issued_at)} ({line.payload[:12]})"
