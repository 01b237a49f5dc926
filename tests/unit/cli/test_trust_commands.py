"""``readiness trust``: written, changed without loss, approved, checked, sealed."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from pytest_readiness.attest.trust_file import read_trust

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Done

TARGET = """\
[system]
name = "shop"
[release]
version = "1"
[target.here]
"""
SUITE = '''\
"""Host."""
from pytest_readiness import attested, item, section
pytestmark = section("host", stage="pre-production")

@item("one", owner="dba")
@attested(role=("dba", "ops-lead"), scope="environment")
def test_one():
    """One.

    Why: w.
    Fix: f.
    """
'''
TRUST = Path(".readiness/trust.toml")
Command = "Callable[..., Done]"


@pytest.fixture
def repository(readiness: Callable[..., Done], tmp_path: Path) -> Path:
    """Give a folder with a target file, a suite and three people's keys."""
    (tmp_path / "readiness.toml").write_text(TARGET)
    suite = tmp_path / "readiness_suite"
    suite.mkdir()
    (suite / "conftest.py").write_text("")
    (suite / "test_host.py").write_text(SUITE)
    assert readiness("check", "--write", suite).code == 0
    for name in ("ann", "bob", "eve", "new"):
        readiness("keys", "new", "--out", name, "--no-passphrase")
    return tmp_path


@pytest.fixture
def trusted(readiness: Callable[..., Done], repository: Path) -> Path:
    """Give one with a trust file: Ann is its root."""
    init = ("trust", "init", "--key", "ann", "--me", "ann", "--name", "Ann")
    assert readiness(*init, "--role", "dba,revoker").code == 0
    return repository


def git(*arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    done = subprocess.run(
        ["git", *who, *arguments],  # noqa: S607 - whichever is installed
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull},
    )
    return done.stdout


def table() -> dict[str, Any]:
    return tomllib.loads(TRUST.read_text())


def test_init_writes_a_small_trust_file_and_how_git_joins_the_ledger(
    readiness: Callable[..., Done], repository: Path
) -> None:
    init = ("trust", "init", "--key", "ann", "--me", "ann", "--name", "Ann", "--json")
    done = readiness(*init, "--role", "all", "--signer", "bob=dba,ops-lead")

    assert done.json["people"] == ["ann", "bob"]
    trust = read_trust(TRUST.read_bytes())
    assert (trust.system, trust.version) == ("shop", 1)
    assert (trust.root.threshold, trust.root.people) == (1, ("ann",))
    assert len(trust.by_id["ann"].roles) == 11
    assert trust.by_id["bob"].roles == ("dba", "ops-lead")
    attributes = repository / ".readiness" / ".gitattributes"
    assert attributes.read_text() == "*.intoto.jsonl merge=union\n"


def test_two_branches_signatures_are_joined_by_git(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    ledger = trusted / ".readiness" / "attestations.intoto.jsonl"
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "Begin")
    for name in ("one", "two"):
        git("checkout", "-q", "-b", name, "main")
        assert readiness("trust", "add", name, "--role", "registrar").code == 0
        git("checkout", "-q", "--", str(TRUST))
        ledger.write_text(f"{name}\n")
        git("add", "-A")
        git("commit", "-qm", name)
    git("merge", "-q", "-m", "Join", "one")

    assert sorted(ledger.read_text().split()) == ["one", "two"]


def test_init_asks_at_a_terminal(
    readiness: Callable[..., Done],
    repository: Path,
    terminal: Callable[..., list[str]],
) -> None:
    assert repository.is_dir()
    terminal("ann", "Ann Example", "dba, qa-lead")
    done = readiness("trust", "init", "--key", "ann")

    assert done.code == 0
    (person,) = table()["signer"]
    assert (person["person"], person["name"]) == ("ann", "Ann Example")
    assert person["roles"] == ["dba", "qa-lead"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "you need at least one role"),
        (["--role", "dbaa"], "there is no role 'dbaa'; is `dba` meant?"),
        (["--role", "dba", "--me", "Ann!"], "'Ann!' is no person's id"),
        (["--role", "dba", "--signer", "bob"], "'bob' has no roles"),
        (["--role", "dba", "--days", "500"], "over 400 days after"),
    ],
)
def test_a_mistake_at_init_writes_nothing(
    readiness: Callable[..., Done], repository: Path, arguments: list[str], said: str
) -> None:
    assert repository.is_dir()
    done = readiness("trust", "init", "--key", "ann", *arguments)

    assert (done.code, TRUST.exists()) == (4, False)
    assert said in done.err


