"""The demo's cache: Valkey on a Unix socket, with users, a memory limit and a policy.

Clients reach it through :mod:`.tls_front` only.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.process import Process, Program
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_readiness.demo.servers.guard import Guard

__all__ = ["ValkeyServer"]

_TIMEOUT = 5.0

_CONFIG = """\
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{folder}"
maxmemory 64mb
maxmemory-policy allkeys-lru
appendonly yes
appendfsync everysec
save ""
user default off
user admin on >{admin} ~* &* +@all
user engine on >{engine} ~quotes:* -@all +@connection +get +set
user readiness on >{readiness} -@all +@connection +info +config|get
"""


class ValkeyServer:
    """A running server; :meth:`wait` before anything is asked of it."""

    def __init__(
        self, folder: Path, program: Path, passwords: Mapping[str, str], guard: Guard
    ) -> None:
        self.socket = folder / "valkey.sock"
        self._password = passwords["admin"]
        config = folder / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(
            _CONFIG.format(socket=self.socket, folder=folder, **passwords),
            encoding="utf-8",
        )
        command = Program("Valkey", [program, config])
        self._process = Process(command, folder / "valkey.log", guard)

    def wait(self) -> None:
        """Wait until the server answers.

        Raises:
            ConfigError: it does not start; the message holds its last words.
        """
        self._process.wait_until(lambda: self._ask("PING") == "+PONG")

    def configure(self, **settings: str) -> None:
        """Change settings of the running server, such as ``maxmemory="0"``."""
        for name, value in settings.items():
            answer = self._ask(f"CONFIG SET {name.replace('_', '-')} {value}")
            if answer != "+OK":
                raise ConfigError("demo: Valkey", f"CONFIG SET {name}: {answer}")

    def ask_to_stop(self) -> None:
        """Begin to stop, without waiting."""
        self._process.ask_to_stop()

    def stop(self) -> None:
        """Stop the server and end its sessions."""
        self._process.stop()

    def _ask(self, command: str) -> str:
        """Send one inline command; give the answer's first line, empty if none."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(_TIMEOUT)
            stream.connect(str(self.socket))
            stream.sendall(f"AUTH admin {self._password}\r\n{command}\r\n".encode())
            with stream.makefile("r", encoding="utf-8") as lines:
                admitted = lines.readline().rstrip()
                return lines.readline().rstrip() if admitted == "+OK" else admitted
        return ""
