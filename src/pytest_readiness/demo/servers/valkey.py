"""The demo's cache: Valkey on a Unix socket, with users, a memory limit and a policy.

Clients reach it through :mod:`.tls_front` only.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from typing import TYPE_CHECKING

from pytest_readiness.demo.servers.process import Place, Process, Program
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
user administrator on >{administrator} ~* &* +@all
user engine on >{engine} ~quotes:* -@all +@connection +get +set
user readiness on >{cache} -@all +@connection +info +config|get
"""


class ValkeyServer:
    """A running server; :meth:`wait` before anything is asked of it."""

    def __init__(
        self, place: Place, program: Path, passwords: Mapping[str, str]
    ) -> None:
        self.socket = place.sockets / "valkey.sock"
        self._password = passwords["administrator"]
        folder = place.folder
        config = folder / "valkey.conf"
        config.touch(mode=0o600)
        config.write_text(
            _CONFIG.format(socket=self.socket, folder=folder, **passwords),
            encoding="utf-8",
        )
        # Nothing of it is kept, and while it writes a first log it ignores SIGTERM.
        command = Program("valkey", "Valkey", [program, config], signal.SIGKILL)
        self._process = Process(command, place)

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

    def look_up(self, count: int, *, hits: bool) -> None:
        """Look up keys, all that are there or none that is."""
        key = "quotes:warm" if hits else "quotes:none"
        self._ask(
            "\r\n".join(["SET quotes:warm 1", *[f"EXISTS {key}"] * count]), count + 1
        )

    def forget_lookups(self) -> None:
        """Count hits and misses anew."""
        self._ask("CONFIG RESETSTAT")

    def ask_to_stop(self) -> None:
        """Begin to stop, without waiting."""
        self._process.ask_to_stop()

    def stop(self) -> None:
        """Stop the server and end its sessions."""
        self._process.stop()

    def _ask(self, command: str, lines_of_answer: int = 1) -> str:
        """Send inline commands; give the answers' last line, empty if none."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(_TIMEOUT)
            stream.connect(str(self.socket))
            stream.sendall(
                f"AUTH administrator {self._password}\r\n{command}\r\n".encode()
            )
            with stream.makefile("r", encoding="utf-8") as lines:
                said = lines.readline().rstrip()
                for _ in range(lines_of_answer if said == "+OK" else 0):
                    said = lines.readline().rstrip()
                return said
        return ""
