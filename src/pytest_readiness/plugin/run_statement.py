"""The run statement: a runner's key says which report this very run made.

Whoever certifies later from the report has only this to believe it by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.attest import envelope
from pytest_readiness.attest.forms import Tree
from pytest_readiness.attest.keys import PrivateKey
from pytest_readiness.attest.package import installed_package
from pytest_readiness.attest.predicates import Artifact, Run
from pytest_readiness.attest.run_statement import release_ref
from pytest_readiness.attest.statement import Statement, Subject
from pytest_readiness.attest.trust_tables import RUNNER
from pytest_readiness.catalogue.canonical import digest
from pytest_readiness.catalogue.tree import git_tree
from pytest_readiness.errors import AttestationError
from pytest_readiness.probes.look import utc_now
from pytest_readiness.store.files import REPORT, write

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.attest.trust_tables import Person
    from pytest_readiness.plugin.run import Run as Judging

__all__ = [
    "RUN_STATEMENT",
    "check_runner",
    "keep_statement",
    "suite_tree",
    "write_statement",
]

RUN_STATEMENT = "run.intoto.json"


def suite_tree(suite: Path) -> Tree:
    """Give the digest of a suite's files, as git has it."""
    return Tree("gitTree", git_tree(suite))


def check_runner(path: Path, trust: Trust | None, now: dt.datetime) -> Person:
    """Find whose key it is; it must be a runner's, or nobody would believe the run.

    Raises:
        AttestationError: it cannot be read, or is no runner's key of the trust file.
    """
    return _runner(PrivateKey.read(path), path, trust, now)


def _runner(
    key: PrivateKey, path: Path, trust: Trust | None, now: dt.datetime
) -> Person:
    owner = trust.by_fingerprint.get(key.fingerprint) if trust else None
    if trust is None or owner is None:
        what = f"{key.fingerprint} is no key of the trust file"
        remedy = "enter it as a machine's with the role `runner`"
        raise AttestationError(str(path), what, remedy)
    person, entry = owner
    if person.human or RUNNER not in trust.roles_of(person.id, now):
        what = f"{person.id} is no machine with the role `{RUNNER}`"
        raise AttestationError(str(path), what, "name a runner's key")
    if entry.compromised or not entry.valid_at(now):
        what = f"the key of {person.id} is not valid now"
        raise AttestationError(str(path), what, "enter a new one in the trust file")
    return person


def keep_statement(run: Judging, report: bytes, folder: Path) -> Path | None:
    """Sign what was judged and write it beside the report; None where no key is given.

    A statement of an earlier run is taken away: it is about a report that is gone.

    Raises:
        AttestationError: the key cannot be read any more, or is no runner's.
        StoreError: the statement cannot be written.
    """
    (folder / RUN_STATEMENT).unlink(missing_ok=True)
    path, trust = run.settings.run_key, run.signing.signatures.trust
    if path is None or trust is None:
        return None
    key = PrivateKey.read(path)
    runner = _runner(key, path, trust, utc_now())
    return write_statement(run, report, folder, key, runner.id)


def write_statement(
    run: Judging, report: bytes, folder: Path, key: PrivateKey, runner: str
) -> Path:
    """Say with a runner's key that this very run made the report."""
    now, release, package = utc_now(), run.release, installed_package()
    predicate = Run(
        attester=runner,
        target=run.target_digest,
        suite_tree=suite_tree(run.suite),
        wheel=Artifact(name=package.name, digest=package.digest),
        release=release_ref(release.version, release.source, release.commit),
        started_on=run.started,
        issued_at=now,
    )
    subject = Subject(name=REPORT, digest=digest(report))
    line = envelope.sign(Statement(subject, predicate).payload(), key)
    return write(folder, RUN_STATEMENT, line + b"\n")
