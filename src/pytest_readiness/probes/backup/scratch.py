"""A PostgreSQL of our own for one restore drill: on a socket only, gone afterwards."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pytest_readiness.catalogue.closing import Closing
from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.backup.programs import end, find, run, start, unprivileged
from pytest_readiness.probes.look import LookError
from pytest_readiness.probes.postgres.row_counts import count_rows
from pytest_readiness.probes.postgres.session import Session
from pytest_readiness.probes.postgres.settings import connection_settings
from pytest_readiness.target.blocks.postgres import PostgresBlock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look

__all__ = ["PREFIX", "Scratch", "sweep"]

PREFIX = "readiness-drill-"
"""How its folder begins; the process that made it follows."""

_LONGEST_SOCKET = 107 - len("/.s.PGSQL.65535")
"""Linux gives a Unix socket's path 107 bytes."""
_INITDB = (
    *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"),
    *("--wal-segsize=1", "--no-sync"),
)
# What the restored server's own files say about other machines must not hold here.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "ssl": "off",
    "archive_mode": "off",
    "shared_preload_libraries": "",
    "shared_buffers": "64MB",
    "huge_pages": "off",
    "fsync": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "synchronous_standby_names": "",
    "primary_conninfo": "",
    "max_wal_size": "1GB",
}
_PAUSE = 0.02
_PATIENCE = 5.0


class Scratch(Closing):
    """A scratch server; a context manager that leaves nothing behind."""

    port = 5432
    """Of the socket; nobody else's is in that folder."""

    def __init__(self, binaries: Path | None, look: Look) -> None:
        self.look = look
        self._binaries = binaries
        self._process: subprocess.Popen[bytes] | None = None
        self._database = "postgres"
        self.folder = Path()

    @property
    def data(self) -> Path:
        """The data folder; whatever restores makes or fills it."""
        return self.folder / "data"

    def __enter__(self) -> Self:
        sweep()
        place = tempfile.gettempdir()
        if len(os.fsencode(place)) + 40 > _LONGEST_SOCKET:
            place = "/tmp"  # noqa: S108  # the folder below is made by mkdtemp
        made = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place)
        self.folder = Path(made)
        atexit.register(self.close)
        return self

    def close(self) -> None:
        """Stop the server and remove its folder; may be called twice."""
        process = self._process
        if process is not None:
            # In good order: a kill would leave shared memory behind.
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_PATIENCE)
            end(process)
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.close)

    def create(self) -> None:
        """Make an empty server.

        Raises:
            LookError: it cannot be made here.
        """
        initdb = find("initdb", self._binaries)
        prefix = self._hand_over()
        done = run([*prefix, initdb, *_INITDB, f"--pgdata={self.data}"], self.look)
        if done.code:
            reason = f"no scratch server can be made here: {done.last_line}"
            raise LookError(reason, Cause.LOCAL, final=True)

    def start(self, database: str = "postgres") -> None:
        """Start the server, and wait until it takes sessions.

        Raises:
            LookError: it does not start.
        """
        self._database = database
        hba = self.folder / "pg_hba.conf"
        hba.write_text("local all all trust\n", "ascii")
        for name in ("postgresql.conf", "pg_ident.conf"):
            (self.data / name).touch()
        self.data.chmod(0o700)
        settings = _SETTINGS | {
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "hba_file": str(hba),
            "ident_file": str(self.data / "pg_ident.conf"),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command: list[str | Path] = [*self._hand_over(), *_leash(), self._program()]
        with self._log.open("wb") as output:
            self._process = start(
                [*command, "-D", self.data, *options], output.fileno()
            )
        self._wait()

    def rows(self) -> Mapping[str, int]:
        """Count the rows of every table."""
        with Session.open(self._settings(), self.look) as session:
            return count_rows(session)

    def _hand_over(self) -> tuple[str, ...]:
        """Let the server's user have the folder, and say how to become that user."""
        somebody = unprivileged()
        if somebody.user is not None:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, somebody.user, -1, follow_symlinks=False)
        return somebody.prefix

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _program(self) -> Path:
        """Give the server that fits the data."""
        with contextlib.suppress(OSError):
            version = (self.data / "PG_VERSION").read_text("ascii").strip()
            own = Path("/usr/lib/postgresql", version, "bin")
            if self._binaries is None and own.is_dir():
                return find("postgres", own)
        return find("postgres", self._binaries)

    def _settings(self) -> dict[str, str]:
        block = PostgresBlock(
            host=str(self.folder),
            port=self.port,
            database=self._database,
            user="postgres",
            sslmode="disable",
        )
        return connection_settings(block)

    def _wait(self) -> None:
        while True:
            try:
                Session.open(self._settings(), self.look).close()
            except LookError as error:
                self._check_alive(error)
            else:
                return
            time.sleep(_PAUSE)

    def _check_alive(self, error: LookError) -> None:
        ended = self._process is None or self._process.poll() is not None
        if not ended and not self.look.over and not error.final:
            return
        with contextlib.suppress(OSError):
            lines = self._log.read_text("utf-8", errors="replace").splitlines()
            said = [line for line in lines if "FATAL" in line or "PANIC" in line]
            what = said[-1].partition("] ")[2] or said[-1] if said else str(error)
            reason = f"the restored server does not start: {self.look.redact(what)}"
            raise LookError(reason, final=True) from None
        raise error


def _leash() -> tuple[str, ...]:
    """Have the server end with this process, should it be killed."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "INT", "--") if setpriv else ()


def sweep() -> None:
    """Remove what a run that was killed has left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            ours = folder.stat().st_uid == os.getuid()
            if ours and pid.isdecimal() and not Path("/proc", pid).exists():
                shutil.rmtree(folder, ignore_errors=True)
