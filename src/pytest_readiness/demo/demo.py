"""The embedded target: starts it, writes its target file, breaks it on demand, ends it.

:meth:`Demo.start` is all that the plugin needs. What runs is in :mod:`.bench`, what the
target file says in :mod:`.pieces`, what can go wrong in :mod:`.faults`.
"""

from __future__ import annotations

import contextlib
import copy
import importlib.util
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import tomli_w

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.demo import bench as benches, box, pieces
from pytest_readiness.demo.engine.release import NAME as SYSTEM, VERSION
from pytest_readiness.demo.faults import Breakage, Fault, find_fault
from pytest_readiness.demo.pieces import governance
from pytest_readiness.demo.servers.engine import engine_digest
from pytest_readiness.demo.servers.guard import sweep
from pytest_readiness.demo.signing import sign
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Generator, Mapping, Sequence

    from pytest_readiness.attest.context import Context
    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.demo.bench import Bench, Tables
    from pytest_readiness.demo.signing import Change, Signed

__all__ = ["NAME", "Demo"]

NAME = "demo"
"""The target's name."""

_HEAD = """\
# Written for one run of the demo; the next run writes it anew.

"""


class Demo(Closing):
    """A running demo; make one with :meth:`start`, and :meth:`close` it."""

    def __init__(self, bench: Bench, stack: contextlib.ExitStack) -> None:
        self.bench = bench
        """The servers themselves, for tests and faults."""
        self._stack = stack
        self._tables: Tables = {}
        self._environ: dict[str, str] = {}
        pieces.describe(bench, self._tables, self._environ)
        self.config_path = bench.folder / "readiness.toml"
        self.environ: Mapping[str, str] = self._environ
        """The variables that the target file refers to."""
        self._drafts: list[Change] = []
        self._write(self._tables)

    @classmethod
    def start(cls, folder: Path, fault: str | None = None) -> Self:
        """Start everything in ``folder``, an empty one that is the demo's alone.

        It is removed if this process is killed. ``fault`` names one of
        :data:`~.faults.FAULTS`, which then holds until the end.

        Raises:
            ConfigError: this system cannot run the demo, a program is missing, there is
                no such fault, or a server does not start.
        """
        broken = find_fault(fault) if fault else None
        _check_system()
        sweep(Path(tempfile.gettempdir()))
        with contextlib.ExitStack() as stack:
            bench = benches.start(folder.absolute(), stack)
            demo = cls(bench, stack)
            if broken is not None:
                stack.enter_context(demo.broken(broken))
            demo._stack = stack.pop_all()
        return demo

    def close(self) -> None:
        """Stop everything; the folder and its files stay the caller's to remove."""
        self._stack.close()

    @contextmanager
    def broken(self, fault: Fault) -> Generator[None]:
        """Break the demo; the target file and ``environ`` say so until it is over."""
        tables, environ = copy.deepcopy(self._tables), dict(self._environ)
        with contextlib.ExitStack() as stack:
            stack.callback(self._restore)
            fault.apply(Breakage(self.bench, tables, environ, self._drafts, stack))
            self.environ = environ
            self._write(tables)
            yield

    def sign(self, items: Sequence[Item], context: Context, now: dt.datetime) -> Signed:
        """Have the demo's people sign what its suite asks of them, anew."""
        lacking = "machine" in self._tables.get("limits", {})
        known = {item.id for item in items}
        return sign(
            self.bench.folder,
            items,
            context,
            now,
            vendors=governance.VENDORS,
            waived=[box.ITEM] if lacking and box.ITEM in known else [],
            changes=self._drafts,
        )

    def _restore(self) -> None:
        self.environ = self._environ
        self._drafts.clear()
        self._write(self._tables)

    def _write(self, tables: Tables) -> None:
        document: dict[str, object] = {
            "default": NAME,
            "system": {"name": SYSTEM, "organisation": "trading.example"},
            "release": {"version": VERSION, "digest": engine_digest()},
            "target": {NAME: tables},
        }
        text = _HEAD + tomli_w.dumps(document)
        self.config_path.write_text(text, encoding="utf-8")


def _check_system() -> None:
    if sys.platform != "linux":
        raise ConfigError(
            "--readiness-target=demo",
            f"the demo runs on Linux, and this is {sys.platform}",
            "run it in a container, or point readiness.toml at servers of your own",
        )
    if importlib.util.find_spec("werkzeug") is None:
        raise ConfigError(
            "--readiness-target=demo",
            "the demo's packages are not installed",
            "pip install 'pytest-readiness[demo]'",
        )
