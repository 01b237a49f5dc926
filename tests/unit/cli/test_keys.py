"""``readiness keys``: made once, protected, never written over, shown in full."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.attest.keys import KeyKind, PrivateKey, PublicKey

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., object]

SECRET = "correct horse"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("form", ["openssh", "pem"])
@pytest.mark.parametrize("protected", [True, False])
def test_a_new_key_signs_and_is_its_owners_alone(
    readiness: Callable[..., object],
    tmp_path: Path,
    kind: KeyKind,
    form: str,
    *,
    protected: bool,
) -> None:
    (tmp_path / "phrase").write_text(f"{SECRET}\n")
    how = ["--passphrase-file", "phrase"] if protected else ["--no-passphrase"]
    arguments = ["--out", "key", "--type", kind, "--format", form, "--json"]
    done = readiness("keys", "new", *arguments, *how)
    key = PrivateKey.read(Path("key"), SECRET.encode if protected else None)

    assert done.code == 0
    assert mode(Path("key")) == 0o600
    assert key.public.kind is kind
    assert done.json["fingerprint"] == key.fingerprint
    assert PublicKey.load(done.json["openssh"]) == key.public
    assert PublicKey.load(done.json["pem"]) == key.public
    assert PublicKey.load(Path("key.pub").read_text()) == key.public
    assert ("ENCRYPTED" in Path("key").read_text()) is (protected and form == "pem")
    assert SECRET not in done.out + done.err


def test_the_lines_for_a_trust_file_are_toml(readiness: Command) -> None:
    arguments = ["--no-passphrase", "--comment", 'a "b" c', "--json"]
    done = readiness("keys", "new", *arguments)
    table = tomllib.loads(done.json["trust"])["signer"]["key"][0]

    assert table["key"] == done.json["openssh"]
    assert table["key"].endswith('a "b" c')
    assert (table["not_after"] - table["not_before"]).days == 365
    assert table["not_before"].tzinfo is not None


def test_without_a_name_it_goes_into_your_own_folder(
    readiness: Command, tmp_path: Path
) -> None:
    done = readiness("keys", "new", "--no-passphrase")
    path = tmp_path / "home" / "pytest-readiness" / "key"

    assert f"private key  {path}\n" in done.out
    assert mode(path.parent) == 0o700
    assert readiness("keys", "show").out == done.out


def test_no_key_is_ever_written_over(readiness: Command) -> None:
    readiness("keys", "new", "--no-passphrase")
    done = readiness("keys", "new", "--no-passphrase")

    assert done.code == 4
    assert "is there already, and no key is ever overwritten" in done.err


def test_a_passphrase_is_asked_twice(
    readiness: Command, terminal: Callable[..., list[str]]
) -> None:
    asked = terminal(SECRET, SECRET)
    done = readiness("keys", "new", "--out", "key")

    assert done.code == 0
    assert asked == ["passphrase for the new key: ", "the same again: "]
    assert PrivateKey.read(Path("key"), SECRET.encode)
    assert SECRET not in done.out + done.err


@pytest.mark.parametrize(
    ("answers", "said"),
    [(["one", "other"], "the passphrases differ"), ([""], "the passphrase is empty")],
)
def test_a_passphrase_that_is_none_makes_no_key(
    readiness: Command,
    terminal: Callable[..., list[str]],
    answers: list[str],
    said: str,
) -> None:
    terminal(*answers)
    done = readiness("keys", "new", "--out", "key")

    assert (done.code, Path("key").exists()) == (4, False)
    assert said in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "needs a passphrase, and this is no terminal"),
        (["--passphrase-file", "none"], "none: cannot be read"),
        (["--comment", "a\nb", "--no-passphrase"], "--comment: is not one line"),
        (["--out", "/proc/no/key", "--no-passphrase"], "/proc/no/key: cannot be"),
    ],
)
def test_what_cannot_be_made_is_one_line(
    readiness: Command, arguments: list[str], said: str
) -> None:
    done = readiness("keys", "new", *arguments)

    assert done.code == 4
    assert said in done.err
    assert done.err.count("\n") == 1


def test_the_environment_may_hold_the_passphrase(
    readiness: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READINESS_KEY_PASSPHRASE", SECRET)
    done = readiness("keys", "new", "--out", "key")

    assert done.code == 0
    assert PrivateKey.read(Path("key"), SECRET.encode)


def test_showing_asks_for_no_passphrase_where_the_public_half_is_there(
    readiness: Command, tmp_path: Path
) -> None:
    (tmp_path / "phrase").write_text(SECRET)
    made = readiness("keys", "new", "--out", "key", "--passphrase-file", "phrase")

    assert readiness("keys", "show", "--key", "key").out == made.out
    assert (
        readiness("keys", "show", "--key", "key.pub").out.splitlines()[1:]
        == (made.out.splitlines()[1:])
    )
    Path("key.pub").unlink()
    done = readiness("keys", "show", "--key", "key")
    assert "is protected by a passphrase, and this is no terminal" in done.err
    shown = readiness("keys", "show", "--key", "key", "--passphrase-file", "phrase")
    assert shown.out.splitlines()[1] == made.out.splitlines()[1]


def test_a_wrong_passphrase_may_be_typed_three_times(
    readiness: Command, tmp_path: Path, terminal: Callable[..., list[str]]
) -> None:
    (tmp_path / "phrase").write_text(SECRET)
    readiness("keys", "new", "--out", "key", "--passphrase-file", "phrase")
    Path("key.pub").unlink()
    asked = terminal("wrong", "wrong", SECRET, "wrong", "wrong", "wrong")

    assert readiness("keys", "show", "--key", "key").code == 0
    assert asked == ["passphrase of key: "] * 3
    done = readiness("keys", "show", "--key", "key")
    assert done.code == 4
    assert done.err.count("cannot be unlocked") == 3


def test_no_key_yet_names_the_command(readiness: Command) -> None:
    done = readiness("keys", "show")

    assert done.code == 4
    assert "you have no key yet; make one with `readiness keys new`" in done.err
