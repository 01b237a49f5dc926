"""A report counts where a runner's key vouches for this very one, else never."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_readiness.attest.codes import Code, Refused
from pytest_readiness.attest.envelope import Envelope
from pytest_readiness.attest.forms import Tree
from pytest_readiness.attest.predicates import Artifact, Run
from pytest_readiness.attest.run_statement import RunExpected, check_run, release_ref

World = Any
REPORT, PLUGIN, OTHER = "a1" * 32, "b2" * 32, "0" * 64
TREE = Tree("gitTree", "c3" * 20)
SOURCE = "sha256:" + "5e" * 32


def expected(world: World, **more: Any) -> RunExpected:
    return RunExpected(
        **{
            "report": REPORT,
            "target": world.TARGET,
            "suite_tree": TREE,
            "plugin": PLUGIN,
            "source": SOURCE,
            "version": "2.4.0",
            **more,
        }
    )


def statement(world: World, attester: str = "ci", **more: Any) -> bytes:
    subject = more.pop("subject", REPORT)
    predicate = Run(
        **{
            "attester": attester,
            "target": world.TARGET,
            "suite_tree": TREE,
            "wheel": Artifact(name="pytest_readiness-1", digest=PLUGIN),
            "release": release_ref("2.4.0", SOURCE, "d20ace7"),
            "started_on": world.NOW - world.HOUR,
            "issued_at": world.NOW - world.HOUR / 2,
            **more,
        }
    )
    line: bytes = world.sign(predicate, subject, name="report.json")
    return line


def refused(world: World, line: bytes, **more: Any) -> tuple[Code, str]:
    with pytest.raises(Refused) as caught:
        check_run(line, world.trust, expected(world, **more), world.NOW, "run.json")
    assert caught.value.where == "run.json"
    return caught.value.code, caught.value.reason


def test_a_runner_vouches_for_a_report(world: World) -> None:
    found = check_run(statement(world) + b"\n", world.trust, expected(world), world.NOW)

    assert found.started_on == world.NOW - world.HOUR


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"report": OTHER}, "the report"),
        ({"target": OTHER}, "the target"),
        ({"suite_tree": Tree("gitTree", "0" * 40)}, "the suite"),
        ({"suite_tree": Tree("sha256", OTHER)}, "the suite"),
        ({"plugin": OTHER}, "the plugin"),
        ({"source": f"sha256:{OTHER}"}, "the release"),
        ({"source": ""}, "the release"),
    ],
)
def test_a_statement_about_anything_else_is_none(
    world: World, more: dict[str, Any], what: str
) -> None:
    line = statement(world)

    assert refused(world, line, **more) == (
        Code.RUN_UNSIGNED,
        f"{what} is another one",
    )


def test_a_statement_that_the_trust_file_revokes_is_none(world: World) -> None:
    line = statement(world)
    payload = Envelope.parse(line).payload_sha256
    world.table["revoked"] = [{"payload_sha256": payload, "reason": "wrong"}]

    assert refused(world, line) == (Code.RUN_UNSIGNED, "the trust file revokes it")


def test_equal_sources_are_one_release_whatever_the_version(world: World) -> None:
    line = statement(world)

    check_run(line, world.trust, expected(world, version="2.4.1"), world.NOW)
    unbound = statement(world, release=release_ref("2.4.0", None, None))
    without = expected(world, source="")
    check_run(unbound, world.trust, without, world.NOW)
    assert refused(world, unbound, source="", version="2.4.1")[1] == (
        "the release is another one"
    )


def test_only_a_machine_with_the_role_is_a_runner(world: World) -> None:
    assert refused(world, statement(world, "alice")) == (
        Code.RUN_UNSIGNED,
        "alice is no machine",
    )
    line = statement(world)
    for change, reason in (
        ({"roles": ["registrar"]}, "ci does not have the role runner"),
        ({"key": [world.key("ci", status="compromised")]}, "the key of ci is compr"),
        ({"key": [world.key("ci", not_after=world.NOW)]}, "the key of ci is valid"),
        ({"key": [world.key("mallory")]}, "no known key has signed it"),
    ):
        other = world.copy(world.root)
        other.person("ci").update(change)
        code, said = refused(other, line)
        assert code is Code.RUN_UNSIGNED
        assert said.startswith(reason)


def test_a_run_of_tomorrow_is_none(world: World) -> None:
    line = statement(world, issued_at=world.NOW + world.DAY)

    assert refused(world, line)[1].startswith("it is dated 2026-10-16")


def test_what_is_no_run_statement_is_refused_with_its_code(world: World) -> None:
    line = statement(world)
    changed = world.repack(line, REPORT, OTHER)

    assert refused(world, changed, report=OTHER)[0] is Code.TAMPERED
    assert refused(world, b"{}")[0] is Code.MALFORMED
    assert refused(world, world.attestation("ci"))[1] == "it is no run statement"
    foreign = world.resign(line, "run/v1", "run/v1", "ci").replace(b"in-toto", b"x")
    assert refused(world, foreign)[0] is Code.RUN_UNSIGNED


def test_a_release_is_named_by_its_digits() -> None:
    assert release_ref("1", SOURCE, None).source == "5e" * 32
    assert replace(release_ref("1", None, "abc"), commit=None) == release_ref(
        "1", None, None
    )
