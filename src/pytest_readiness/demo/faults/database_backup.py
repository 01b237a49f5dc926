"""No backup, an old one, a broken one, or one that brings back something else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pytest_readiness.demo.faults.fault import Breakage, Fault
from pytest_readiness.demo.servers.postgres import DATABASE
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[bytes], bytes]

__all__ = ["FAULTS"]

_ITEMS = ("database-setup.backup-strategy", "operational-procedures.backup-process")
"""Both look at the newest backup."""
_LOOKS = frozenset({"backup", "drill"})
_HEAD, _OLD_COMPRESSION, _INT = 11, 14, 5
"""A dump begins with eleven bytes; before version 1.15 the compression is a number."""
_BEFORE_YEAR = 5


def _fails(name: str, summary: str, apply: Callable[[Breakage], None]) -> Fault:
    turns: dict[str, State] = dict.fromkeys(_ITEMS, State.FAILED)
    return Fault(name, summary, turns, _LOOKS, apply)


def _folder(breakage: Breakage, name: str) -> Path:
    folder = breakage.bench.backups / name
    folder.mkdir(exist_ok=True)
    breakage.tables["backup"]["path"] = str(folder)
    return folder


def _good(breakage: Breakage) -> bytes:
    (dump,) = breakage.bench.backups.glob("*.dump")
    return dump.read_bytes()


def _changed(change: Change, name: str) -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        dump = _folder(breakage, name) / "trading.dump"
        dump.write_bytes(change(_good(breakage)))

    return apply


def _last_year(dump: bytes) -> bytes:
    """Have a dump be of the year before: its time stands in its head, by parts."""
    at = _HEAD + (_INT if dump[6] <= _OLD_COMPRESSION else 1) + _BEFORE_YEAR * _INT + 1
    year = int.from_bytes(dump[at : at + 4], "little") - 1
    return dump[:at] + year.to_bytes(4, "little") + dump[at + 4 :]


def _dumped(name: str, *options: str, database: str = "") -> Callable[[Breakage], None]:
    def apply(breakage: Breakage) -> None:
        folder = _folder(breakage, name)
        breakage.bench.postgres.dump(
            folder / "trading.dump", *options, database=database or DATABASE
        )

    return apply


def _manifest(breakage: Breakage, dump: bytes, name: str) -> None:
    folder = _folder(breakage, name)
    (folder / "trading.dump").write_bytes(dump)
    digest = hashlib.sha256(_good(breakage)).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  trading.dump\n", "ascii")
    breakage.set("backup", read_up_to="1kB", manifest=str(folder / "SHA256SUMS"))


def _none(breakage: Breakage) -> None:
    _folder(breakage, "none")


def _large(breakage: Breakage) -> None:
    _manifest(breakage, _good(breakage), "large")


def _large_and_other(breakage: Breakage) -> None:
    # A byte more: it restores, and is not what the job wrote.
    _manifest(breakage, _good(breakage) + b"\0", "other")


def _slow(breakage: Breakage) -> None:
    breakage.tables["limits"] = {
        **breakage.tables.get("limits", {}),
        "backup": {"rto": "1ms"},
    }


def _live(breakage: Breakage) -> None:
    """Hold it against the database itself, as where a job counts nothing."""
    del breakage.tables["backup"]["counts"]


def _forbidden(breakage: Breakage) -> None:
    breakage.tables["allow"].remove("restore")


FAULTS = (
    _fails(
        *("backup-none", "there is no backup"),
        _none,
    ),
    _fails("backup-stale", "the backup is a year old", _changed(_last_year, "stale")),
    _fails(
        *("backup-truncated", "the last ten bytes of the backup are missing"),
        _changed(lambda dump: dump[:-10], "truncated"),
    ),
    _fails(
        *("backup-cut", "of the backup five percent are left"),
        _changed(lambda dump: dump[: len(dump) // 20], "cut"),
    ),
    _fails(
        *("backup-without-table", "the backup lacks a table"),
        _dumped("lacking", "--exclude-table=orders"),
    ),
    _fails(
        *("backup-of-another-database", "the backup is of another database"),
        _dumped("another", database="postgres"),
    ),
    _fails(
        *("backup-other-than-its-manifest", "a large backup is not what the job wrote"),
        _large_and_other,
    ),
    _fails("backup-slow-restore", "a restore takes longer than it may", _slow),
    Fault(
        "backup-no-drill",
        "nobody may try a restore",
        dict.fromkeys(_ITEMS, State.UNCONFIGURED),
        _LOOKS | {"row_counts"},
        _forbidden,
    ),
    Fault(
        *("backup-large", "a large backup is known by its manifest: good", {}, _LOOKS),
        _large,
    ),
    Fault(
        "backup-live",
        "a restore that brings back what is in the database: good",
        {},
        _LOOKS | {"row_counts"},
        _live,
    ),
)