def test_init_is_never_done_twice(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    before = (trusted / TRUST).read_bytes()
    done = readiness("trust", "init", "--key", "bob", "--role", "dba")

    assert done.code == 4
    assert "is there already; change it with `readiness trust add`" in done.err
    assert TRUST.read_bytes() == before


def test_without_a_target_file_there_is_no_system(
    readiness: Callable[..., Done],
) -> None:
    assert readiness("trust", "check").code == 4


HAND_WRITTEN = """\
# Reviewed with the auditors.
{head}
[root]   # who approves the next one
threshold = 1
people = ["ann"]

# Databases.
[[signer]]
person = "ann"     # the unit of thresholds
name = "Ann # not a comment"
roles = [
  "dba",  # since 2020
]
{key}
[[rule]]   # every rule applies
items = ["host.*"]
max_age_days = 9
"""


def by_hand(trusted: Path) -> str:
    """Write the trust file as a person would."""
    text = (trusted / TRUST).read_text()
    lines = text.splitlines()
    head = "\n".join(lines[1 : lines.index("[root]")])
    key = "\n".join(lines[lines.index("[[signer.key]]") :])
    written = HAND_WRITTEN.format(head=head, key=key)
    (trusted / TRUST).write_text(written)
    return written


@pytest.mark.parametrize(
    "change",
    [
        ["add", "ann", "--role", "qa-lead", "--title", "Head"],
        ["add", "ann", "--public-key", "new.pub"],
        ["add", "bob", "--role", "ops-lead", "--public-key", "bob.pub"],
        ["rotate", "--person", "ann", "--public-key", "new", "--end-old"],
        ["rotate", "--days", "30"],
    ],
)
def test_comments_and_order_survive_a_change(
    readiness: Callable[..., Done], trusted: Path, change: list[str]
) -> None:
    before = by_hand(trusted)
    done = readiness("trust", *change)
    after = TRUST.read_text()

    assert done.code == 0, done.err
    comments = [line.partition("#")[2] for line in before.splitlines() if "#" in line]
    assert [
        line.partition("#")[2] for line in after.splitlines() if "#" in line
    ] == comments
    assert after.index("[root]") < after.index("[[signer]]") < after.index("[[rule]]")
    assert table()["version"] == 2
    assert table()["rule"] == tomllib.loads(before)["rule"]


def test_what_cannot_be_changed_without_loss_is_left_alone(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    other = '\n[[signer]]\nperson = "bob"\nname = "Bob"\n'
    (trusted / TRUST).write_text(by_hand(trusted) + other)
    before = TRUST.read_bytes()
    done = readiness("trust", "add", "bob", "--role", "dba")

    assert done.code == 4
    assert "cannot be changed without loss; change it by hand" in done.err
    assert TRUST.read_bytes() == before


def test_a_change_that_makes_no_trust_file_is_not_written(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    before = (trusted / TRUST).read_bytes()
    done = readiness("trust", "add", "bob", "--public-key", "ann.pub")

    assert done.code == 4
    assert "would be refused: signer ann, bob: the key" in done.err
    assert TRUST.read_bytes() == before


def test_a_private_key_has_no_business_there(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    (trusted / "bob.pub").unlink()
    secret = (trusted / "bob").read_text()
    for text in ("bob", secret):
        done = readiness("trust", "add", "bob", "--public-key", text)
        assert done.code == 4
        assert "PRIVATE" not in done.out + done.err


def test_changes_are_one_version_until_it_is_committed(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    git("init", "-q")
    git("add", "readiness.toml")
    git("commit", "-qm", "Begin")
    readiness("trust", "add", "bob", "--role", "ops-lead")
    assert table()["version"] == 1
    git("add", "-A")
    git("commit", "-qm", "Trust")
    readiness("trust", "add", "bob", "--public-key", "bob.pub")
    readiness("trust", "add", "bob", "--role", "dba")
    assert table()["version"] == 2
    (trusted / TRUST).touch()
    git("commit", "-qam", "Bob")
    assert readiness("trust", "rotate", "--json").json["version"] == 3


def test_a_root_is_added_and_both_approve(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    git("init", "-q")
    readiness("trust", "add", "bob", "--public-key", "bob.pub", "--role", "ops-lead")
    git("add", "-A")
    git("commit", "-qm", "Trust")
    done = readiness("trust", "rotate", "--add-root", "bob", "--root-threshold", "2")
    assert "the roots approve it with `readiness trust approve`: ann, bob." in done.out

    checked = readiness("trust", "check")
    assert checked.code == 1
    assert "the step from the version before: 1 of the roots of" in checked.out
    approve = ("trust", "approve", "--yes", "--json")
    first = readiness(*approve, "--key", "ann")
    second = readiness(*approve, "--key", "bob")
    assert first.json["approved_by"] == ["ann"]
    assert second.json["approved_by"] == ["ann", "bob"]
    assert "You sign as Ann (ann), with the key" in first.err
    assert readiness("trust", "check").code == 0

    prints = [readiness("keys", "show", "--key", n, "--json").json for n in ("ann",)]
    roots = ",".join(one["fingerprint"] for one in prints)
    pinned = readiness("trust", "check", "--trust-root", roots, "--json").json
    assert pinned["pinned"]
    assert pinned["broken"] == []
    assert any("business-owner" in one for one in pinned["problems"])
    # Approved once, a change is another version.
    approved = table()["version"]
    readiness("trust", "add", "bob", "--role", "dba")
    assert table()["version"] == approved + 1
    broken = readiness("trust", "check", "--trust-root", roots)
    assert broken.code == 13
    assert "TRUST_THRESHOLD" in broken.out
    assert trusted.is_dir()


def test_a_root_that_leaves_approves_the_step(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    git("init", "-q")
    readiness("trust", "add", "bob", "--public-key", "bob.pub")
    readiness("trust", "rotate", "--add-root", "bob", "--root-threshold", "2")
    git("add", "-A")
    git("commit", "-qm", "Two roots")
    readiness("trust", "add", "eve", "--public-key", "eve.pub")
    change = ("--remove-root", "ann", "--add-root", "eve")
    assert readiness("trust", "rotate", *change).code == 0
    for name in ("ann", "bob", "eve"):
        assert readiness("trust", "approve", "--yes", "--key", name).code == 0

    assert readiness("trust", "check", "--json").json["approved_by"] == [
        "ann",
        "bob",
        "eve",
    ]
    assert "step from the version" not in readiness("trust", "check").out
    assert trusted.is_dir()


def test_only_a_root_approves(readiness: Callable[..., Done], trusted: Path) -> None:
    readiness("trust", "add", "bob", "--public-key", "bob.pub")
    done = readiness("trust", "approve", "--yes", "--key", "bob")

    assert done.code == 4
    assert "is no root's; the roots are ann" in done.err
    assert not (trusted / ".readiness" / "trust.intoto.jsonl").exists()


def test_without_a_yes_nothing_is_approved(
    readiness: Callable[..., Done],
    trusted: Path,
    terminal: Callable[..., list[str]],
) -> None:
    terminal("n")

    assert readiness("trust", "approve", "--key", "ann").code == 1
    assert not (trusted / ".readiness" / "trust.intoto.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--end-old"], "whose key it is has not been said"),
        (["--person", "ann"], "what becomes of the key has not been said"),
        (["--person", "zoe", "--end-old"], "has no signer `zoe`"),
        (["--remove-root", "zoe"], "'zoe' is no root"),
        (["--root-threshold", "2"], "2 can never be met"),
        (["--remove-root", "ann"], "root, people"),
    ],
)
def test_a_rotation_that_makes_no_sense(
    readiness: Callable[..., Done], trusted: Path, arguments: list[str], said: str
) -> None:
    before = (trusted / TRUST).read_bytes()
    done = readiness("trust", "rotate", *arguments)

    assert done.code == 4
    assert said in done.err
    assert TRUST.read_bytes() == before


def test_a_compromised_key_is_marked_once(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    rotate = ("trust", "rotate", "--person", "ann", "--public-key", "new.pub")
    assert readiness(*rotate, "--compromised").code == 0
    keys = table()["signer"][0]["key"]

    assert [key.get("status") for key in keys] == ["compromised", None]
    done = readiness("trust", "approve", "--yes", "--key", "ann")
    assert "is marked as compromised; have a new key entered" in done.err
    assert readiness("trust", "approve", "--yes", "--key", "new").code == 0
    (trusted / "again").write_text("")
    assert readiness("trust", "rotate", "--person", "bob", "--end-old").code == 4


def test_check_says_who_fills_which_role_and_what_nobody_fills(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    readiness("trust", "add", "bob", "--role", "ops-lead")
    done = readiness("trust", "check")

    assert done.code == 1
    assert "Roots: 1 of ann; approved by nobody." in done.out
    assert "It is not pinned: whoever writes" in done.out
    assert "  dba       ann\n" in done.out
    assert "  ops-lead  -\n" in done.out
    assert "  revoker   ann  (the suite does not ask for it)\n" in done.out
    assert "! bob has no key: `readiness trust add bob --public-key KEY`" in done.out
    assert "! nobody with a valid key is ops-lead" in done.out
    assert all(
        len(line) <= 80 or str(trusted) in line for line in done.out.splitlines()
    )


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (340, "it expires 20"),
        (340, "the last key of ann ends"),
        (366, "it has expired 20"),
        (366, "the last key of ann ended"),
    ],
)
def test_check_announces_what_ends(
    readiness: Callable[..., Done], trusted: Path, days: int, said: str
) -> None:
    assert trusted.is_dir()
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    with time_machine.travel(later):
        done = readiness("trust", "check")

    assert done.code == 1
    assert said in done.out


def test_check_knows_another_system_and_a_mistyped_pattern(
    readiness: Callable[..., Done], trusted: Path
) -> None:
    text = (trusted / TRUST).read_text()
    (trusted / TRUST).write_text(f'{text}\n[[rule]]\nitems = ["hots.*"]\n')
    (trusted / "readiness.toml").write_text(TARGET.replace("shop", "store"))
    done = readiness("trust", "check")

    assert done.code == 13
    assert "!! WRONG_SYSTEM: for 'shop', but 'store' is judged" in done.out
    assert "! the pattern hots.* matches no item" in done.out


def test_check_of_no_trust_file_names_the_command(
    readiness: Callable[..., Done], repository: Path
) -> None:
    done = readiness("trust", "check")

    assert done.code == 4
    assert "write one with `readiness trust init`" in done.err
    (repository / TRUST).mkdir(parents=True)
    assert readiness("trust", "check").code == 4


def sealed(readiness: Callable[..., Done], *arguments: str) -> Done:
    return readiness("trust", "snapshot", "--key", "eve", "--yes", *arguments)


@pytest.fixture
def registered(readiness: Callable[..., Done], trusted: Path) -> Path:
    """Give one whose registrar is Eve."""
    add = ("trust", "add", "eve", "--public-key", "eve.pub", "--role", "registrar")
    assert readiness(*add).code == 0
    with (trusted / TRUST).open("a") as file:
        file.write("\n[snapshot]\nmax_hours = 24\n")
    return trusted


def test_a_snapshot_lists_what_is_signed(
    readiness: Callable[..., Done], registered: Path
) -> None:
    first = sealed(readiness, "--json").json
    second = sealed(readiness, "--hours", "2", "--json").json
    listed = (registered / ".readiness" / "snapshot.txt").read_text().split()

    assert (first["version"], first["count"]) == (1, 0)
    assert (second["version"], second["count"]) == (2, 1)
    assert listed == [first["payload"]]


@pytest.mark.parametrize("accept", [False, True])
def test_a_loss_is_not_sealed_unless_it_is_meant(
    readiness: Callable[..., Done], registered: Path, *, accept: bool
) -> None:
    sealed(readiness)
    sealed(readiness)
    ledger = registered / ".readiness" / "attestations.intoto.jsonl"
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(lines[1])
    done = sealed(readiness, *(["--without-missing"] if accept else []))

    assert done.code == (0 if accept else 4)
    assert ("lists 1 statements that are gone" in done.err) is not accept


@pytest.mark.parametrize("accept", [False, True])
def test_without_the_last_list_no_loss_would_show(
    readiness: Callable[..., Done], registered: Path, *, accept: bool
) -> None:
    sealed(readiness)
    sealed(readiness)
    (registered / ".readiness" / "snapshot.txt").unlink()
    done = sealed(readiness, *(["--without-missing"] if accept else []))

    assert done.code == (0 if accept else 4)
    assert ("is not the list that the last snapshot signs" in done.err) is not accept


def test_a_snapshot_is_a_registrars_and_lasts_no_longer_than_it_may(
    readiness: Callable[..., Done], registered: Path
) -> None:
    other = readiness("trust", "snapshot", "--key", "ann", "--yes")
    assert "ann is no registrar; have a registrar take the snapshot" in other.err
    assert "25 is not from 1 to 24" in sealed(readiness, "--hours", "25").err
    ledger = registered / ".readiness" / "attestations.intoto.jsonl"
    ledger.write_text("junk\n")
    done = sealed(readiness)
    assert "attestations.intoto.jsonl, line 1: MALFORMED" in done.err
    assert not (registered / ".readiness" / "snapshot.txt").exists()


def test_a_snapshot_is_asked_about(
    readiness: Callable[..., Done],
    registered: Path,
    terminal: Callable[..., list[str]],
) -> None:
    terminal("no")

    assert readiness("trust", "snapshot", "--key", "eve").code == 1
    assert not (registered / ".readiness" / "snapshot.txt").exists()
