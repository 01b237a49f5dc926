"""The demo's PostgreSQL: TLS with our certificate, SCRAM, and as few rights as needed.

It listens on loopback for the engine and the probes, and on a Unix socket in a folder
that only its owner can enter; that one asks for no password and sets the server up.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import signal
import socket as sockets
from typing import TYPE_CHECKING

from pytest_readiness.demo import pgwire
from pytest_readiness.demo.servers.process import Place, Process, Program
from pytest_readiness.demo.servers.template import DATABASE, Template
from pytest_readiness.demo.servers.tls_front import TlsFront
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.demo.pki import Issued
    from pytest_readiness.demo.servers.programs import Launch

__all__ = ["DATABASE", "RAM", "ROLES", "PostgresServer", "free_port"]

ROLES = "engine,readiness"
"""Who may log in: the service, and who looks at it."""

_TRIES = 4
_PORT_TAKEN = "could not create any TCP/IP sockets"
_NO_TLS = "SSL is not supported by this build"

_SETTINGS = """
max_connections = 50
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
fsync = off
shared_buffers = 64MB
effective_cache_size = 192MB
work_mem = 1MB
max_wal_size = 1GB
include = 'here.conf'
timezone = 'UTC'
log_timezone = 'UTC'
"""
RAM = "256MB"
"""What the server is set up for."""
_USUAL = "# as usual\n"
_ADMISSION = f"""\
{_USUAL}local    all      postgres  trust
local    trading  {{roles}}   scram-sha-256
{{kind}}   trading  {{roles}}   {{address}}  scram-sha-256
"""


class PostgresServer:
    """A running server; :meth:`wait` before anything is asked of it."""

    def __init__(
        self, place: Place, launch: Launch, template: Template, issued: Issued
    ) -> None:
        self._place = place
        self._launch = launch
        self._template = template
        self._issued = issued
        self._data = place.folder / "data"
        self._front: TlsFront | None = None
        self._own_port = 0
        launch.give(place.sockets)
        self._prepare()
        self._process = self._start(tls=True)

    @property
    def port(self) -> int:
        """The port on loopback at which it speaks TLS."""
        return self._front.port if self._front else self._own_port

    def wait(self) -> None:
        """Wait until the server answers; start it again where that can help.

        Raises:
            ConfigError: it does not start; the message holds its last words.
        """
        for tried in range(1, _TRIES + 1):
            try:
                self._process.wait_until(self._ready)
            except ConfigError as error:
                if tried == _TRIES:
                    raise
                self._try_again(str(error))
            else:
                return

    def execute(self, database: str, *statements: str) -> None:
        """Run SQL as the superuser ``postgres``."""
        try:
            pgwire.execute(self.socket, database, *statements)
        except (OSError, pgwire.WireError) as error:
            raise ConfigError("demo: PostgreSQL", str(error)) from None

    def dump(self, file: Path, *options: str, database: str = DATABASE) -> None:
        """Back a database up into a file, as its job would."""
        self._launch.run(
            "pg_dump",
            *("--format=custom", "--username=postgres", f"--dbname={database}"),
            *(f"--host={self._place.sockets}", f"--port={self._own_port}"),
            *(f"--file={file}", *options),
        )

    @property
    def binaries(self) -> Path:
        """The folder of PostgreSQL's programs."""
        return self._launch.binaries

    def configure(self, **settings: str | None) -> None:
        """Change settings of the running server; None takes the change back."""
        for name, value in settings.items():
            change = f"RESET {name}" if value is None else f"SET {name} = '{value}'"
            self.execute("postgres", f"ALTER SYSTEM {change}")
        self._reload()

    def admit(self, *rules: str) -> None:
        """Have these rules of admission before the usual ones; none: just those."""
        file = self._data / "pg_hba.conf"
        usual = file.read_text("utf-8").rpartition(_USUAL)[2]
        lines = "".join(f"{rule}\n" for rule in rules)
        file.write_text(f"{lines}{_USUAL}{usual}", "utf-8")
        self._reload()

    def _reload(self) -> None:
        """Have the server read its files, and wait until new sessions have them."""
        now = dt.datetime.now(dt.UTC)
        self.execute("postgres", "SELECT pg_reload_conf()")
        # pgwire gives no rows, but a division by zero shows.
        asked = f"SELECT 1 / (pg_conf_load_time() > '{now}')::int"
        self._process.wait_until(lambda: self._answers(asked))

    def _answers(self, statement: str) -> bool:
        try:
            self.execute("postgres", statement)
        except ConfigError:
            return False
        return True

    def ask_to_stop(self) -> None:
        """Begin to stop, without waiting."""
        self._process.ask_to_stop()

    def stop(self) -> None:
        """Stop the server and end its sessions."""
        self._process.stop()
        if self._front is not None:
            self._front.close()

    @property
    def socket(self) -> Path:
        """Its socket, which asks everybody but the superuser for a password."""
        return self._place.sockets / f".s.PGSQL.{self._own_port}"

    def _ready(self) -> bool:
        # The eighth line of this file says how far the server is (miscadmin.h).
        with contextlib.suppress(OSError):
            lines = (self._data / "postmaster.pid").read_text("utf-8").splitlines()
            return lines[7:] != [] and lines[7].startswith("ready")
        return False

    def _prepare(self) -> None:
        self._template.copy_to(self._data)
        self._issued.store(self._data, "server")
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_SETTINGS)
        self._launch.give(self._data)

    def _start(self, *, tls: bool) -> Process:
        self._own_port = free_port()
        kind, address = ("hostssl", "127.0.0.1/32") if tls else ("local", "")
        admission = _ADMISSION.format(kind=kind, address=address, roles=ROLES)
        (self._data / "pg_hba.conf").write_text(admission, encoding="utf-8")
        (self._data / "here.conf").write_text(
            f"ssl = {'on' if tls else 'off'}\n{self._launch.preloaded}", "utf-8"
        )
        settings = {
            "listen_addresses": "127.0.0.1" if tls else "",
            "port": str(self._own_port),
            "unix_socket_directories": str(self._place.sockets),
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        program = Program(
            "postgres",
            "PostgreSQL",
            self._launch.command("postgres", "-D", str(self._data), *options),
            stop_signal=signal.SIGINT,  # a fast shutdown; SIGTERM waits for clients
            user=self._launch.user,
        )
        return Process(program, self._place)

    def _try_again(self, said: str) -> None:
        if _PORT_TAKEN in said:
            self._process = self._start(tls=True)
        elif _NO_TLS in said:
            self._process = self._start(tls=False)
            context = self._issued.server_context(self._place.folder, "front")
            self._front = TlsFront(context, self.socket, postgres=True)
        else:  # the template may be of a day when the machine lost power
            self._template.discard()
            shutil.rmtree(self._data)
            self._prepare()
            self._process = self._start(tls=True)


def free_port() -> int:
    """Give a port that is free now; whoever takes it meanwhile is tried around."""
    with sockets.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
