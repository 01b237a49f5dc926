from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue import files
from pytest_readiness.catalogue.files import write_atomically

if TYPE_CHECKING:
    from typing import NoReturn


def test_a_new_file_is_readable_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "suite.lock"
    write_atomically(path, b"one")
    assert path.read_bytes() == b"one"
    assert path.stat().st_mode & 0o777 == 0o644
    assert list(tmp_path.iterdir()) == [path]


def test_an_old_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "real", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o600)
    link.symlink_to(path)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "suite.lock"
    path.write_bytes(b"old")

    def full(_descriptor: int) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "nowhere" / "suite.lock", b"")


def test_a_folder_is_flushed_only_where_it_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    write_atomically(tmp_path / "a", b"")
    on_posix = len(flushed)
    # The module's own name for the system: pathlib asks it as well.
    monkeypatch.setattr(files, "os", _Elsewhere())
    write_atomically(tmp_path / "b", b"")
    assert (on_posix, len(flushed) - on_posix) == (2, 1)


class _Elsewhere:
    name = "nt"

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    old, new = b"o" * 100_000, b"n" * 100_000
    path.write_bytes(old)
    script = (
        "import pathlib\n"
        "from pytest_readiness.catalogue.files import write_atomically\n"
        "while True:\n"
        f"    write_atomically(pathlib.Path({str(path)!r}), b'n' * 100_000)\n"
        "    print(flush=True)\n"
    )
    source = str(Path(files.__file__).parents[2])
    for writes in range(1, 6):
        with subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": source},
        ) as child:
            assert child.stdout is not None
            for _ in range(writes):
                child.stdout.readline()
            child.kill()
        assert path.read_bytes() in {old, new}
