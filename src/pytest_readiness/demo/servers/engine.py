"""The demo's service as a process: its interpreter, its environment, its HTTPS port."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.demo import engine
from pytest_readiness.demo.servers import environment
from pytest_readiness.demo.servers.process import Place, Process, Program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.demo.pki import KeyPair, Stored

__all__ = [
    "CONFIGURATION",
    "DESCRIPTION",
    "ENV_EXAMPLE",
    "LOGGING",
    "REQUIREMENTS",
    "EngineServer",
    "Surroundings",
    "engine_digest",
    "engine_python",
    "schema",
]

_PACKAGE = Path(next(iter(engine.__path__)))
_ROOT = _PACKAGE.parents[2]
_RELEASED = {".example", ".json", ".py", ".sql", ".txt", ".yaml"}
_PASSED_ON = ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
"""What of our environment the service gets; a PGSSLMODE there would change it."""
_MEASURING = "COVERAGE_"
REQUIREMENTS = _PACKAGE / "requirements.txt"
"""What the service needs installed."""
ENV_EXAMPLE = _PACKAGE / ".env.example"
"""The variables that the service must have."""
CONFIGURATION = (_PACKAGE / "settings.yaml", _PACKAGE / "settings.schema.json")
LOGGING = _PACKAGE / "logging.yaml"
"""What configures the service, the schema of it, and what it logs."""
DESCRIPTION = _PACKAGE / "openapi.json"
"""The description of the service's API, as it is released."""
_TIMEOUT = 5.0


@dataclass(frozen=True)
class Surroundings:
    """What the service depends on."""

    database_url: str
    cache_url: str
    ca_file: Path
    tokens: KeyPair
    """What log-in tokens are signed with."""
    users: Mapping[str, Mapping[str, str | int]]
    """By name: role, password and perhaps a limit of requests a minute."""


class EngineServer:
    """A running service; :meth:`wait` before anything is asked of it."""

    def __init__(
        self,
        place: Place,
        python: Path,
        certificate: Stored,
        surroundings: Surroundings,
    ) -> None:
        self.key_file = certificate.key
        """Where the service has the key of its certificate."""
        self._trust = ssl.create_default_context(cafile=surroundings.ca_file)
        # Listening before the process exists: no port to agree on, nothing refused.
        with (
            socket.create_server(("127.0.0.1", 0)) as listening,
            socket.create_server(("127.0.0.1", 0)) as plain,
        ):
            self.port: int = listening.getsockname()[1]
            self.plain_port: int = plain.getsockname()[1]
            own = {
                "DATABASE_URL": surroundings.database_url,
                "CACHE_URL": surroundings.cache_url,
                "CA_FILE": str(surroundings.ca_file),
                "CERTIFICATE": str(certificate.chain),
                "KEY": str(certificate.key),
                "TOKEN_KEY": str(surroundings.tokens.private),
                "TOKEN_PUBLIC_KEY": str(surroundings.tokens.public),
                "USERS": json.dumps(surroundings.users),
                "DIGEST": engine_digest(),
                "LISTEN_FD": str(listening.fileno()),
                "PLAIN_FD": str(plain.fileno()),
            }
            program = Program(
                "engine",
                "the engine",
                [python, "-P", "-m", engine.__name__],
                environ=_environ(place.folder)
                | {f"ENGINE_{name}": value for name, value in own.items()},
                pass_fds=[listening.fileno(), plain.fileno()],
            )
            self._process = Process(program, place)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until the service and what it depends on answer.

        Raises:
            ConfigError: they do not; the message holds the service's last words.
        """
        self._process.wait_until(
            lambda: self.get("/health/ready")[0] == http.HTTPStatus.OK
        )

    def get(self, path: str) -> tuple[int, bytes]:
        """Read a route; status 0 where the service does not answer."""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=_TIMEOUT, context=self._trust
        )
        with contextlib.closing(connection):
            try:
                connection.request("GET", path)
                response = connection.getresponse()
                return response.status, response.read()
            except (OSError, http.client.HTTPException):
                return 0, b""

    def _ready(self) -> bool:
        return self.get("/health/ready")[0] == http.HTTPStatus.OK

    def ask_to_stop(self) -> None:
        """Begin to stop, without waiting."""
        self._process.ask_to_stop()

    def stop(self) -> None:
        """Stop the service."""
        self._process.stop()


def engine_digest() -> str:
    """Give the release's source: sha256 over the engine's files, git or no git.

    Over lines ``sha256  path``, sorted, as ``sha256sum`` writes them.
    """
    lines = sorted(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in _PACKAGE.iterdir()
        if path.suffix in _RELEASED
    )
    return f"sha256:{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


def engine_python(folder: Path) -> Path:
    """Make the service's own environment, and give its interpreter."""
    return environment.create(folder / "venv", REQUIREMENTS)


def schema() -> str:
    """Give the SQL that makes the service's tables and grants."""
    return (_PACKAGE / "schema.sql").read_text(encoding="utf-8")


def _environ(folder: Path) -> dict[str, str]:
    passed_on = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_MEASURING)
    }
    paths = [str(_ROOT), *passed_on.get("PYTHONPATH", "").split(os.pathsep)]
    passed_on["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return {**passed_on, "HOME": str(folder)}
