from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.key_files import write_new
from pytest_readiness.attest.keys import PrivateKey, PublicKey, WrongPassphraseError
from pytest_readiness.errors import AttestationError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_key_is_two_files_and_nothing_else(tmp_path: Path) -> None:
    key = PrivateKey.generate()
    path = tmp_path / "alice"

    public = write_new(path, key, comment="alice@laptop")

    assert sorted(tmp_path.iterdir()) == [path, public]
    assert PrivateKey.read(path).public == key.public
    assert public.name == "alice.pub"
    assert public.read_text() == f"{key.public.openssh('alice@laptop')}\n"
    assert PublicKey.load(public.read_text()) == key.public


def test_only_the_owner_can_read_the_private_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        public = write_new(tmp_path / "alice", PrivateKey.generate())
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "alice").stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644


def test_the_private_file_is_protected_by_the_passphrase(tmp_path: Path) -> None:
    key = PrivateKey.generate()
    path = tmp_path / "alice"
    write_new(path, key, passphrase=b"secret")

    with pytest.raises(WrongPassphraseError):
        PrivateKey.read(path)
    assert PrivateKey.read(path, lambda: b"secret").public == key.public


@pytest.mark.parametrize("taken", ["alice", "alice.pub"])
@pytest.mark.parametrize("dangling", [False, True], ids=["file", "link"])
def test_no_file_is_ever_overwritten(
    tmp_path: Path,
    taken: str,
    dangling: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    if dangling:
        (tmp_path / taken).symlink_to(tmp_path / "nowhere")
    else:
        (tmp_path / taken).write_text("precious")

    with pytest.raises(AttestationError, match="exists already"):
        write_new(tmp_path / "alice", PrivateKey.generate())
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert dangling or (tmp_path / taken).read_text() == "precious"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AttestationError, match="No such file"):
        write_new(tmp_path / "no" / "alice", PrivateKey.generate())


def refuse_links(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_file_system_without_hard_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse_links)
    key = PrivateKey.generate()

    public = write_new(tmp_path / "alice", key)

    assert sorted(tmp_path.iterdir()) == [tmp_path / "alice", public]
    assert PrivateKey.read(tmp_path / "alice").public == key.public
    assert stat.S_IMODE((tmp_path / "alice").stat().st_mode) == 0o600


@pytest.mark.parametrize("links", [True, False], ids=["links", "no-links"])
def test_a_name_taken_meanwhile_is_not_overwritten(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    links: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    path = tmp_path / "alice"
    if not links:
        monkeypatch.setattr(os, "link", refuse_links)
    synchronise = os.fsync

    def somebody_is_faster(descriptor: int) -> None:
        path.write_text("precious")
        synchronise(descriptor)

    monkeypatch.setattr(os, "fsync", somebody_is_faster)
    with pytest.raises(AttestationError, match="File exists"):
        write_new(path, PrivateKey.generate())

    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("passphrase", [None, b"correct horse"])
def test_a_pem_file_is_written_alike(tmp_path: Path, passphrase: bytes | None) -> None:
    key = PrivateKey.generate()
    path = tmp_path / "key"
    write_new(path, key, passphrase=passphrase, pem=True)
    data = path.read_bytes()
    read = PrivateKey.load(data, (lambda: passphrase) if passphrase else None)

    assert read.fingerprint == key.fingerprint
    assert data.startswith(b"-----BEGIN ")
    assert (b"ENCRYPTED" in data) is (passphrase is not None)
    assert path.stat().st_mode & 0o777 == 0o600
