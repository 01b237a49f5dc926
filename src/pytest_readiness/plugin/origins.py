"""Whose release an artefact is: where the probes meet what is signed.

Probes know no signatures and what is signed knows no probes; a run has both.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.provenance import origin, stamp_path
from pytest_readiness.attest.result import Refusal
from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.errors import ConfigError
from pytest_readiness.probes import probe
from pytest_readiness.probes.artefacts.provenance import Origins, Stamp
from pytest_readiness.probes.look import utc_now
from pytest_readiness.target.git import Git, NoRepository

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_readiness.attest.trust import Trust
    from pytest_readiness.plugin.gathering import Need
    from pytest_readiness.plugin.run import Run

__all__ = ["origins_of"]

_BLOCK = "artefacts"


def origins_of(run: Run, needs: Iterable[Need]) -> Origins | None:
    """Say what the release is, where a look at artefacts is among the needs."""
    if not any(probe(need.probe).block == _BLOCK for need in needs):
        return None
    release, trust = run.release, run.signing.signatures.trust
    committed, certain = _committed(run)
    return Origins(
        version=release.version,
        source=release.source,
        commit=release.commit,
        committed=committed,
        whole_history=certain,
        stamp=lambda path: _stamp(path, trust),
    )


def _stamp(path: Path, trust: Trust | None) -> Stamp | Unavailable | None:
    known = origin(path, trust, utc_now())
    if not isinstance(known, Refusal):
        return Stamp(
            version=known.release.version,
            source=known.release.source,
            at=known.stamped_at,
            data=known.data,
            signed_by=known.runner,
        )
    if known.code is Code.MISSING and not stamp_path(path).exists():
        return None
    remedy = f"run `readiness stamp {path.name}` in the job that makes it"
    return Unavailable(f"{known.code}: {known.reason}", Cause.LOCAL, remedy)


def _committed(run: Run) -> tuple[dt.datetime | None, bool]:
    """Give when something of the release was committed last, and if that is certain.

    Later commits that only add signatures leave a release as it is. In a shallow clone
    the commit that is there may be later than the one that is meant.
    """
    if run.release.commit is None:
        return None, True
    configuration = run.configuration
    root, table = configuration.path.parent, configuration.release
    without = (".readiness", configuration.path.name, *table.ignore)
    paths = (*(table.paths or (".",)), *(f":(exclude){path}" for path in without))
    git = Git(root)
    try:
        said = git.ask("log", "-n1", "--format=%cI", run.release.commit, "--", *paths)
        shallow = git.ask("rev-parse", "--is-shallow-repository").strip() == b"true"
        return dt.datetime.fromisoformat(said.decode().strip()), not shallow
    except (ConfigError, NoRepository, ValueError):
        return None, True
