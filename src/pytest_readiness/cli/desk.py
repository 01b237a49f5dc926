"""Where certificates are signed: who sits there, what lies on it, what is said.

Everything is read, and refused that would be refused, before anything runs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.moments import day
from pytest_readiness.cli import console, signer, situation
from pytest_readiness.cli.certificate_files import Places, digests_beside
from pytest_readiness.cli.ci import job_url
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.certifying import Basis, expected_of, roles_needed
from pytest_readiness.plugin.suite import bundled_suite
from pytest_readiness.probes.look import utc_now
from pytest_readiness.verdict.decision import Exit
from pytest_readiness.verdict.gate import find_gate

if TYPE_CHECKING:
    import argparse
    import datetime as dt
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_readiness.attest.certificate import Certificate
    from pytest_readiness.attest.certificate_check import Expected
    from pytest_readiness.attest.issued import Issued
    from pytest_readiness.attest.result import WaiverInfo
    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.cli.situation import Situation
    from pytest_readiness.plugin.signing import Signing
    from pytest_readiness.verdict.gate import Gate

__all__ = ["Desk", "refuse_dirty", "say_not", "signed_by", "told"]


@dataclass
class Desk:
    """Who certifies what, by what."""

    arguments: argparse.Namespace
    here: Situation
    gate: Gate
    signing: Signing
    trust: Trust
    who: signer.Signatory
    now: dt.datetime

    @classmethod
    def open(cls, arguments: argparse.Namespace) -> Desk:
        """Read everything, and refuse before anything runs what would be refused."""
        here, now = situation.Situation.of(arguments), utc_now().replace(microsecond=0)
        refuse_dirty(here.release.dirty_paths)
        gate = find_gate(here.settings.gate, here.configuration.gates)
        signing = here.signing(now)
        trust = _believed(signing, allow_unpinned=arguments.allow_unpinned)
        bundled = here.suite.resolve() == bundled_suite().resolve()
        if bundled and trust.checklist is None:
            reason = "the suite came with the package, and the trust file pins none"
            raise Refused(Code.CHECKLIST_MISMATCH, reason, str(here.suite))
        who = signer.Signatory.of(arguments, trust, now)
        needed = roles_needed(trust, here.lock)
        if not who.person.human or set(needed).isdisjoint(who.roles(trust, now)):
            reason = f"{who.person.id} is no person with the role {' or '.join(needed)}"
            raise Refused(Code.ROLE_NOT_ALLOWED, reason, "your key")
        return cls(arguments, here, gate, signing, trust, who, now)

    @property
    def basis(self) -> Basis:
        """What the certificate rests on."""
        here = self.here
        return Basis(
            context=here.context,
            lock=here.lock,
            gate=self.gate,
            items=here.items,
            suite=here.suite,
            signing=self.signing,
            now=self.now,
            commit=here.release.commit,
            url=self.arguments.url or job_url(os.environ),
        )

    def again(self) -> None:
        """Read the ledger once more, after the gate has run."""
        self.now = utc_now().replace(microsecond=0)
        self.signing = self.here.signing(self.now)
        unpinned = self.arguments.allow_unpinned
        self.trust = _believed(self.signing, allow_unpinned=unpinned)

    def places(self, folder: Path) -> Places:
        """Say where its certificates go."""
        return Places(folder, self.here.files.trust.parent / "certificates")

    def expected(self, certificate: Path) -> Expected:
        """Say what a certificate must be, files beside it included."""
        digests = digests_beside(certificate)
        here = self.here
        return expected_of(here.context, here.lock, self.gate, self.trust, digests)


def refuse_dirty(paths: Sequence[str]) -> None:
    """Refuse to certify what nobody has committed.

    Raises:
        ConfigError: something within the release is not committed.
    """
    if paths:
        shown = ", ".join(paths[:3])
        what = f"{len(paths)} uncommitted changes within the release: {shown}"
        raise ConfigError("certify", what, "commit or remove them")


def _believed(signing: Signing, *, allow_unpinned: bool) -> Trust:
    """Give the trust file, where nothing speaks against it."""
    found = signing.signatures
    if found.failures:
        failure = found.failures[0]
        raise Refused(failure.code, failure.reason, failure.where)
    if found.trust is None:
        raise Refused(Code.NO_TRUST_FILE, Code.NO_TRUST_FILE.meaning)
    if not found.pins.pinned and not allow_unpinned:
        raise Refused(Code.TRUST_UNPINNED, Code.TRUST_UNPINNED.meaning)
    if found.now >= found.trust.expires:
        raise Refused(Code.TRUST_EXPIRED, f"ended {day(found.trust.expires)}")
    return found.trust


def say_not(desk: Desk, why: str) -> None:
    """Tell that nothing is certified, since the verdict is no ready one."""
    if desk.arguments.json:
        console.print_json({"ok": False, "code": "NOT_READY", "reason": why})
    console.show([f"readiness: not certified: {why}"])


def signed_by(
    desk: Desk,
    payload: bytes,
    certificate: Certificate,
    waivers: Sequence[WaiverInfo],
) -> bytes | None:
    """Show what is certified, ask once, and sign; None where the answer is no."""
    judged = certificate.judged
    counts = f"{judged.seen} seen, {judged.signed} signed, of {judged.items} items"
    lines = [
        f"{counts} of the gate {judged.gate}; {judged.way}",
        f"ends with {judged.ends_with}",
        *(f"waived until {day(one.until)}: {one.item}" for one in waivers),
    ]
    if judged.unpinned:
        lines.append("UNPINNED: nobody outside the repository vouches for trust")
    if judged.emergency:
        lines.append(f"EMERGENCY, incident {judged.emergency}")
    what = f"{certificate.result} until {day(judged.valid_until)}"
    draft = signer.Draft("certificate", what, payload, tuple(lines))
    about = f"{judged.system} {judged.release} in {judged.environment}"
    if not signer.agree(desk.who, [draft], desk.arguments, about=about):
        return None
    (signed,) = signer.sign(desk.who.signer, [draft])
    return signed.line


def told(
    desk: Desk, issued: Issued, missing: Sequence[str], files: Sequence[Path]
) -> int:
    """Tell what was signed, and who must still sign; give the exit code."""
    judged = issued.certificate.judged
    if desk.arguments.json:
        console.print_json(
            {
                "ok": not missing,
                "result": str(issued.certificate.result),
                "valid_until": judged.valid_until.isoformat(),
                "ends_with": judged.ends_with,
                "way": str(judged.way),
                "payload_sha256": issued.digest,
                "missing_roles": list(missing),
                "files": list(map(str, files)),
            }
        )
    else:
        console.say([f"certified until {day(judged.valid_until)}", *map(str, files)])
    if not missing:
        return int(Exit.READY)
    roles = " and ".join(missing)
    command = f"readiness certify --sign-on {files[0]}"
    console.show([f"readiness: not valid yet: {roles} must sign it: `{command}`"])
    return int(Exit.PENDING)
