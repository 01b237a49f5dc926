"""Appending: nothing is lost when two write, nor when one is killed at any byte."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import appending
from pytest_readiness.attest.appending import append, write_statement
from pytest_readiness.attest.codes import Code, Malformed
from pytest_readiness.attest.result import Result
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from pathlib import Path

World = Any


def test_lines_are_appended_whole_to_a_new_file_in_a_new_folder(world: World) -> None:
    lines = [world.attestation("bob"), world.attestation("erin")]
    path = world.root / "new" / "folder" / "ledger"

    append(path, lines[:1])
    append(path, lines[1:])

    assert path.read_bytes() == b"".join(line + b"\n" for line in lines)


def test_what_is_no_envelope_is_not_appended(world: World) -> None:
    with pytest.raises(AttestationError):
        append(world.files.attestations, [world.attestation("bob"), b"{}"])

    assert not world.files.attestations.exists()


def test_a_file_that_cannot_be_written_is_named(world: World) -> None:
    world.files.attestations.mkdir(parents=True)

    with pytest.raises(AttestationError, match=r"cannot be written \(Is a directory"):
        append(world.files.attestations, [world.attestation("bob")])


def test_a_kill_at_any_byte_leaves_a_readable_ledger(world: World) -> None:
    """Two lines are appended in one go; the write stops after each number of bytes."""
    first, second, third = (world.attestation(name) for name in ("bob", "erin", "dave"))
    before, after = first + b"\n", first + b"\n" + second + b"\n" + third + b"\n"
    path = world.files.attestations
    path.parent.mkdir()

    ends = [len(before), len(before) + len(second) + 1, len(after)]
    near = {end + step for end in ends for step in range(-5, 2)}
    lengths = near | set(range(len(before), len(after), 41))
    for length in sorted(n for n in lengths if len(before) <= n <= len(after)):
        path.write_bytes(after[:length])
        whole = after[:length].count(b"\n")
        found = world.read()
        assert not found.broken
        complete = after[:length].endswith((second, third))
        assert found.tally.believed == whole + complete
        assert bool(found.tally.torn) is not (complete or after[length - 1] == 10)

        append(path, [world.attestation("heidi")])
        found = world.read()
        assert not found.broken
        assert found.tally.torn == ""
        assert found.tally.believed == whole + complete + 1


def test_an_interrupted_line_is_announced(world: World) -> None:
    world.attest("bob")
    world.lines = [world.lines[0], world.attestation("erin")[:-1]]

    found = world.read()

    assert any("line 2: is cut off" in warning for warning in found.warnings)
    assert found.verify(world.ITEM).result is Result.SATISFIED


def test_a_whole_line_without_its_end_gets_it(world: World) -> None:
    world.attest("bob")
    tail = world.attestation("erin")
    world.lines = [*world.lines, tail]

    append(world.files.attestations, [world.attestation("heidi")])

    assert world.read().tally.believed == 3
    assert world.lines[1] == tail + b"\n"


def test_a_tampered_last_line_is_never_repaired_away(world: World) -> None:
    world.attest("bob")
    lie = world.repack(world.attestation("erin"), "SATISFIED", "SATISFIED ")
    world.lines = [*world.lines, lie]
    assert world.read().failures[0].code is Code.TAMPERED

    append(world.files.attestations, [world.attestation("heidi")])

    assert world.read().failures[0].code is Code.TAMPERED


def test_a_foreign_last_line_is_left_alone(world: World) -> None:
    foreign = b'{"payloadType":"text/plain","payload":"","signatures":[]}'
    world.files.attestations.parent.mkdir()
    world.lines = [foreign]

    append(world.files.attestations, [world.attestation("bob")])

    assert world.lines[0] == foreign + b"\n"


@pytest.mark.parametrize("tail", [b"junk", b"<<<<<<< HEAD", b"{" + b"x" * 70_000])
def test_a_damaged_end_is_not_ours_to_remove(world: World, tail: bytes) -> None:
    world.attest("bob")
    world.lines = [*world.lines, tail]
    before = world.files.attestations.read_bytes()

    with pytest.raises(AttestationError, match="the last line is damaged"):
        append(world.files.attestations, [world.attestation("heidi")])

    assert world.files.attestations.read_bytes() == before
    assert world.read().failures[0].code is Code.MALFORMED


def test_a_write_that_stops_short_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(appending.os, "write", lambda fd, data: write(fd, data[:100]))

    world.attest("bob")

    assert world.read().tally.believed == 1


WRITER = """
    import sys
    from pathlib import Path
    from pytest_readiness.attest.appending import append
    path, line, count = Path(sys.argv[1]), sys.stdin.buffer.read(), int(sys.argv[2])
    print("ready", flush=True)
    for _ in range(count):
        append(path, [line])
