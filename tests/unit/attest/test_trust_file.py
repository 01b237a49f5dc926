"""The trust file is read strictly: what is wrong is named with its place."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import pytest
import tomli_w
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.keys import KeyKind, PrivateKey
from pytest_readiness.attest.trust_file import MAX_TRUST_SIZE, read_trust

World = Any


def reason(world: World, data: bytes | None = None) -> str:
    """Give why the file is invalid."""
    with pytest.raises(Refused) as caught:
        read_trust(world.trust_bytes() if data is None else data)
    assert caught.value.code is Code.TRUST_INVALID
    assert caught.value.where == "trust.toml"
    assert caught.value.reason.isascii()
    assert caught.value.reason.isprintable()
    return caught.value.reason


def test_the_formats_own_example_is_read(world: World) -> None:
    world.table |= {
        "skew_seconds": 300,
        "checklist": {
            "name": "production",
            "items": 196,
            "sha256": "2e" * 32,
        },
        "rule": [
            {"items": ["*"], "bind": ["environment"], "max_age_days": 90},
            {
                "items": ["sec-*"],
                "bind": ["release"],
                "max_age_days": 30,
                "need": [{"role": "security-lead", "count": 1}],
                "not_by": ["authors"],
            },
        ],
        "waiver": {"max_days": 30, "max_waivers": 5, "never": ["sec.one"]},
        "snapshot": {"role": "registrar", "max_hours": 168},
        "certificate": {
            "need": [{"role": "executive-sponsor", "count": 1}],
            "max_hours": 72,
        },
        "probes": {"git_tree": "a3" * 20},
        "approvals": {"people": 2},
        "revoked": [{"payload_sha256": "81" * 32, "reason": "PT-77 covered 2.3 only"}],
    }
    data = world.trust_bytes()

    trust = read_trust(data)

    assert trust.digest == hashlib.sha256(data).hexdigest()
    assert trust.version == 7
    assert trust.skew == dt.timedelta(minutes=5)
    assert trust.revoked_payloads == {"81" * 32}
    assert trust.rules[1].need[0].role == "security-lead"
    assert trust.approvals.people == 2
    assert trust.certificate is not None


def test_the_smallest_trust_file_is_one_root(world: World) -> None:
    world.table["signer"] = [world.person("alice")]
    world.table["root"] = {"threshold": 1, "people": ["alice"]}

    trust = world.trust

    assert trust.approvals.people == 3
    assert trust.waiver.max_waivers == 5
    assert trust.snapshot is None


@pytest.mark.parametrize("kind", KeyKind)
@pytest.mark.parametrize("form", ["openssh", "pem"])
def test_keys_of_both_kinds_are_read_in_both_forms(
    world: World, kind: KeyKind, form: str
) -> None:
    key = PrivateKey.generate(kind).public
    text = key.pem if form == "pem" else key.openssh("bob@laptop")
    world.person("bob")["key"][0]["key"] = text

    assert world.trust.public_keys[key.fingerprint] == key


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\xff", "no UTF-8 at byte 1"),
        (b"\xef\xbb\xbfversion = 1", "no TOML"),
        (b"version = 1\nversion = 2", "no TOML: Cannot overwrite a value"),
        (b"version = " + b"9" * 5000, "no TOML"),
        (b"x = " + b"[" * 5000, "no TOML"),
        (b"x = '\x1b[2J'", "no TOML"),
        (b"", "format: field required"),
    ],
)
def test_what_is_no_toml_is_invalid(world: World, data: bytes, text: str) -> None:
    assert text in reason(world, data)


def test_a_file_that_is_too_long_is_not_parsed(world: World) -> None:
    data = world.trust_bytes()
    fits = data + b"#" * (MAX_TRUST_SIZE - len(data))
    assert read_trust(fits).version == 7

    with pytest.raises(Refused) as caught:
        read_trust(fits + b"#")

    assert caught.value.code is Code.TOO_LARGE


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"format": "pytest-readiness/trust/2"}, "format: input should be"),
        ({"system": ""}, "system: string should have at least 1 character"),
        ({"system": 5}, "system: input should be a valid string"),
        ({"organisation": "acme"}, "the file: needs either `system` or `organisation`"),
        ({"version": 0}, "version: "),
        ({"version": True}, "version: input should be a valid integer"),
        ({"version": "7"}, "version: input should be a valid integer"),
        ({"version": 2**53}, "version: "),
        ({"skew_seconds": 901}, "skew_seconds: "),
        ({"skew_seconds": -1}, "skew_seconds: "),
        ({"expires": dt.date(2027, 1, 1)}, "expires: needs date, time and offset"),
        ({"issued": "2026-10-01T00:00:00Z"}, "issued: needs date, time and offset"),
        ({"checklist": {"name": "x", "items": 1}}, "checklist, sha256: field required"),
        (
            {"checklist": {"name": "x", "items": 1, "sha256": "AB" * 32}},
            "checklist, sha256: ",
        ),
        ({"waiver": {"max_days": 31}}, "waiver, max_days: "),
        ({"waiver": {"never": ["SEC-001"]}}, "waiver, never 1: "),
        ({"waiver": {"not_by": ["friends"]}}, "waiver, not_by 1: "),
        ({"snapshot": {"max_hours": 169}}, "snapshot, max_hours: "),
        ({"snapshot": {"role": "notary"}}, "snapshot, role: is none of the roles"),
        ({"rule": [{"items": []}]}, "rule 1, items: "),
        ({"rule": [{"items": ["*"], "bind": ["galaxy"]}]}, "rule 1, bind 1: "),
        ({"rule": [{"items": ["*"], "max_age_days": 401}]}, "rule 1, max_age_days: "),
        ({"rule": [{"items": ["*"]}] * 513}, "rule: "),
        (
            {"rule": [{"items": ["*"], "need": [{"role": "dba", "count": 0}]}]},
            "rule 1, need 1, count: ",
        ),
        ({"probes": {"git_tree": "a3"}}, "probes, git_tree: "),
        ({"revoked": [{"payload_sha256": "x", "reason": "y"}]}, "revoked 1, payload"),
        ({"root": {"threshold": 0, "people": ["alice"]}}, "root, threshold: "),
        ({"root": {"threshold": 1, "people": []}}, "root, people: "),
        ({"root": {"threshold": 2, "people": ["alice"]}}, "2 can never be met, 1 of"),
        (
            {"root": {"threshold": 1, "people": ["alice", "alice"]}},
            "root, people: alice stands twice",
        ),
        (
            {"root": {"threshold": 1, "people": ["alice", "mallory"]}},
            "root, people: mallory is no human signer",
        ),
        (
            {"root": {"threshold": 1, "people": ["alice", "ci"]}},
            "root, people: ci is no human signer",
        ),
        ({"\x1b[2J": 1}, "\\x1b[2J: is not known"),
        ({"x" * 500: 1}, "x...: is not known"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    world: World, changes: dict[str, Any], text: str
) -> None:
    world.table |= changes

    assert text in reason(world)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"roles": ["dba", "dba"]}, "signer bob, roles: dba stands twice"),
        ({"roles": ["king"]}, "signer 2, roles 1: is none of the roles ops-lead"),
        ({"kind": "robot"}, "signer 2, kind: input should be 'human' or 'machine'"),
        ({"name": ""}, "signer 2, name: "),
        ({"emails": "bob@example.com"}, "signer 2, emails: "),
    ],
)
def test_a_mistake_about_a_person_is_named(
    world: World, changes: dict[str, Any], text: str
) -> None:
    world.person("bob").update(changes)

    assert text in reason(world)


def test_a_person_stands_once(world: World) -> None:
    world.table["signer"].append(world.signer("bob") | {"key": []})

    assert "signer: the person bob stands twice" in reason(world)


def test_a_person_has_at_most_eight_keys(world: World) -> None:
    keys = [
        {**world.key("bob"), "key": PrivateKey.generate().public.pem} for _ in range(9)
    ]
    world.person("bob")["key"] = keys[:8]
    assert len(world.trust.by_id["bob"].keys) == 8

    world.person("bob")["key"] = keys
    assert "signer 2, key: " in reason(world)


def test_there_are_at_most_256_people(world: World) -> None:
    world.table["signer"] += [
        {"person": f"p{number}", "name": "P"} for number in range(256)
    ]

    assert "signer: " in reason(world)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"key": 5}, "is no public key"),
        ({"key": "ssh-ed25519 " + "A" * 5000}, "is no public key"),
        ({"key": "ssh-rsa AAAA"}, "signer 2, key 1, key: "),
        ({"status": "lost"}, "signer 2, key 1, status: "),
        ({"not_after": None}, "`not_after` is not after `not_before`"),
        ({"days": 401}, "`not_after` is over 400 days after `not_before`"),
    ],
)
def test_a_mistake_about_a_key_is_named(
    world: World, changes: dict[str, Any], text: str
) -> None:
    key = world.person("bob")["key"][0]
    if "days" in changes:
        key["not_after"] = key["not_before"] + changes["days"] * world.DAY
    elif "not_after" in changes:
        key["not_after"] = key["not_before"]
    else:
        key.update(changes)

    assert text in reason(world)


@pytest.mark.parametrize(
    "text", ["\x1b[2J", "a\nb", "a\x85b", "a\u2028b", "a\x7f", "a\tb"]
)
@pytest.mark.parametrize("member", ["name", "title", "emails"])
def test_no_text_of_the_file_can_rewrite_the_terminal(
    world: World, member: str, text: str
) -> None:
    world.person("bob")[member] = [text] if member == "emails" else text

    assert f"signer 2, {member}" in reason(world)


def test_a_person_may_have_no_title(world: World) -> None:
    world.person("bob")["title"] = ""
    assert world.trust.by_id["bob"].title == ""

    world.person("bob")["name"] = ""
    assert "signer 2, name" in reason(world)


def test_no_person_is_hidden_by_an_end_of_line(world: World) -> None:
    world.person("heidi")["person"] = "bob\n"

    assert "signer 8, person" in reason(world)


def test_an_rsa_key_is_refused(world: World) -> None:
    public = rsa.generate_private_key(65537, 2048).public_key()
    world.person("bob")["key"][0]["key"] = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()

    assert "Ed25519" in reason(world)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"person": "mallory"}, "signer erin, deputy_for: mallory is no other signer"),
        ({"person": "erin"}, "signer erin, deputy_for: erin is no other signer"),
        ({"until": "from"}, "signer erin, deputy_for: `until` is not after `from`"),
        ({"until": "401"}, "signer erin, deputy_for: `until` is over 400 days"),
        ({"since": "x"}, "since: is not known"),
    ],
)
def test_a_mistake_about_a_deputy_is_named(
    world: World, changes: dict[str, Any], text: str
) -> None:
    deputy = {"person": "bob", "from": world.NOW, "until": world.NOW + world.DAY}
    world.person("erin")["deputy_for"] = [deputy]
    assert world.trust.by_id["erin"].deputy_for

    until = {"from": deputy["from"], "401": deputy["from"] + 401 * world.DAY}
    deputy |= {
        name: until.get(value, value) if name == "until" else value
        for name, value in changes.items()
    }

    assert text in reason(world)


def test_a_machine_stands_in_for_nobody(world: World) -> None:
    world.person("ci")["deputy_for"] = [
        {"person": "bob", "from": world.NOW, "until": world.NOW + world.DAY}
    ]

    assert "signer ci, deputy_for: a machine stands in for nobody" in reason(world)


def test_the_whole_files_window_is_bounded(world: World) -> None:
    world.table["expires"] = world.table["issued"]
    assert "the file: `expires` is not after `issued`" in reason(world)

    world.table["expires"] = world.table["issued"] + 401 * world.DAY
    assert "the file: `expires` is over 400 days after `issued`" in reason(world)


def test_a_date_beyond_the_calendar_is_invalid(world: World) -> None:
    text = world.trust_bytes().decode()
    line = next(one for one in text.splitlines() if one.startswith("issued"))
    bad = text.replace(line, "issued = 0001-01-01T00:00:00+23:59")

    assert "issued: is beyond the calendar" in reason(world, bad.encode())


def test_a_compromised_root_cannot_be_counted_on(world: World) -> None:
    world.table["root"]["threshold"] = 3
    assert world.trust.root.threshold == 3

    world.person("grace")["key"][0]["status"] = "compromised"

    assert "3 can never be met, 2 of" in reason(world)


def test_of_many_mistakes_twenty_are_shown(world: World) -> None:
    world.table |= {f"x{number}": 1 for number in range(30)}

    assert reason(world).endswith("; and 10 more")


def test_patterns_that_match_nothing_are_found(world: World) -> None:
    world.table["rule"] = [{"items": ["database-*", "databse-*"]}]
    world.table["waiver"] = {"never": ["a.b", "databse-*"]}

    assert world.trust.unmatched(["database-setup.security", "a.b"]) == ("databse-*",)


def test_the_tests_own_writer_keeps_what_is_given(world: World) -> None:
    assert json.dumps(world.table, default=str)
    assert tomli_w.dumps(world.table).encode() == world.trust_bytes()
