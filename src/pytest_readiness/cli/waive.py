"""``readiness waive``: approve a deviation that has an end.

Every approver signs the same terms: the first writes them, the others sign what stands
in the ledger with ``--approve``.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.cli import console, signer, situation as where
from pytest_readiness.cli.choosing import named
from pytest_readiness.cli.signer import Draft, Signatory
from pytest_readiness.cli.situation import Situation
from pytest_readiness.cli.waiving import Waiving
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("items", nargs="*", metavar="ITEM", help="what is waived")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--approve",
        metavar="PAYLOAD|ITEM",
        help="sign the terms that another approver has signed",
    )
    which.add_argument(
        "--emergency",
        action="store_true",
        help="all that is open in the last report, for 24 hours; to be reviewed",
    )
    terms = parser.add_argument_group("the terms")
    terms.add_argument("--reason", default="", help="what is not met, and why")
    terms.add_argument("--risk", default="", help="what may happen")
    terms.add_argument(
        "--control",
        action="append",
        default=[],
        metavar="TEXT",
        help="what limits the risk meanwhile; repeatable",
    )
    terms.add_argument(
        "--until", metavar="DATE", help="its end (default: as late as may be)"
    )
    terms.add_argument("--ticket", default="", help="where it is followed up")
    terms.add_argument(
        "--requested-by", default="", metavar="PERSON", help="who asks; never you"
    )
    terms.add_argument("--incident", default="", help="number of the emergency")
    terms.add_argument(
        "--covers-unknown", action="store_true", help="also while nobody can look"
    )
    terms.add_argument(
        "--again", action="store_true", help="knowingly, after more than two renewals"
    )
    where.add_arguments(parser)
    signer.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where it is signed, 1 where you did not agree."""
    _check(arguments)
    situation = Situation.of(arguments)
    now = dt.datetime.now(dt.UTC)
    signing = situation.signing(now)
    trust = signer.trust_of(signing.signatures)
    signatory = Signatory.of(arguments, trust, now)
    waiving = Waiving(arguments, situation, signing, trust, signatory, now)
    drafts = _drafts(waiving)
    if not signer.agree(signatory, drafts, arguments, about=situation.about):
        return 1
    signed = signer.sign(signatory.signer, drafts)
    paths = signer.append(situation.files, signed)
    again = situation.signing(dt.datetime.now(dt.UTC))
    results: list[dict[str, object]] = []
    for one, path in zip(signed, paths, strict=True):
        item = situation.items.get(one.draft.group)
        found = again.of(item) if item else None
        holds = found is None or found.waiver is not None
        told = "" if found is None else found.reason
        results.append(
            {
                "item": one.draft.group,
                "said": one.draft.what,
                "payload": one.payload_sha256,
                "file": str(path),
                "holds": holds,
                "reason": "" if holds else told,
            }
        )
    if arguments.json:
        console.print_json(results)
    else:
        console.say(line for result in results for line in _text(result))
    return 0


def _check(arguments: argparse.Namespace) -> None:
    ways = (arguments.items, arguments.approve, arguments.emergency)
    if sum(map(bool, ways)) != 1:
        what = "say one of ITEM, --approve and --emergency"
        raise ConfigError("readiness waive", what, "see --help")
    if bool(arguments.incident) != arguments.emergency:
        what = "belongs to --emergency, which needs its number"
        raise ConfigError("--incident", what, "give both or neither")


def _drafts(waiving: Waiving) -> list[Draft]:
    arguments = waiving.arguments
    if arguments.emergency:
        return [waiving.emergency()]
    if arguments.approve:
        return [waiving.approval(arguments.approve)]
    return [waiving.ordinary(one) for one in named(waiving.situation, arguments.items)]


def _text(result: dict[str, object]) -> list[str]:
    lines = console.wrapped(f"{result['item']}: {result['said']}")
    if not result["holds"]:
        short = str(result["payload"])[:12]
        text = f"It does not hold yet: {result['reason']}."
        lines += console.wrapped(text)
        lines += [f"Another approver signs it: readiness waive --approve {short}"]
    return [*lines, *console.wrapped(f"Commit {result['file']}.")]
