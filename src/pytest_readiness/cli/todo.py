"""``readiness todo``: what waits for whom, what runs out, and where the go-live is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.cli import console, given, situation as where
from pytest_readiness.cli.last_report import LastReport
from pytest_readiness.cli.planning import Ending, Plan, Step, Waiting
from pytest_readiness.cli.situation import Situation
from pytest_readiness.errors import ConfigError, StoreError

if TYPE_CHECKING:
    import argparse

__all__ = ["configure", "run"]

_WAITING = 10
_SEVERAL = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    whose = parser.add_mutually_exclusive_group()
    whose.add_argument("--role", help="only what waits for this role")
    whose.add_argument("--person", help="only what waits for this person's roles")
    parser.add_argument(
        "--within", default="14d", metavar="TIME", help="what runs out so soon (14d)"
    )
    parser.add_argument(
        "--as-of", metavar="DATE", help="as it will be then, if nothing is done"
    )
    where.add_arguments(parser, pins=True)
    parser.add_argument("--json", action="store_true", help="for scripts")


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 where nothing waits (for whom it was asked), else 10."""
    situation = Situation.of(arguments)
    now = dt.datetime.now(dt.UTC)
    if arguments.as_of:
        now = given.moment("--as-of", arguments.as_of)
    within = given.within("--within", arguments.within)
    try:
        report = LastReport.of(situation)
    except StoreError:
        report = None
    plan = Plan(situation, situation.signing(now), report, now)
    roles = _roles(arguments, plan)
    waiting = [one for one in plan.waiting if roles is None or roles & set(one.roles)]
    ending = [one for one in plan.ending(within) if _concerns(one, arguments, plan)]
    if arguments.json:
        console.print_json(_document(plan, waiting, ending))
    else:
        console.say(_text(plan, waiting, ending, arguments, roles))
    return _WAITING if waiting or plan.step is Step.RUN else 0


def _roles(arguments: argparse.Namespace, plan: Plan) -> set[str] | None:
    """Give the roles that were asked for; None for all."""
    if arguments.role:
        return {arguments.role}
    if not arguments.person:
        return None
    trust = plan.signing.signatures.trust
    if trust is None or arguments.person not in trust.by_id:
        what = f"{arguments.person!a} is no signer of the trust file"
        raise ConfigError("--person", what, "`readiness trust check` names them")
    return set(trust.roles_of(arguments.person, plan.now))


def _concerns(ending: Ending, arguments: argparse.Namespace, plan: Plan) -> bool:
    trust = plan.signing.signatures.trust
    if arguments.person:
        return arguments.person in ending.people
    if arguments.role and trust is not None:
        return any(
            arguments.role in trust.roles_of(one, plan.now) for one in ending.people
        )
    return True


def _text(
    plan: Plan,
    waiting: list[Waiting],
    ending: list[Ending],
    arguments: argparse.Namespace,
    roles: set[str] | None,
) -> list[str]:
    lines = [*console.wrapped(plan.situation.about), *_step(plan)]
    groups: dict[str, list[Waiting]] = {}
    for one in waiting:
        for role in one.roles:
            if roles is None or role in roles:
                groups.setdefault(role, []).append(one)
    for role, group in groups.items():
        lines += ["", *_group(plan, role, group)]
    if ending:
        lines += ["", f"Runs out within {arguments.within}:"]
    for end in ending:
        lines += [f"  {end.what}  {end.line}", f"    $ {end.command}"]
    if not waiting and not ending:
        lines += ["", "Nothing waits, and nothing runs out so soon."]
    return lines


def _step(plan: Plan) -> list[str]:
    step = plan.step
    text = f"Step {int(step)} of {len(Step)}: {step.text}"
    if plan.report is None:
        text += " (there is no report yet)"
    elif plan.report.misfit:
        text += f" (the last report {plan.report.misfit})"
    lines = console.wrapped(text)
    return [*lines, f"  $ {plan.next_command}"] if plan.next_command else lines


def _group(plan: Plan, role: str, group: list[Waiting]) -> list[str]:
    trust = plan.signing.signatures.trust
    people = [
        one.id
        for one in (trust.people if trust else ())
        if trust and role in trust.roles_of(one.id, plan.now)
    ]
    lines = [f"{role} ({', '.join(people) or 'nobody yet'}): {len(group)}"]
    signs = [one for one in group if one.command.startswith("readiness attest ")]
    if len(signs) >= _SEVERAL:
        lines.append("  $ readiness attest --all-mine")
    for one in group:
        lines.append(f"  {one.id}  {one.state} {one.code}".rstrip())
        lines += console.wrapped(one.reason, "    ") if one.reason else []
        if one.command:
            lines.append(f"    $ {one.command}")
        elif one.text:
            lines += console.wrapped(f"Fix: {one.text}", "    ")
    return lines


def _document(
    plan: Plan, waiting: list[Waiting], ending: list[Ending]
) -> dict[str, object]:
    return {
        "as_of": plan.now.isoformat(),
        "step": int(plan.step),
        "step_text": plan.step.text,
        "next_command": plan.next_command,
        "report": None if plan.report is None else str(plan.report.path),
        "misfit": None if plan.report is None else plan.report.misfit,
        "signed_since": plan.since,
        "waiting": [
            {
                "item": one.id,
                "state": str(one.state),
                "code": one.code,
                "reason": one.reason,
                "roles": list(one.roles),
                "command": one.command,
                "fix": one.text,
            }
            for one in waiting
        ],
        "ending": [
            {
                "what": one.what,
                "until": one.until.isoformat(),
                "people": list(one.people),
                "command": one.command,
            }
            for one in ending
        ],
    }
