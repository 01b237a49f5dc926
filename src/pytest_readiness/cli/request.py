"""``readiness request``: ask somebody to sign who has neither a clone nor git."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest import request
from pytest_readiness.attest.drafting import anchor_of
from pytest_readiness.attest.request import AskedItem, AskedPerson, Request
from pytest_readiness.attest.terms import Demand
from pytest_readiness.catalogue.canonical import fold
from pytest_readiness.catalogue.files import write_atomically
from pytest_readiness.cli import console, given, signer, situation as where
from pytest_readiness.cli.attesting import fitting, lacking
from pytest_readiness.cli.choosing import named
from pytest_readiness.cli.planning import Plan
from pytest_readiness.cli.situation import Situation
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.cli.last_report import LastReport

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "items",
        nargs="*",
        metavar="ITEM",
        help="ids or patterns (default: all that wait for the role or person)",
    )
    whose = parser.add_mutually_exclusive_group(required=True)
    whose.add_argument("--role", help="whoever has this role")
    whose.add_argument("--person", help="this person, by all roles")
    parser.add_argument(
        "-o", "--to", type=Path, required=True, metavar="FILE", help="the request"
    )
    given.add_evidence(parser)
    parser.add_argument(
        "--with-open", action="store_true", help="ask for approvals with items open"
    )
    where.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where a request is written, 1 where there is nothing to ask."""
    situation = Situation.of(arguments)
    now = dt.datetime.now(dt.UTC)
    signing = situation.signing(now)
    trust = signer.trust_of(signing.signatures)
    roles, people = _whose(arguments, trust, now)
    report = fitting(situation)
    plan = Plan(situation, signing, report, now)
    left_out: list[str] = []
    asked = list(_asked(arguments, plan, trust, roles, left_out))
    console.show(line for text in left_out for line in console.wrapped(text))
    if not asked:
        console.show(["Nothing is asked: nothing waits that could be signed."])
        return 1
    index = signing.signatures.index
    document = Request(
        format=request.REQUEST_FORMAT,
        made=now,
        system=situation.configuration.system,
        environment=situation.target.name,
        release=situation.about,
        people=tuple(people),
        items=tuple(asked),
        summary=None if report is None else _summary(report),
        anchor=anchor_of(index) if index else None,
    )
    path: Path = arguments.to
    try:
        write_atomically(path, request.write(document))
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror})") from None
    if arguments.json:
        result = {
            "file": str(path),
            "items": [item.id for item in asked],
            "people": [one.id for one in people],
        }
        console.print_json(result)
        return 0
    names = ", ".join(one.id for one in people)
    what = f"{path} asks {names} to sign {len(asked)} items. Send it; whoever gets it"
    texts = [
        f"{what} needs neither git nor this repository:",
        f"uvx --from pytest-readiness readiness sign {path.name}",
        "The answer that comes back is taken in with `readiness import ANSWER`.",
    ]
    console.say(line for text in texts for line in console.wrapped(text))
    return 0


def _whose(
    arguments: argparse.Namespace, trust: Trust, now: dt.datetime
) -> tuple[set[str], list[AskedPerson]]:
    """Give the roles that are asked, and the persons who have one."""
    if arguments.person:
        if arguments.person not in trust.by_id:
            what = f"{arguments.person!a} is no signer of the trust file"
            raise ConfigError("--person", what, "`readiness trust check` names them")
        roles = set(trust.roles_of(arguments.person, now))
        ids = [arguments.person]
    else:
        roles = {arguments.role}
        ids = [
            one.id
            for one in trust.people
            if arguments.role in trust.roles_of(one.id, now)
        ]
        if not ids:
            what = f"nobody in the trust file is {arguments.role}"
            remedy = f"`readiness trust add PERSON --role {arguments.role}`"
            raise ConfigError("--role", what, remedy)
    return roles, [
        AskedPerson(
            id=one,
            name=trust.by_id[one].name,
            keys=tuple(
                key.key.fingerprint
                for key in trust.by_id[one].keys
                if not key.compromised and key.valid_at(now)
            ),
        )
        for one in ids
    ]


def _asked(
    arguments: argparse.Namespace,
    plan: Plan,
    trust: Trust,
    roles: set[str],
    left_out: list[str],
) -> Iterator[AskedItem]:
    situation = plan.situation
    evidence = given.evidence(
        situation.root, Path.cwd(), arguments.evidence, arguments.evidence_uri
    )
    for item in _items(arguments, plan, roles):
        report = plan.report if plan.fits else None
        demand = Demand.on(plan.signing.terms(item), trust)
        hindrance = lacking(
            item,
            situation,
            report,
            has_evidence=bool(evidence),
            with_open=arguments.with_open,
        )
        if item.signature is None:
            hindrance = "a probe decides it, and nobody signs it"
        elif not roles & set(demand.roles):
            hindrance = f"it needs {' and '.join(demand.roles)}"
        if hindrance:
            left_out.append(f"{item.id} is left out: {hindrance}")
            continue
        terms = plan.signing.terms(item)
        reported = report.items.get(item.id) if report else None
        yield AskedItem(
            id=item.id,
            section=item.section,
            stage=str(item.stage),
            claim=fold(item.claim),
            digest=terms.digest,
            target=situation.context.target(demand.scopes),
            max_age=int(demand.max_age.total_seconds()),
            roles=demand.roles,
            why=fold(item.why) or None,
            state=None if reported is None else str(reported.state),
            evidence=evidence or None,
            saw=report.saw() if terms.approval and report else None,
        )


def _items(arguments: argparse.Namespace, plan: Plan, roles: set[str]) -> list[Item]:
    if arguments.items:
        return named(plan.situation, arguments.items)
    return [
        plan.situation.items[one.id]
        for one in plan.waiting
        if roles & set(one.roles) and one.command.startswith("readiness attest ")
    ]


def _summary(report: LastReport) -> str:
    told = report.report
    return f"{told.verdict}, {len(report.open)} items open, {told.run.ended:%Y-%m-%d}"
