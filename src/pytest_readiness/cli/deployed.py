"""``readiness deployed``: signs when a release was deployed, and where.

The rows about the deployment and the time after it are judged against this record.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.attest.predicates import Deployment
from pytest_readiness.attest.run_statement import release_ref
from pytest_readiness.attest.statement import Statement, target_subject
from pytest_readiness.attest.trust_tables import RUNNER
from pytest_readiness.catalogue.item import ROLES, Scope
from pytest_readiness.cli import console, signer, situation
from pytest_readiness.errors import AttestationError, ConfigError
from pytest_readiness.probes.look import utc_now

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.line import Line
    from pytest_readiness.cli.situation import Situation

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--begin", action="store_true", help="the deployment begins")
    which.add_argument("--end", action="store_true", help="it has ended")
    parser.add_argument(
        "--hosts", nargs="+", default=[], metavar="HOST", help="where it is deployed"
    )
    parser.add_argument(
        "--at", metavar="TIME", help="when (RFC 3339, default: now), with its offset"
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    situation.add_arguments(parser, pins=True)
    signer.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Sign and keep the record; exit 0, 1 where nobody agreed, 4 on a mistake."""
    here, now = situation.Situation.of(arguments), utc_now()
    signing = here.signing(now)
    trust = signer.trust_of(signing.signatures)
    who = signer.Signatory.of(arguments, trust, now)
    if not {RUNNER, *ROLES} & set(who.roles(trust, now)):
        what = f"{who.person.id} has no role that deploys"
        raise AttestationError("your key", what, "sign with a runner's or a person's")
    moment = _moment(arguments.at, now)
    lines = signing.signatures.deployments
    began = moment if arguments.begin else _begun(lines, moment)
    release = here.release
    predicate = Deployment(
        attester=who.person.id,
        began=began,
        ended=moment if arguments.end else None,
        hosts=tuple(arguments.hosts or _hosts(lines, arguments)),
        issued_at=now,
        release=release_ref(release.version, release.source, release.commit),
        target={"system": here.context.system, "environment": here.target.name},
    )
    draft = _draft(here, predicate)
    about = f"{here.context.system} {release.version} in {here.target.name}"
    if not signer.agree(who, [draft], arguments, about=about):
        return 1
    (path,) = signer.append(here.files, signer.sign(who.signer, [draft]))
    if arguments.json:
        console.print_json({"file": str(path), **predicate.write()})
    else:
        console.say([f"{path}: {draft.what}"])
    return 0


def _draft(here: Situation, predicate: Deployment) -> signer.Draft:
    known = {
        "system": here.context.system,
        "environment": here.context.environment,
        "source": here.context.source,
        "version": here.context.version,
    }
    payload = Statement(target_subject(Scope.RELEASE, known), predicate).payload()
    what = f"deployment began {predicate.began:%Y-%m-%d %H:%M:%S}Z"
    if predicate.ended is not None:
        what += f", ended {predicate.ended:%Y-%m-%d %H:%M:%S}Z"
    hosts = ", ".join(predicate.hosts) or "no host is named"
    return signer.Draft("deployment", what, payload, (hosts,))


def _moment(text: str | None, now: dt.datetime) -> dt.datetime:
    """Read the time; one that lies ahead was no deployment."""
    if text is None:
        return now.replace(microsecond=0)
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        what = f"{text!a} is no time with an offset"
        raise ConfigError("--at", what, "write it as 2026-10-10T09:00:00Z")
    if moment > now:
        what = f"{text} has not come yet"
        raise ConfigError("--at", what, "give the time at which it happened")
    return moment.astimezone(dt.UTC)


def _begun(lines: list[Line[Deployment]], ended: dt.datetime) -> dt.datetime:
    """Give when the deployment began that ends now: the newest that has no end yet."""
    open_ = [line.predicate.began for line in lines if line.predicate.ended is None]
    closed = {line.predicate.began for line in lines if line.predicate.ended}
    waiting = [began for began in open_ if began not in closed and began <= ended]
    if not waiting:
        what = "no deployment of this release has begun here"
        raise ConfigError("--end", what, "sign its beginning: `deployed --begin --at`")
    return max(waiting)


def _hosts(lines: list[Line[Deployment]], arguments: argparse.Namespace) -> list[str]:
    """Take the hosts of the beginning over, where the end names none."""
    if not arguments.end or not lines:
        return []
    return list(lines[-1].predicate.hosts)
