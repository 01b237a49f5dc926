"""``readiness certify``: judges once more, and has a person sign that it may go live.

No state is taken from a file that cannot be verified: the gate runs here, in a clean
process, or a runner's key vouches for the report.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest import run_statement
from pytest_readiness.attest.certificate import REPORT_PAGE, Way
from pytest_readiness.attest.certificate_check import check_issued, missing_roles
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.issued import read_issued
from pytest_readiness.attest.package import installed_package
from pytest_readiness.attest.run_statement import RunExpected
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.cli import refusals, signer, situation
from pytest_readiness.cli.certificate_files import (
    CERTIFICATE,
    CERTIFICATE_PAGE,
    read_certificate,
)
from pytest_readiness.cli.desk import Desk, refuse_dirty, say_not, signed_by, told
from pytest_readiness.cli.gate_run import run_gate
from pytest_readiness.cli.stored import bytes_of
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.certifying import (
    CERTIFIABLE,
    Certified,
    certify,
    roles_needed,
)
from pytest_readiness.plugin.run_statement import RUN_STATEMENT, suite_tree
from pytest_readiness.reports.certificate_page import page
from pytest_readiness.store.files import REPORT, parse_report, write
from pytest_readiness.verdict.decision import Exit, Verdict

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.issued import Issued
    from pytest_readiness.attest.result import WaiverInfo
    from pytest_readiness.store.document import Report

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--from-report",
        nargs="?",
        const="",
        metavar="FILE",
        help="take a report that a runner's key vouches for, instead of running",
    )
    how.add_argument(
        "--sign-on", type=Path, metavar="FILE", help="sign a certificate as well"
    )
    parser.add_argument("--gate", metavar="NAME", help="default: go-live")
    parser.add_argument("--deadline", metavar="TIME", help="the run's limit")
    parser.add_argument(
        "--strict", action="store_true", default=None, help="nothing may be waived"
    )
    parser.add_argument(
        "--allow-unpinned",
        action="store_true",
        help="certify though no root is pinned, which the certificate says",
    )
    parser.add_argument("--url", help="the job (default: what the CI system says)")
    parser.add_argument("--json", action="store_true", help="for scripts")
    situation.add_arguments(parser, pins=True)
    signer.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 certified, 10 another signature is needed, 13 refused, else the run's."""
    try:
        desk = Desk.open(arguments)
        if arguments.sign_on is not None:
            return _sign_on(desk, arguments.sign_on)
        if arguments.from_report is not None:
            return _from_report(desk)
        return _run_here(desk)
    except Refused as refused:
        return refusals.tell(refused, json=arguments.json)


def _run_here(desk: Desk) -> int:
    done = run_gate(desk.arguments, desk.here.suite)
    data = done.files.get(REPORT)
    if data is None:
        say_not(desk, "nothing was judged")
        return done.code or int(Exit.INCOMPLETE)
    done.keep(desk.here.report)
    report = parse_report(data)
    if not _may_be(desk, report):
        return done.code or report.exit_code or int(Exit.FAILED)
    sheet = done.files.get(REPORT_PAGE)
    desk.again()
    made = certify(desk.basis, report, data, Way.RAN_HERE, page=sheet)
    return _issue(desk, made, desk.here.report)


def _from_report(desk: Desk) -> int:
    named: str = desk.arguments.from_report
    path = Path(named) if named else desk.here.report / REPORT
    data = bytes_of(path)
    statement = path.with_name(RUN_STATEMENT)
    if not statement.is_file():
        reason = "there is no run statement beside the report"
        raise Refused(Code.RUN_UNSIGNED, reason, str(statement))
    package = installed_package().digest
    context = desk.here.context
    expected = RunExpected(
        report=digest(data),
        target=context.target_digest,
        suite_tree=suite_tree(desk.here.suite),
        plugin=desk.here.settings.plugin_sha256 or package,
        source=context.source,
        version=context.version,
    )
    line = bytes_of(statement)
    run_statement.check_run(line, desk.trust, expected, desk.now, str(statement))
    report = parse_report(data, str(path))
    if not _may_be(desk, report):
        return report.exit_code or int(Exit.FAILED)
    sheet = path.with_name(REPORT_PAGE)
    page_bytes = bytes_of(sheet) if sheet.is_file() else None
    made = certify(desk.basis, report, data, Way.FROM_REPORT, page=page_bytes)
    return _issue(desk, made, path.parent)


def _may_be(desk: Desk, report: Report) -> bool:
    """Whether the verdict is one that is certified."""
    refuse_dirty(report.release.dirty_paths)
    strict = desk.here.settings.strict
    if report.verdict in CERTIFIABLE and not (
        strict and report.verdict is Verdict.READY_WITH_WAIVERS
    ):
        return True
    say_not(desk, f"the verdict is {report.verdict}")
    return False


def _issue(desk: Desk, made: Certified, folder: Path) -> int:
    """Ask, sign, write."""
    line = signed_by(desk, made.payload, made.certificate, made.waivers)
    if line is None:
        return int(Exit.FAILED)
    issued = read_issued(line, desk.trust)
    missing = missing_roles(issued, roles_needed(desk.trust, desk.here.lock), desk.now)
    places = desk.places(folder)
    sheet = page(issued, made.waivers, missing)
    places.keep(issued, line, made.statements, sheet)
    files = [folder / CERTIFICATE, places.kept_path(issued), folder / CERTIFICATE_PAGE]
    return told(desk, issued, missing, files)


def _sign_on(desk: Desk, path: Path) -> int:
    """Add a second signature to a certificate that holds but for it."""
    issued = read_issued(read_certificate(path), desk.trust, str(path))
    expected = desk.expected(path)
    check_issued(issued, expected, desk.signing.signatures, partial=True)
    if any(one.person.id == desk.who.person.id for one in issued.certifiers):
        what = f"{desk.who.person.id} has signed it already"
        raise ConfigError(str(path), what, "another person must sign")
    waivers = _waivers(desk, issued)
    line = signed_by(desk, issued.payload, issued.certificate, waivers)
    if line is None:
        return int(Exit.FAILED)
    places = desk.places(desk.here.report)
    files = places.add(issued, path, line)
    issued = read_issued(read_certificate(path), desk.trust, str(path))
    missing = missing_roles(issued, expected.roles, desk.now)
    for folder in {file.parent for file in files if file.name == CERTIFICATE}:
        write(folder, CERTIFICATE_PAGE, page(issued, waivers, missing))
        files.append(folder / CERTIFICATE_PAGE)
    return told(desk, issued, missing, files)


def _waivers(desk: Desk, issued: Issued) -> tuple[WaiverInfo, ...]:
    """Find the waivers that a certificate rests on; they must still hold."""
    found: list[WaiverInfo] = []
    for item_id in issued.certificate.warned_tests:
        signed = desk.signing.of(desk.here.items[item_id], {})
        if signed is None or signed.waiver is None:
            raise Refused(Code.EXPIRED, f"{item_id}: its waiver no longer holds")
        found.append(signed.waiver)
    return tuple(found)