"""


def start(path: Path, line: bytes, count: int) -> subprocess.Popen[bytes]:
    """Start a process that appends a line so often."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), path, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.close()
    return process


def test_processes_that_append_at_the_same_time_lose_nothing(world: World) -> None:
    people = ("bob", "erin", "dave")
    path = world.files.attestations
    writers = [start(path, world.attestation(name), 40) for name in people]
    for writer in writers:
        assert writer.wait(60) == 0
        assert writer.stdout is not None
        writer.stdout.close()

    found = world.read()

    assert not found.broken
    assert found.tally.torn == ""
    assert found.tally.believed == 120


def test_a_killed_writer_leaves_a_readable_ledger(world: World) -> None:
    path = world.files.attestations
    writer = start(path, world.attestation("bob"), 1_000_000)
    assert writer.stdout is not None
    writer.stdout.readline()
    while not path.exists() or path.stat().st_size < 20_000:
        assert writer.poll() is None
    writer.send_signal(signal.SIGKILL)
    writer.wait(60)
    writer.stdout.close()
    whole = path.read_bytes().count(b"\n")

    world.attest("erin")

    found = world.read()
    assert not found.broken
    assert found.tally.believed >= whole + 1


def test_a_file_that_is_replaced_while_we_wait_is_opened_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.attest("bob")
    path, flock, times = world.files.attestations, fcntl.flock, []

    def slow(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        times.append(descriptor)
        if len(times) == 1:  # as `git checkout` does
            other = path.with_name("other")
            other.write_bytes(path.read_bytes())
            other.replace(path)
        elif len(times) == 2:
            path.unlink()

    monkeypatch.setattr(fcntl, "flock", slow)
    append(path, [world.attestation("erin")])

    assert len(times) == 3
    assert world.read().tally.believed == 1


class TestFolder:
    """One statement a file."""

    @pytest.fixture
    def folder(self, world: World) -> Path:
        folder: Path = world.root / "attestations"
        world.files = replace(world.files, attestations=folder)
        return folder

    def test_a_statement_that_is_written_again_is_one_file(
        self, world: World, folder: Path
    ) -> None:
        line = world.attestation("bob")

        assert write_statement(folder, "a.b", line) == write_statement(
            folder, "a.b", line
        )
        assert len(list(folder.rglob("*"))) == 2

    @pytest.mark.parametrize("content", [b"{}", None])
    def test_another_statement_of_the_same_short_name_is_not_written_over(
        self, world: World, folder: Path, content: bytes | None
    ) -> None:
        line = world.attestation("bob")
        path = write_statement(folder, "a.b", line)
        path.write_bytes(world.attestation("erin") if content is None else content)

        other = write_statement(folder, "a.b", line)

        assert other != path
        assert other.name.startswith(path.name[:12])
        assert len(other.name) == 64 + len(".intoto.json")

    def test_a_folder_that_cannot_be_written_is_named(
        self, world: World, folder: Path
    ) -> None:
        folder.write_bytes(b"")

        with pytest.raises(AttestationError, match="cannot be written"):
            write_statement(folder, "a.b", world.attestation("bob"))


@pytest.mark.parametrize("between", [b"\n", b"\r", b"\r\n"])
def test_an_envelope_over_several_lines_is_not_appended(
    world: World, between: bytes
) -> None:
    """In a ledger each of its lines would be malformed, and close the gate."""
    world.attest("bob")
    before = world.lines
    formatted = world.attestation("erin").replace(b",", b"," + between)

    with pytest.raises(Malformed, match="not on one line"):
        append(world.files.attestations, [world.attestation("erin"), formatted])

    assert world.lines == before
