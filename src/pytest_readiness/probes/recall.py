"""What a look found within the last hour, so that it need not be asked for again.

A provider counts every read against a quota, and a run a commit would use it up. So an
accepted key is remembered for an hour in the store. The store may be a cache that
others can write to: an entry counts only with a code that nobody can make without the
very key that was accepted. The key is not in it, and is not cheaply guessed from it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from pytest_readiness.catalogue.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HOLDS", "Recall"]

HOLDS: Final = dt.timedelta(hours=1)
"""How long a success is not asked for again."""

_MOST = 4096
"""Bytes of an entry."""
_SALT = 16
_COST: Final = {"n": 2**14, "r": 8, "p": 1}
"""16 MB and about 50 ms a code."""


@dataclass(frozen=True, slots=True)
class Recall:
    """A folder of successes; without one nothing is remembered."""

    folder: Path | None = None

    def since(self, what: str, secret: str, now: dt.datetime) -> dt.datetime | None:
        """Give when ``what`` last succeeded with this secret, if within the hour."""
        if self.folder is None:
            return None
        try:
            with self._place(self.folder, what).open("rb") as file:
                entry: object = json.loads(file.read(_MOST))
            if not isinstance(entry, dict):
                return None
            table = cast("dict[str, object]", entry)
            at, salt = str(table["at"]), bytes.fromhex(str(table["salt"]))
            moment = dt.datetime.fromisoformat(at)
            fresh = dt.timedelta(0) <= now - moment < HOLDS
            given = str(table["code"]).encode()
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None  # whatever it is, it is no success of ours
        if not fresh or len(salt) != _SALT:
            return None
        expected = _code(what, secret, at, salt).encode()
        return moment if hmac.compare_digest(expected, given) else None

    def keep(self, what: str, secret: str, now: dt.datetime) -> None:
        """Remember a success; a folder that takes none costs one more read, later."""
        if self.folder is None:
            return
        salt, at = secrets.token_bytes(_SALT), now.isoformat()
        entry = {"at": at, "salt": salt.hex(), "code": _code(what, secret, at, salt)}
        path = self._place(self.folder, what)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, json.dumps(entry).encode())

    @staticmethod
    def _place(folder: Path, what: str) -> Path:
        name = hashlib.sha256(what.encode()).hexdigest()[:32]
        return folder / "successes" / f"{name}.json"


def _code(what: str, secret: str, at: str, salt: bytes) -> str:
    key = hashlib.scrypt(secret.encode(), salt=salt, dklen=32, **_COST)
    return hmac.digest(key, f"{at}\n{what}".encode(), "sha256").hex()
