"""Mistakes in the target file: one line each, exit 4, nothing judged, no traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Project

HEAD = '[system]\nname = "shop"\n[release]\nversion = "1.2.3"\n'
PLAIN = f'{HEAD}[target.here.python]\ninterpreter = "/usr/bin/python3"\n'

MISTAKES = {
    "broken": (f"{HEAD}[target.here\n", ["readiness.toml line 5, column "]),
    "not text": ("\0\1\2", ["readiness.toml"]),
    "no target": (HEAD, ["has no target", "[target.NAME]"]),
    "unknown table": (f"{PLAIN}[sytem]\n", ["[sytem]", "`system`"]),
    "unknown block": (
        f"{PLAIN}[target.here.postgress]\n",
        ["[target.here.postgress]", "`postgres`"],
    ),
    "unknown key": (
        f'{PLAIN}interpretr = "x"\n',
        ["[target.here.python] interpretr", "`interpreter`"],
    ),
    "wrong type": (f"{PLAIN}retries = 'many'\n", ["[target.here.python] retries"]),
    "bad unit": (
        f'{PLAIN}timeout = "5 parsecs"\n',
        ["[target.here.python] timeout"],
    ),
    "missing key": (f"{HEAD}[target.here.python]\n", ["interpreter"]),
    "unknown limit": (
        f'{PLAIN}[target.here.limits.python]\nmin_versoin = "3.9"\n',
        ["[target.here.limits.python] min_versoin", "`min_version`"],
    ),
    "bad limit": (
        f'{PLAIN}[target.here.limits.python]\nmin_version = "new"\n',
        ["[target.here.limits.python] min_version"],
    ),
    "unknown base": (
        f'{PLAIN}[target.there]\nextends = "hre"\n',
        ["[target.there] extends", "here"],
    ),
    "unknown candidate": (
        f'{PLAIN}[target.there]\ncandidate = "hre"\n',
        ["[target.there] candidate", "here"],
    ),
    "unknown default": (f'default = "hre"\n{PLAIN}', ["default", "here"]),
    "unknown permission": (
        f'{HEAD}[target.here]\nallow = ["atack"]\n',
        ["[target.here] allow", "attack"],
    ),
    "unknown stage": (
        f'{PLAIN}[gate.mine]\nstages = ["dayly"]\n',
        ["[gate.mine] stages", "daily"],
    ),
    "a reference in the system that is not set": (
        PLAIN.replace('"shop"', '"${env:NO_SUCH_VARIABLE}"'),
        ["[system] name", "NO_SUCH_VARIABLE"],
    ),
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line(ready: Project, text: str, said: list[str]) -> None:
    ready.target(text)
    result = ready.judge()
    lines = [line for line in result.errlines if line]

    assert result.ret == 4
    assert not ready.report_path.exists()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert len(lines) == 1, lines
    assert lines[0].startswith("ERROR: ")
    assert "readiness.toml" in lines[0]
    for part in said:
        assert part in lines[0]


def test_all_mistakes_are_told_at_once(ready: Project) -> None:
    ready.target(f"{PLAIN}retries = 'many'\nisolation = 'jail'\nextra = 1\n")
    result = ready.judge("-n2")

    text = result.stderr.str()
    assert result.ret == 4
    for key in ("retries", "isolation", "extra"):
        assert f"[target.here.python] {key}" in text


def test_a_value_is_never_quoted(ready: Project) -> None:
    postgres = "[target.here.postgres]\nhost = 'db'\nport = 'c4nary'\nuser = 'x'\n"
    ready.target(f"{PLAIN}{postgres}password = 5\n")
    result = ready.judge()

    assert result.ret == 4
    assert "c4nary" not in result.stderr.str()


def test_another_targets_secrets_are_not_looked_at(ready: Project) -> None:
    target = ready.TARGET.replace("[system]", 'default = "here"\n[system]')
    ready.target(
        f'{target}\n[target.there.postgres]\ndsn = "${{cmd:touch looked-at}}"\n'
    )
    result = ready.judge()

    assert result.ret == 0
    assert not (ready.path / "looked-at").exists()


def test_a_command_may_give_a_value(ready: Project) -> None:
    interpreter = ready.TARGET.partition('interpreter = "')[2].partition('"')[0]
    ready.target(ready.TARGET.replace(interpreter, f"${{cmd:echo {interpreter}}}"))

    assert ready.judge().ret == 0


def test_extends_takes_over(ready: Project) -> None:
    ready.target(f'{ready.TARGET}\n[target.there]\nextends = "here"\n')
    result = ready.judge("--readiness-target=there")

    assert result.ret == 0
    assert ready.report["environment"] == "there"


def test_a_resource_that_is_not_told_is_unconfigured(project: Project) -> None:
    project.judge()
    item = project.items["host.unconfigured"]

    assert item["state"] == "unconfigured"
    assert "readiness.toml has no [target.here.postgres]" in item["reason"]


def test_a_reference_that_is_not_set_leaves_its_block_unknown(
    project: Project,
) -> None:
    project.target(
        f"{project.TARGET}\n[target.here.postgres]\n"
        'host = "${env:NO_SUCH_VARIABLE}"\nuser = "x"\ndatabase = "x"\n'
    )
    project.judge()

    item = project.items["host.unconfigured"]
    assert item["state"] == "unknown"
    assert "NO_SUCH_VARIABLE" in item["reason"]
    assert project.states["host.verified"] == "verified"


def test_the_target_digest_follows_the_settings(ready: Project) -> None:
    ready.judge()
    before = ready.report["target_digest"]
    ready.target(f"# a comment\n{ready.TARGET}")
    ready.judge()
    same = ready.report["target_digest"]
    ready.target(f"{ready.TARGET}\nretries = 1\n")
    ready.judge()

    assert same == before
    assert ready.report["target_digest"] != before
