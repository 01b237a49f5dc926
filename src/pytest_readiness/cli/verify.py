"""``readiness verify``: is this the certificate of what is about to be deployed?

For the deploy job. It says itself which system, environment and release it deploys;
nothing of that is taken from the certificate or from files of the repository.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest.certificate import REPORT, REPORT_PAGE, Outcome
from pytest_readiness.attest.certificate_check import check_issued
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.context import Context, LockSeen
from pytest_readiness.attest.issued import read_issued
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.signatures import LedgerFiles, read_signatures
from pytest_readiness.catalogue import lock as locks
from pytest_readiness.cli import console, refusals, situation
from pytest_readiness.cli.certificate_files import digests_beside, read_certificate
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.certifying import expected_of
from pytest_readiness.plugin.entry import LOCK_NAME
from pytest_readiness.plugin.settings import Settings
from pytest_readiness.plugin.signing import ledger_files, pins_of
from pytest_readiness.plugin.suite import default_suite
from pytest_readiness.plugin.vouching import hold, previous
from pytest_readiness.probes.look import utc_now
from pytest_readiness.target.finding import find
from pytest_readiness.target.loading import load
from pytest_readiness.target.release import read_release
from pytest_readiness.target.secret import Redactor
from pytest_readiness.verdict.decision import Exit
from pytest_readiness.verdict.gate import find_gate

if TYPE_CHECKING:
    import argparse

    from pytest_readiness.attest.issued import Issued
    from pytest_readiness.attest.signatures import Signatures
    from pytest_readiness.catalogue.lock import Lock
    from pytest_readiness.target.configuration import Configuration

__all__ = ["configure", "run"]

_DIGEST = "sha256:"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("certificate", type=Path, metavar="CERTIFICATE")
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="report.json, if not beside it"
    )
    parser.add_argument(
        "--page", type=Path, metavar="FILE", help="report.html, if not beside it"
    )
    parser.add_argument("--gate", metavar="NAME", help="default: go-live")
    parser.add_argument(
        "--strict", action="store_true", default=None, help="nothing may be waived"
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    situation.add_arguments(parser, pins=True)


def run(arguments: argparse.Namespace) -> int:
    """Exit 0 it holds, 1 waived though strict, 10 expired or unsigned, 13 refused."""
    where = str(arguments.certificate)
    try:
        settings = Settings.of_command(arguments, os.environ)
        issued, found = _verified(arguments, settings)
    except Refused as refused:
        return refusals.tell(refused, json=arguments.json, certificate=where)
    waived = issued.certificate.result is Outcome.WARNED
    code = Exit.FAILED if waived and settings.strict else Exit.READY
    console.show(f"readiness: warning: {text}" for text in found.warnings)
    if arguments.json:
        console.print_json(_document(issued, found, where, ok=code is Exit.READY))
        return int(code)
    console.say(_lines(issued))
    if code is not Exit.READY:
        console.show(["readiness: items are waived, which --strict does not allow"])
    return int(code)


def _verified(
    arguments: argparse.Namespace, settings: Settings
) -> tuple[Issued, Signatures]:
    """Do all the checks, in their order.

    Raises:
        Refused: the first that fails.
    """
    here = Path.cwd()
    path = find(settings.config, here)
    configuration = load(path, Redactor(), os.environ) if path else None
    suite: Path = arguments.suite or default_suite(path, here)
    lock = locks.read(suite / LOCK_NAME)
    context = _context(settings, configuration, lock)
    files = _files(settings, configuration, here)
    ledgers = filter(None, (files.attestations, files.folder))
    last = previous(settings)
    found = read_signatures(
        files,
        context=context,
        now=utc_now(),
        pins=pins_of(settings, last),
        with_ledger=any(ledger.exists() for ledger in ledgers),
    )
    if not found.failures:
        hold(found, settings, suite, context.system, last)
    if found.failures:
        failure = found.failures[0]
        raise Refused(failure.code, failure.reason, failure.where)
    if found.trust is None:
        code = Code.NO_TRUST_FILE
        raise Refused(code, code.meaning, str(files.trust))
    certificate: Path = arguments.certificate
    data = read_certificate(certificate)
    issued = read_issued(data, found.trust, str(certificate))
    given = {REPORT: arguments.report, REPORT_PAGE: arguments.page}
    digests = digests_beside(certificate, given)
    gate = find_gate(settings.gate, configuration.gates if configuration else {})
    check_issued(issued, expected_of(context, lock, gate, found.trust, digests), found)
    return issued, found


def _context(
    settings: Settings, configuration: Configuration | None, lock: Lock
) -> Context:
    """Say what is about to be deployed, as the caller knows."""
    missing = [
        flag
        for flag, given in (
            ("--system", settings.system),
            ("--target", settings.target if settings.target_from_outside else None),
            ("--release", settings.release),
        )
        if not given
    ]
    if missing:
        reason = f"{', '.join(missing)}: what is deployed here is not said"
        raise Refused(Code.CONTEXT_MISSING, reason)
    source, version = _release(settings.release or "", configuration)
    return Context(
        system=settings.system or "",
        environment=settings.target or "",
        version=version,
        source=source,
        # Nobody approves a change here.
        authors=settings.authors or frozenset(),
        lock=LockSeen(lock.digest, len(lock.items)),
        from_outside=True,
    )


def _release(named: str, configuration: Configuration | None) -> tuple[str, str]:
    """Give the source and the version of what the caller names.

    A digest says all. A version or a commit is that of the checkout, whose source is
    computed; without a checkout a version is all that there is.
    """
    if named.startswith(_DIGEST):
        return named, named.removeprefix(_DIGEST)[:12]
    if configuration is None:
        return "", named
    release = read_release(configuration)
    if named not in {release.version, release.commit}:
        what = f"expects {named}, but {release.version} is checked out"
        raise ConfigError("--release", what, "deploy what was meant, or correct it")
    return release.source or "", release.version


def _files(
    settings: Settings, configuration: Configuration | None, here: Path
) -> LedgerFiles:
    if configuration is None:
        return LedgerFiles.below(
            here, trust=settings.trust, attestations=settings.attestations
        )
    return ledger_files(configuration, settings)


def _lines(issued: Issued) -> list[str]:
    certificate, judged = issued.certificate, issued.certificate.judged
    until = f"certified until {day(judged.valid_until)}"
    lines = [
        f"{judged.system} {judged.release} in {judged.environment}: {until}",
        f"gate {judged.gate}, {judged.way}",
        f"{judged.seen} seen, {judged.signed} signed, of {judged.items} items",
    ]
    if certificate.warned_tests:
        lines.append(f"waived: {', '.join(certificate.warned_tests)}")
    for name, said in _notes(issued).items():
        lines.append(f"{name.upper()}: {said}")
    lines += [
        f"certified by {one.person.name}, {one.person.title or 'no title'}, "
        f"{one.key.key.fingerprint}"
        for one in issued.certifiers
    ]
    return lines


def _notes(issued: Issued) -> dict[str, str | int]:
    judged = issued.certificate.judged
    notes: dict[str, str | int] = {}
    if judged.emergency:
        notes["emergency"] = f"incident {judged.emergency}"
    if judged.unpinned:
        notes["unpinned"] = "nobody outside the repository vouched for the trust file"
    if judged.approvers is not None:
        notes["approvers"] = judged.approvers
    if judged.source is None:
        notes["unbound"] = "the release is a version only"
    return notes


def _document(
    issued: Issued, found: Signatures, where: str, *, ok: bool
) -> dict[str, object]:
    certificate, judged = issued.certificate, issued.certificate.judged
    return {
        "ok": ok,
        "certificate": where,
        "payload_sha256": issued.digest,
        "result": str(certificate.result),
        "system": judged.system,
        "environment": judged.environment,
        "release": judged.release,
        "source": judged.source,
        "gate": judged.gate,
        "way": str(judged.way),
        "issued_at": judged.issued_at.isoformat(),
        "valid_until": judged.valid_until.isoformat(),
        "seen": judged.seen,
        "signed": judged.signed,
        "items": judged.items,
        "waived": list(certificate.warned_tests),
        "certified_by": [
            {"person": one.person.id, "fingerprint": one.key.key.fingerprint}
            for one in issued.certifiers
        ],
        "warnings": list(found.warnings),
        **_notes(issued),
    }
