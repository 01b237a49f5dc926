"""The fault matrix: break the demo in every known way and see what the suite notices.

Servers start once. Each fault is judged by a whole ``pytest --readiness`` in this
process, in which only the resources that it touches are looked at again; the facts of
the others are those of the run before.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.catalogue.item import Kind
from pytest_readiness.catalogue.lock import read
from pytest_readiness.demo.demo import Demo
from pytest_readiness.errors import ConfigError
from pytest_readiness.plugin.entry import LOCK_NAME
from pytest_readiness.probes import REGISTRY
from pytest_readiness.store.files import REPORT
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from pytest_readiness.demo.faults import Fault
    from pytest_readiness.plugin.gathering import Gathering
    from pytest_readiness.plugin.run import Run

__all__ = ["Matrix", "Result"]

_FOLLOWERS = frozenset({Kind.ROLLUP, Kind.ROLLUP_AND_ATTEST})
_APPROVALS = "stakeholder-approval"
"""The section whose items follow all others."""


@dataclass(frozen=True)
class Result:
    """What one fault changed, held against what it says it changes."""

    fault: Fault
    changed: Mapping[str, State]
    seconds: float
    declared: Mapping[str, State]
    """What the fault says that it changes."""
    reasons: Mapping[str, str]
    """What the suite said about each item that changed."""

    @property
    def agrees(self) -> bool:
        """Whether just the declared items changed, and to the declared states."""
        return self.changed == self.declared


@dataclass(eq=False)  # pytest 8 wants its plugins hashable
class _Reuse:
    """A pytest plugin that hands facts on from one run to the next."""

    demo: Demo
    touched: frozenset[str]
    gathering: Gathering | None

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        session = config.pluginmanager.get_plugin("readiness-session")
        run: Run = session.run  # type: ignore[union-attr]  # registered before
        if self.gathering is not None:
            self.gathering.forget(self.touched)
            self.gathering.targets = run.gathering.targets
            self.gathering.redact = run.gathering.redact
            run.gathering = self.gathering
        self.gathering = run.gathering
        run.sign_first = self.demo.sign


class Matrix(Closing):
    """A running demo that is broken in one way after another."""

    def __init__(self, suite: Path, folder: Path, *, whole: bool = False) -> None:
        """Start the demo and judge it as it is; ``folder`` is for its files.

        ``whole``: look at everything again for each fault. That also finds what a
        fault changes beyond what it says it touches.
        """
        locked = read(suite / LOCK_NAME).items
        self._followers = {
            item.id
            for item in locked
            if item.kind in _FOLLOWERS or item.section == _APPROVALS
        }
        self._suite = suite
        self._whole = whole
        self._reports = folder / "reports"
        self._gathering: Gathering | None = None
        self._touched: frozenset[str] = frozenset()
        work = folder / "demo"
        work.mkdir()
        self._demo = Demo.start(work)
        try:
            self._good = self._judge(frozenset(REGISTRY))
            self._raw = self._raw_states()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the demo."""
        self._demo.close()

    @property
    def good(self) -> Mapping[str, State]:
        """The items' states in the demo as it is."""
        return {item: state for item, (state, _) in self._good.items()}

    def judge(self, fault: Fault) -> Result:
        """Break the demo, judge it, mend it."""
        began = time.perf_counter()
        with self._demo.broken(fault):
            # What the fault before touched is mended, and must be seen so.
            states = self._judge(fault.touches | self._touched)
        self._touched = fault.touches
        different = {
            item: found
            for item, found in states.items()
            if item not in self._followers and found[0] != self._good[item][0]
        }
        return Result(
            fault,
            {item: state for item, (state, _) in different.items()},
            time.perf_counter() - began,
            self._declared(fault),
            {item: reason for item, (_, reason) in different.items()},
        )

    def _declared(self, fault: Fault) -> dict[str, State]:
        turned: dict[str, State] = {}
        for item, state in self.good.items():
            if fault.turns_signed is None or item in self._followers:
                continue
            if state is State.ATTESTED:
                turned[item] = fault.turns_signed
            elif state is State.WAIVED:  # its waiver is no more believed than the rest
                turned[item] = self._raw[item]
        return {**turned, **fault.turns}

    def _judge(self, touched: frozenset[str]) -> dict[str, tuple[State, str]]:
        reuse = _Reuse(
            self._demo,
            frozenset(REGISTRY) if self._whole else touched,
            self._gathering,
        )
        arguments = [
            f"-c{Path(__file__).with_name('run.ini')}",
            f"--rootdir={self._suite}",
            f"--confcutdir={self._suite}",
            "-ppytest_readiness.plugin.entry",
            "-pno:cacheprovider",
            # A stand-in of this process that leaks something is no item's fault.
            "-pno:unraisableexception",
            "-pno:threadexception",
            "--capture=no",
            "--readiness",
            f"--readiness-config={self._demo.config_path}",
            f"--readiness-out={self._reports}",
            "--readiness-gate=all",
            str(self._suite),
        ]
        said = io.StringIO()
        with _environment(self._demo.environ), contextlib.redirect_stdout(said):
            code = pytest.main(arguments, [reuse])
        if code in {2, 3, 4}:
            raise ConfigError("readiness faults", said.getvalue().strip()[-1000:])
        self._gathering = reuse.gathering
        return {
            item["id"]: (State(item["state"]), item["reason"])
            for item in self._report()["items"]
        }

    def _raw_states(self) -> dict[str, State]:
        """Give the states before waivers of the run that was the last."""
        items = self._report()["items"]
        return {item["id"]: State(item["raw_state"]) for item in items}

    def _report(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(
            (self._reports / REPORT).read_text("utf-8")
        )
        return document


@contextlib.contextmanager
def _environment(secrets: Mapping[str, str]) -> Generator[None]:
    """Lend the process the demo's secrets, and keep other plugins out of the run."""
    before = dict(os.environ)
    os.environ.update(secrets, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
