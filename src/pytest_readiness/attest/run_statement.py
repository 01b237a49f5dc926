"""Does a runner's key vouch for this very report? Else nobody certifies from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from pytest_readiness.attest import line
from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.line import says
from pytest_readiness.attest.moments import day
from pytest_readiness.attest.predicates import ReleaseRef, Run
from pytest_readiness.attest.trust_tables import RUNNER

if TYPE_CHECKING:
    import datetime as dt

    from pytest_readiness.attest.forms import Tree
    from pytest_readiness.attest.line import Line
    from pytest_readiness.attest.predicates import Predicate
    from pytest_readiness.attest.trust import Trust

__all__ = ["RunExpected", "check_run", "is_runner", "release_ref"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunExpected:
    """What the statement must say, as the certifier knows it."""

    report: str
    """The sha256 of report.json."""
    target: str
    suite_tree: Tree
    plugin: str
    """Digest of the plugin: the one that is pinned, else the one that certifies."""
    source: str
    """``sha256:...``; empty for an unbound release, whose version decides."""
    version: str


def is_runner(found: Line[Predicate], trust: Trust, now: dt.datetime) -> str:
    """Say why a line is no word of a runner; empty where it is one."""
    who = found.person.id
    if found.key.compromised:
        return f"the key of {who} is compromised"
    if found.person.human:
        return f"{who} is no machine"
    if RUNNER not in trust.roles_of(who, found.issued_at):
        return f"{who} does not have the role {RUNNER}"
    for moment in (found.issued_at, now):
        if not found.key.valid_at(moment):
            window = f"{day(found.key.not_before)} to {day(found.key.not_after)}"
            return f"the key of {who} is valid from {window} only"
    if found.issued_at - now > trust.skew:
        return f"it is dated {day(found.issued_at)}"
    return ""


def check_run(
    data: bytes, trust: Trust, expected: RunExpected, now: dt.datetime, where: str = ""
) -> Run:
    """Verify a run statement, one line.

    Raises:
        Refused: RUN_UNSIGNED, and why; TAMPERED or MALFORMED as every line.
    """
    judged = line.judge(data.rstrip(b"\r\n"), trust)
    if judged.refused is not None:
        code = judged.refused.code
        if code in {Code.TAMPERED, Code.MALFORMED}:
            raise Refused(code, judged.refused.reason, where)
        _refuse(judged.refused.reason, where)
    found = judged.line
    if found is None or not says(found, Run):
        _refuse("it is no run statement", where)
    if found.payload in trust.revoked_payloads:
        _refuse("the trust file revokes it", where)
    problem = is_runner(found, trust, now) or _difference(found, expected)
    if problem:
        _refuse(problem, where)
    return found.predicate


def _difference(found: Line[Run], expected: RunExpected) -> str:
    """Name the first thing that it says otherwise."""
    run = found.predicate
    pairs = (
        ("the report", found.subject, expected.report),
        ("the target", run.target, expected.target),
        ("the suite", run.suite_tree, expected.suite_tree),
        ("the plugin", run.wheel.digest, expected.plugin),
        ("the release", _release(run.release), expected.source or expected.version),
    )
    return next(
        (f"{what} is another one" for what, said, own in pairs if said != own), ""
    )


def _release(release: ReleaseRef) -> str:
    """Give what decides: the source, and the version of an unbound release alone."""
    return f"sha256:{release.source}" if release.source else release.version


def release_ref(version: str, source: str | None, commit: str | None) -> ReleaseRef:
    """Name a release in a statement; ``source`` is ``sha256:...``."""
    digits = source.removeprefix("sha256:") if source else None
    return ReleaseRef(version=version, source=digits, commit=commit)


def _refuse(reason: str, where: str) -> NoReturn:
    raise Refused(Code.RUN_UNSIGNED, reason, where)
