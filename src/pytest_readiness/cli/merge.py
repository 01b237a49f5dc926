"""``readiness merge``: one report of signed runs from several vantage points.

Each folder has a report.json and the run statement that vouches for it, both verified
as ``certify --from-report`` does. Nobody signs for the merged report itself, so that
nobody certifies from it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest import run_statement
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.package import installed_package
from pytest_readiness.attest.run_statement import RunExpected
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.cli import console, given, refusals, situation, stored
from pytest_readiness.errors import ConfigError, StoreError
from pytest_readiness.plugin.run_statement import RUN_STATEMENT, suite_tree
from pytest_readiness.probes.look import utc_now
from pytest_readiness.reports.formats import write_formats
from pytest_readiness.reports.json import write_json
from pytest_readiness.reports.terminal import summary
from pytest_readiness.store.document import Report, Vantage
from pytest_readiness.store.files import parse_report
from pytest_readiness.store.merging import Rules, merge, misfit

if TYPE_CHECKING:
    import argparse
    import datetime as dt

    from pytest_readiness.attest.trust import Trust

__all__ = ["configure", "run"]

_FEWEST = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="[NAME=]FOLDER",
        help="a run's folder, and what its vantage point is called (default: its host)",
    )
    parser.add_argument(
        "--within", default="24h", metavar="TIME", help="the oldest that counts (24h)"
    )
    parser.add_argument(
        "--strict", action="store_true", default=None, help="nothing may be waived"
    )
    parser.add_argument("--json", action="store_true", help="print report.json")
    situation.add_arguments(parser, pins=True)


def run(arguments: argparse.Namespace) -> int:
    """Exit as a run with the merged states would; 13 where one is not vouched for."""
    if len(arguments.runs) < _FEWEST:
        raise ConfigError("merge", "one run is no several", "name two folders or more")
    here, now = situation.Situation.of(arguments), utc_now()
    within = given.within("--within", arguments.within)
    try:
        trust = _trust(here, now)
        found = dict(_read(here, trust, now, one) for one in arguments.runs)
        _check(found, now - within, trust)
    except Refused as refused:
        return refusals.tell(refused, json=arguments.json)
    rules = Rules(max_waivers=trust.waiver.max_waivers, strict=here.settings.strict)
    report = merge(found, rules)
    path = write_json(report, here.report)
    console.show(f"readiness: {line}" for line in write_formats(report, here.report))
    if arguments.json:
        console.say([report.canonical().decode().rstrip("\n")])
    else:
        console.say([summary(report, where=str(path))])
    return report.exit_code


def _trust(here: situation.Situation, now: dt.datetime) -> Trust:
    found = here.signing(now).signatures
    if found.failures:
        failure = found.failures[0]
        raise Refused(failure.code, failure.reason, failure.where)
    if found.trust is None:
        raise Refused(Code.NO_TRUST_FILE, Code.NO_TRUST_FILE.meaning)
    if now >= found.trust.expires:
        raise Refused(Code.TRUST_EXPIRED, Code.TRUST_EXPIRED.meaning)
    return found.trust


def _read(
    here: situation.Situation, trust: Trust, now: dt.datetime, word: str
) -> tuple[Vantage, Report]:
    """Read one run, and believe it only by its runner's signature.

    Raises:
        Refused: RUN_UNSIGNED, and why.
        StoreError: a file cannot be read.
    """
    name, equals, rest = word.partition("=")
    path = stored.named(Path(rest if equals else word))
    data = stored.bytes_of(path)
    statement = path.with_name(RUN_STATEMENT)
    if not statement.is_file():
        reason = "there is no run statement beside the report"
        raise Refused(Code.RUN_UNSIGNED, reason, str(statement))
    context = here.context
    expected = RunExpected(
        report=digest(data),
        target=context.target_digest,
        suite_tree=suite_tree(here.suite),
        plugin=here.settings.plugin_sha256 or installed_package().digest,
        source=context.source,
        version=context.version,
    )
    line = stored.bytes_of(statement)
    vouched = run_statement.check_run(line, trust, expected, now, str(statement))
    report = parse_report(data, str(path))
    vantage = Vantage(
        name=name if equals else report.run.host,
        host=report.run.host,
        runner=vouched.attester,
        ended=report.run.ended,
        report=digest(data),
    )
    return vantage, report


def _check(found: dict[Vantage, Report], oldest: dt.datetime, trust: Trust) -> None:
    """Refuse what cannot be one report.

    Raises:
        ConfigError: two have one name.
        StoreError: they do not fit, or one says nothing of now.
    """
    vantages = list(found)
    names = [one.name for one in vantages]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None or len({one.report for one in vantages}) < _FEWEST:
        what = f"{twice or names[0]} is named twice"
        raise ConfigError("merge", what, "give each its own, NAME=FOLDER")
    why = misfit(list(found.values()))
    if why:
        raise StoreError(", ".join(names), f"cannot be one: {why}", "run them anew")
    for one in vantages:
        if found[one].trust.digest != trust.digest:
            raise StoreError(one.name, "knew another trust file", "run it anew")
        if one.ended < oldest:
            what = f"ended {one.ended:%Y-%m-%d %H:%M} UTC, which is too long ago"
            raise StoreError(one.name, what, "run it anew")
