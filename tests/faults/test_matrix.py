"""Each fault of the demo changes just the items it declares, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import Kind
from pytest_readiness.catalogue.lock import read
from pytest_readiness.cli.matrix import Matrix
from pytest_readiness.demo.faults import FAULTS, Fault
from pytest_readiness.plugin.suite import bundled_suite
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CERTIFIED = {"certificate.intoto.jsonl", "certificate.html", "statements.txt"}
_DECIDED_BY_MACHINE = {Kind.PROBE, Kind.PROBE_OR_ATTEST, Kind.PROBE_AND_ATTEST}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """Look again at what a fault touches; at night at everything: it may do more."""
    folder = tmp_path_factory.mktemp("matrix")
    whole = bool(os.environ.get("READINESS_WHOLE_MATRIX"))
    with Matrix(bundled_suite(), folder, whole=whole) as matrix:
        yield matrix


def test_the_unbroken_demo_has_no_machine_decided_item_open(matrix: Matrix) -> None:
    opened = {
        item.id: matrix.good[item.id]
        for item in read(bundled_suite() / "suite.lock").items
        if item.kind in _DECIDED_BY_MACHINE
        and not matrix.good[item.id].satisfies
        and matrix.good[item.id] is not State.PENDING
    }
    assert opened == {}


def test_every_machine_decided_item_is_failed_by_some_fault() -> None:
    failed = {
        item
        for fault in FAULTS.values()
        for item, state in fault.turns.items()
        if state is State.FAILED
    }
    decided = {
        item.id
        for item in read(bundled_suite() / "suite.lock").items
        if item.kind in _DECIDED_BY_MACHINE
    }
    assert decided - failed == set()
    # Of what only people decide, a veto alone fails an item.
    assert failed - decided <= FAULTS["vetoed"].turns.keys()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_fault(matrix: Matrix, fault: Fault) -> None:
    result = matrix.judge(fault)
    assert dict(result.changed) == dict(result.declared), dict(result.reasons)
    assert all(result.reasons.values()), "a change without a reason helps nobody"


@pytest.mark.parametrize("name", ["cache-no-maxmemory", "database-wrong-password"])
def test_a_fault_leaves_the_demo_as_it_was(matrix: Matrix, name: str) -> None:
    matrix.judge(FAULTS[name])
    nothing = Fault("nothing", "", {}, frozenset(), lambda _breakage: None)
    assert dict(matrix.judge(nothing).changed) == {}


def test_only_what_a_fault_touches_is_looked_at_again(tmp_path: Path) -> None:
    with Matrix(bundled_suite(), tmp_path) as matrix:
        careless = FAULTS["database-down"]
        hidden = Fault("hidden", "", {}, frozenset({"redis"}), careless.apply)
        assert dict(matrix.judge(hidden).changed) == {}
        assert matrix.judge(careless).agrees
        assert matrix.judge(FAULTS["cache-down"]).agrees


def pytest_on_the_demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:randomly"),
            *("--readiness", "--readiness-target=demo", *options),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_the_option_breaks_a_real_run(tmp_path: Path) -> None:
    done = pytest_on_the_demo(tmp_path, "--readiness-demo-fault=cache-no-maxmemory")
    assert done.returncode == 1, done.stdout
    assert "memory limit" in done.stdout
    assert "NOT READY" in done.stdout


def test_the_demo_leaves_what_was_signed_and_a_certificate(tmp_path: Path) -> None:
    """What somebody who tries the demo looks at; nothing certified after a fault."""
    done = pytest_on_the_demo(tmp_path)
    assert done.returncode == 0, done.stdout
    left = tmp_path / "readiness-report"
    assert {path.name for path in left.iterdir()} >= CERTIFIED | {"run.intoto.json"}
    assert (left / "signed" / "trust.toml").is_file()
    report = hashlib.sha256((left / "report.json").read_bytes()).hexdigest()
    (line,) = (left / "run.intoto.json").read_bytes().splitlines()
    assert report in base64.b64decode(json.loads(line)["payload"]).decode()
    for line in (left / "certificate.intoto.jsonl").read_bytes().splitlines():
        assert report in base64.b64decode(json.loads(line)["payload"]).decode()

    done = pytest_on_the_demo(tmp_path, "--readiness-demo-fault=cache-no-maxmemory")
    assert done.returncode == 1, done.stdout
    assert not CERTIFIED & {path.name for path in left.iterdir()}
    assert (left / "signed" / "trust.toml").is_file()


def test_an_unknown_fault_is_a_usage_error(tmp_path: Path) -> None:
    done = pytest_on_the_demo(tmp_path, "--readiness-demo-fault=cache-dwon")
    assert done.returncode == 4
    assert "did you mean 'cache-down'?" in done.stderr
