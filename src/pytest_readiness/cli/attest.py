"""``readiness attest``: a person signs what no probe can see.

The claim of every item is shown before it is signed; one table, one question.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.cli import console, given, signer, situation as where
from pytest_readiness.cli.attesting import Attesting, fitting
from pytest_readiness.cli.choosing import Candidates
from pytest_readiness.cli.kept import Kept, tell
from pytest_readiness.cli.signer import Signatory
from pytest_readiness.cli.situation import Situation
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "items", nargs="*", metavar="ITEM", help="ids, or patterns such as 'security.*'"
    )
    which = parser.add_argument_group("which items, instead of naming them")
    which.add_argument(
        "--all-mine", action="store_true", help="all that wait for a role of yours"
    )
    which.add_argument(
        "--renew",
        action="store_true",
        help="sign anew what stands, or alone: what you signed and is running out",
    )
    which.add_argument(
        "--within",
        default="14d",
        metavar="TIME",
        help="how soon it runs out, for --renew alone (default: 14d)",
    )
    says = parser.add_argument_group("what you say")
    verdict = says.add_mutually_exclusive_group()
    verdict.add_argument(
        "--not-satisfied", action="store_true", help="a veto: the item fails"
    )
    verdict.add_argument(
        "--not-applicable",
        action="store_true",
        help="the item has no meaning here; a person of another role signs it, too",
    )
    says.add_argument("--comment", default="", metavar="TEXT", help="why you say so")
    given.add_evidence(parser)
    says.add_argument(
        "--claim",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a figure that the item checks; repeatable",
    )
    says.add_argument(
        "--until", metavar="DATE", help="an earlier end than the item's age gives"
    )
    says.add_argument(
        "--with-open",
        action="store_true",
        help="approve although items are open, which are listed and signed with it",
    )
    where.add_arguments(parser)
    signer.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where all is signed, or nothing had to be; 1 where nothing could be.

    Or where you did not agree.
    """
    if not (arguments.items or arguments.all_mine or arguments.renew):
        what = "say which: ITEM, --all-mine or --renew"
        raise ConfigError("readiness attest", what, "`readiness todo` lists what waits")
    situation = Situation.of(arguments)
    now = dt.datetime.now(dt.UTC)
    signing = situation.signing(now)
    trust = signer.trust_of(signing.signatures)
    signatory = Signatory.of(arguments, trust, now)
    report = fitting(situation)
    candidates = Candidates(situation, signing, trust, signatory.person, now, report)
    task = Attesting(arguments, candidates)
    drafts = [task.draft(chosen) for chosen in task.choose()]
    told = candidates.left_out + [
        f"{item_id} is signed already; --renew signs it anew"
        for item_id in candidates.signed
    ]
    console.show(line for text in told for line in console.wrapped(text))
    if not drafts:
        tell(situation, [], as_json=arguments.json)
        console.show(["Nothing is signed."])
        return 1 if candidates.left_out else 0
    if not signer.agree(signatory, drafts, arguments, about=situation.about):
        return 1
    signed = signer.sign(signatory.signer, drafts)
    paths = signer.append(situation.files, signed)
    kept = [
        Kept(one.draft.group, one.draft.what, one.payload_sha256, path)
        for one, path in zip(signed, paths, strict=True)
    ]
    tell(situation, kept, as_json=arguments.json)
    return 0
