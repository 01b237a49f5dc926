"""What the demo leaves beside its report: all that was signed, and a certificate.

Its target is gone when the run ends; whoever tries the demo looks at these files, and
checks them with `readiness verify` or with openssl.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pytest_readiness.attest import envelope
from pytest_readiness.attest.certificate import (
    CERTIFICATE,
    CERTIFICATE_PAGE,
    REPORT_PAGE,
    STATEMENTS,
    Way,
)
from pytest_readiness.attest.issued import read_issued
from pytest_readiness.demo.signing import PEOPLE, REGISTRAR
from pytest_readiness.errors import StoreError
from pytest_readiness.plugin.certifying import (
    CERTIFIABLE,
    Basis,
    certify,
    roles_needed,
)
from pytest_readiness.plugin.run_statement import write_statement
from pytest_readiness.probes.look import utc_now
from pytest_readiness.reports.certificate_page import page
from pytest_readiness.store.files import write

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.demo.signing import Signed
    from pytest_readiness.plugin.run import Run
    from pytest_readiness.store.document import Report

__all__ = ["SIGNED", "leave"]

SIGNED = "signed"
"""Folder of the demo's trust file, ledger, snapshot and evidence."""


def leave(run: Run, signed: Signed, report: Report, folder: Path) -> None:
    """Copy what was signed, sign the run, and certify it where it is ready.

    Raises:
        StoreError: something cannot be written.
    """
    try:
        shutil.rmtree(folder / SIGNED, ignore_errors=True)
        shutil.copytree(signed.files.trust.parent, folder / SIGNED)
        for name in (CERTIFICATE, CERTIFICATE_PAGE, STATEMENTS):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        what = f"cannot be written: {error.strerror or error}"
        raise StoreError(str(folder / SIGNED), what) from None
    if run.signing.signatures.broken:
        return
    data = report.canonical()
    write_statement(run, data, folder, signed.keys[REGISTRAR], REGISTRAR)
    if report.verdict in CERTIFIABLE:
        _certify(run, signed, report, data, folder)


def _certify(
    run: Run, signed: Signed, report: Report, data: bytes, folder: Path
) -> None:
    trust = run.signing.signatures.trust
    if trust is None:
        return
    basis = Basis(
        context=signed.context,
        lock=run.lock,
        gate=run.gate,
        items={node.item.id: node.item for node in run.nodes},
        suite=run.suite,
        signing=run.signing,
        now=utc_now(),
        commit=run.release.commit,
    )
    sheet = folder / REPORT_PAGE
    shown = sheet.read_bytes() if sheet.is_file() else None
    made = certify(basis, report, data, Way.RAN_HERE, page=shown)
    holders = {role: person for person, (*_, role) in PEOPLE.items()}
    lines = [
        envelope.sign(made.payload, signed.keys[holders[role]])
        for role in roles_needed(trust, run.lock)
    ]
    certificate = b"".join(line + b"\n" for line in lines)
    write(folder, CERTIFICATE, certificate)
    write(folder, STATEMENTS, made.statements)
    issued = read_issued(certificate, trust)
    write(folder, CERTIFICATE_PAGE, page(issued, made.waivers))
