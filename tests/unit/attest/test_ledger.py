"""Reading ledgers: limits, numbers, folders, threads."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.attest import ledger
from pytest_readiness.attest.appending import write_statement
from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.ledger import Tally

if TYPE_CHECKING:
    from pathlib import Path

World = Any


def read(world: World, path: Path | None = None, **more: Any) -> tuple[list, Tally]:
    """Read a ledger whole."""
    tally = Tally()
    found = list(
        ledger.read(path or world.files.attestations, world.trust, tally, **more)
    )
    return found, tally


def codes(tally: Tally) -> list[Code]:
    return [failure.code for failure in tally.failures]


def test_no_ledger_is_one_in_which_nobody_has_signed(world: World) -> None:
    found, tally = read(world)

    assert found == []
    assert tally == Tally()


def test_empty_lines_and_carriage_returns_mean_nothing(world: World) -> None:
    world.attest("bob")
    world.lines = [b"\n", world.lines[0].replace(b"\n", b"\r\n"), b"\r\n"]

    found, tally = read(world)

    assert len(found) == tally.lines == tally.believed == 1
    assert codes(tally) == []


def test_a_line_of_64_kib_is_read_and_a_longer_one_is_malformed(world: World) -> None:
    line = world.attestation("bob")
    fits = line + b" " * (64 * 1024 - len(line))
    world.files.attestations.parent.mkdir()
    for end in (b"\n", b"\r\n", b""):
        world.lines = [fits + end]
        assert read(world)[1].believed == 1

    for more in (1, 2, 3, 100_000):
        world.lines = [fits + b" " * more + b"\n", line + b"\n"]
        _found, tally = read(world)
        assert tally.believed == 1
        assert codes(tally) == [Code.MALFORMED]
        assert "line 1" in tally.failures[0].where
        assert "longer than 65536 bytes" in tally.failures[0].reason


def test_a_long_line_without_an_end_is_not_taken_for_a_torn_one(world: World) -> None:
    line = world.attestation("bob")
    world.files.attestations.parent.mkdir()
    world.lines = [line[:60] + b"A" * 100_000]

    _found, tally = read(world)

    assert codes(tally) == [Code.MALFORMED]
    assert tally.torn == ""


def test_at_most_twenty_bad_lines_are_reported_and_all_are_counted(
    world: World,
) -> None:
    world.attest("bob")
    world.lines = [*world.lines, *[b"\x1b[2Jx\n"] * 30]

    _found, tally = read(world)

    assert len(tally.failures) == 20
    assert tally.failed == 30
    assert "\x1b" not in str(tally.failures[0])
    assert str(tally.failures[0]).startswith(
        f"{world.files.attestations}, line 2: MALFORMED: no JSON"
    )


def test_too_many_lines_are_too_large(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MAX_LINES", 2)
    for _ in range(3):
        world.attest("bob")

    found, tally = read(world)

    assert codes(tally) == [Code.TOO_LARGE]
    assert found == []


def test_a_file_that_is_too_large_is_not_read(world: World) -> None:
    world.attest("bob")
    os.truncate(world.files.attestations, ledger.MAX_FILE_SIZE + 1)

    _found, tally = read(world)

    assert codes(tally) == [Code.TOO_LARGE]


@pytest.mark.parametrize("kind", ["pipe", "a file on the way"])
def test_what_is_no_file_and_no_folder_is_malformed(world: World, kind: str) -> None:
    path = world.root / "ledger"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(b"")
        path.chmod(0)
        path = world.root / "readme" / "ledger"
        path.parent.write_bytes(b"")

    found, tally = read(world, path)

    assert found == []
    assert codes(tally) == ([Code.MALFORMED] if kind == "pipe" else [])


def test_a_ledger_that_cannot_be_read_is_malformed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.attest("bob")

    def forbidden(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(ledger, "open_regular", forbidden)

    _found, tally = read(world)

    assert codes(tally) == [Code.MALFORMED]
    assert "cannot be read (Permission denied)" in tally.failures[0].reason


def test_two_threads_read_what_one_reads(world: World) -> None:
    people = ("bob", "erin", "dave", "heidi")
    for number in range(200):
        world.attest(people[number % 4])
    world.lines = [*world.lines, b"{}\n", world.lines[0]]

    one, first = read(world, threads=1)
    two, second = read(world, threads=2)

    assert [judged.payload for judged in one] == [judged.payload for judged in two]
    assert first.failures == second.failures
    assert first.believed == second.believed == 201


class TestFolder:
    """One statement a file, for teams that sign by pull requests (ruling 8)."""

    @pytest.fixture
    def folder(self, world: World) -> Path:
        folder: Path = world.root / "attestations"
        world.files = replace(world.files, attestations=folder)
        write_statement(folder, world.ITEM.id, world.attestation("bob"))
        write_statement(folder, world.ITEM.id, world.attestation("erin"))
        return folder

    def test_other_files_are_left_alone(self, world: World, folder: Path) -> None:
        (folder / "README.md").write_text("Read me.")
        (folder / world.ITEM.id / ".x.intoto.json.tmp").write_bytes(b"half a li")

        found, tally = read(world)

        assert len(found) == tally.believed == 2

    def test_a_file_may_be_formatted(self, world: World, folder: Path) -> None:
        (path, _other) = sorted(folder.rglob("*.intoto.json"))
        path.write_bytes(path.read_bytes().replace(b",", b",\n  "))

        assert read(world)[1].believed == 2

    def test_a_bad_file_is_named_and_its_name_cannot_do_harm(
        self, world: World, folder: Path
    ) -> None:
        (folder / "a\x1b[2J\u202e.intoto.json").write_bytes(b"{}")

        _found, tally = read(world)

        assert codes(tally) == [Code.MALFORMED]
        assert tally.failures[0].where == f"{folder}/a\\x1b[2J\\u202e.intoto.json"

    def test_a_file_cut_off_is_malformed(self, world: World, folder: Path) -> None:
        # Files are put into place whole, so no append of ours leaves that.
        path = next(folder.rglob("*.intoto.json"))
        path.write_bytes(path.read_bytes()[:100])

        assert codes(read(world)[1]) == [Code.MALFORMED]

    def test_a_link_is_not_followed(self, world: World, folder: Path) -> None:
        (folder / "x.intoto.json").symlink_to("/etc/hostname")

        _found, tally = read(world)

        assert codes(tally) == [Code.MALFORMED]

    def test_a_link_that_is_not_followed_is_named(
        self, world: World, folder: Path
    ) -> None:
        (folder / "x\u202e.intoto.json").symlink_to("/etc/hostname")

        (failure,) = read(world)[1].failures

        assert failure.where == f"{folder}/x\\u202e.intoto.json"

    @pytest.mark.parametrize("kind", ["a folder", "a file", "nothing"])
    def test_a_linked_folder_is_malformed_and_not_passed_over(
        self, world: World, folder: Path, kind: str
    ) -> None:
        """A veto that is written there would never be read."""
        (folder / world.ITEM.id).rename(world.root / "other")
        path = {"a folder": "other", "a file": "readme", "nothing": "gone"}[kind]
        (world.root / "readme").write_bytes(b"")
        (folder / world.ITEM.id).symlink_to(world.root / path)

        found, tally = read(world)

        if kind == "a folder":
            assert codes(tally) == [Code.MALFORMED]
            assert tally.failures[0].where == f"{folder}/{world.ITEM.id}"
            assert "a link" in tally.failures[0].reason
        else:
            assert found == tally.failures == []

    def test_the_folder_itself_may_be_a_link(self, world: World, folder: Path) -> None:
        link = world.root / "link"
        link.symlink_to(folder)

        assert read(world, link)[1].believed == 2

    @pytest.mark.parametrize("kind", ["a pipe", "a folder", "no right to read"])
    def test_what_has_a_statements_name_and_is_none_is_named(
        self, world: World, folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = folder / "x.intoto.json"
        if kind == "a pipe":
            os.mkfifo(path)
        elif kind == "a folder":
            path.mkdir()
            (path / "y.intoto.json").write_bytes(b"{}")
            path /= "y.intoto.json"
        else:
            path.write_bytes(b"")
            opened = os.open

            def forbidden(name: str, *more: Any) -> int:
                if name.endswith("x.intoto.json"):
                    raise PermissionError(13, "Permission denied", name)
                return opened(name, *more)

            monkeypatch.setattr(os, "open", forbidden)

        (failure,) = read(world)[1].failures

        assert failure.code is Code.MALFORMED
        assert failure.where == str(path)

    def test_too_many_files_are_too_large(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert folder.is_dir()
        monkeypatch.setattr(ledger, "MAX_LINES", 1)

        assert codes(read(world)[1]) == [Code.TOO_LARGE]

    def test_too_many_bytes_in_all_are_too_large(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        largest = max(path.stat().st_size for path in folder.rglob("*.json"))
        monkeypatch.setattr(ledger, "MAX_FILE_SIZE", largest)

        assert codes(read(world)[1]) == [Code.TOO_LARGE]

    def test_a_folder_that_cannot_be_listed_is_malformed(
        self, world: World, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def forbidden(path: str) -> None:
            raise PermissionError(13, "Permission denied", path)

        assert folder.is_dir()
        monkeypatch.setattr(os, "scandir", forbidden)

        assert codes(read(world)[1]) == [Code.MALFORMED]
