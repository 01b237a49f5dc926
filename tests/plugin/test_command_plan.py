"""``readiness plan``: what a run would do, said beforehand, with nothing done."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.probes.python import Python

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from conftest import Project

    Said = Callable[..., tuple[int, str, str]]

POSTGRES = """
[target.here.postgres]
host = "db.example"
database = "shop"
user = "readiness"
password = "${env:NO_SUCH_PASSWORD}"
"""


pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture
def shop(bare: Project) -> Project:
    """Give a suite over a seen resource, one without a table, and a signature."""
    signed = '@attested(role="business-owner", scope="release")'
    bare.write(
        bare.module(
            bare.item("interpreter"),
            bare.item("database", arguments="check, postgres", body="pass"),
            bare.item("cache", arguments="check, redis", body="pass"),
            bare.item("wanted", "", arguments="", decorators=[signed]),
            bare.ROLLUP,
        )
    )
    bare.write(
        bare.module(bare.item("rounds"), section="rounds", stage="daily"), "a.py"
    )
    bare.lock()
    bare.target(bare.TARGET + POSTGRES)
    return bare


def block(out: str, begin: str) -> list[str]:
    """Give the lines from one that begins so up to the next empty one."""
    lines = out.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(begin))
    end = next((i for i in range(at, len(lines)) if not lines[i]), len(lines))
    return lines[at:end]


def unwrapped(text: str) -> str:
    """Give a text as it is before it is broken into lines, without any spaces."""
    return "".join(text.split())


def test_each_resource_has_its_looks_its_items_and_its_grants(said: Said) -> None:
    code, out, err = said("plan")

    assert (code, err) == (0, "")
    assert out.startswith("shop in here, gate go-live: 5 items; nothing was asked yet")
    database = block(out, "postgres of here: postgresql://db.example:5432/shop")
    assert "  for        host.database" in database
    assert "  statement  BEGIN READ ONLY" in database
    assert '  connection session as "readiness", sslmode verify-full' in database
    assert '  needs      GRANT CONNECT ON DATABASE "shop" TO "readiness"' in database
    assert unwrapped(f"program {sys.executable} -I -c 'import") in unwrapped(out)


def test_what_is_not_configured_is_not_looked_at(said: Said) -> None:
    _, out, _ = said("plan")

    assert block(out, "redis of here: no look") == [
        "redis of here: no look",
        "  readiness.toml has no [target.here.redis]",
        "  for        host.cache",
    ]


def test_items_without_a_look_say_what_they_need(said: Said) -> None:
    _, out, _ = said("plan")

    assert block(out, "no look") == [
        "no look",
        "  host.wanted      signed by business-owner",
        "  host.everything  computed from others",
    ]


def test_a_reference_of_the_target_file_is_a_look_too(
    shop: Project, said: Said
) -> None:
    (shop.path / "secret").write_text("correct-horse-battery")
    shop.target(
        shop.TARGET
        + POSTGRES.replace("${env:NO_SUCH_PASSWORD}", "${file:secret}").replace(
            "db.example", "${cmd:printf db.example c4nary}"
        )
    )
    code, out, _ = said("plan")

    assert code == 0
    assert "postgres of here: postgresql://db.example:5432/shop" in out
    own = unwrapped("\n".join(block(out, "the run itself")))
    assert unwrapped(f"{shop.path}/secret (a reference of the target file)") in own
    assert unwrapped(f"program printf at {shop.path} (a reference of the") in own
    assert "c4nary" not in out
    assert "correct-horse" not in out


def test_a_plan_asks_nothing_and_writes_nothing(shop: Project, said: Said) -> None:
    started = shop.path / "started"
    program = shop.target(f"#!/bin/sh\ntouch {started}\n", "python3")
    program.chmod(0o755)
    connections: list[socket.socket] = []
    with Listener(connections.append) as listener:
        target = shop.TARGET.replace(sys.executable, str(program)) + POSTGRES
        target = target.replace("db.example", "127.0.0.1")
        shop.target(f"{target}port = {listener.port}\n")
        code, out, _ = said("plan")

    assert code == 0
    assert unwrapped(f"{program} -I -c") in unwrapped(out)
    assert not started.exists()
    assert connections == []
    assert not shop.report_path.exists()


def test_as_json_it_is_the_same(said: Said) -> None:
    code, out, _ = said("plan", "--json")
    plan: dict[str, Any] = json.loads(out)

    assert code == 0
    assert (plan["system"], plan["target"], plan["gate"]) == ("shop", "here", "go-live")
    assert [item["id"] for item in plan["items"]] == [
        "host.interpreter",
        "host.database",
        "host.cache",
        "host.wanted",
        "host.everything",
    ]
    assert plan["items"][1]["looks_at"] == ["postgres of here"]
    assert plan["items"][3]["roles"] == ["business-owner"]
    resources = {one["probe"]: one for one in plan["resources"]}
    assert resources["redis"]["no_look"] == "readiness.toml has no [target.here.redis]"
    assert resources["postgres"]["limit_seconds"] == 5
    assert {
        "kind": "statement",
        "what": "SELECT 1",
    } in resources["postgres"]["looks"]


def test_some_items_only(said: Said) -> None:
    _, out, _ = said("plan", "host.d*", "host.wanted", "--json")
    plan = json.loads(out)

    assert [item["id"] for item in plan["items"]] == ["host.database", "host.wanted"]
    assert [one["probe"] for one in plan["resources"]] == ["postgres"]


def test_another_gate(shop: Project, said: Said) -> None:
    shop.write((shop.suite / "a.py").read_text(), "test_a.py")
    shop.lock()
    _, out, _ = said("plan", "--gate=daily", "--json")

    assert [item["id"] for item in json.loads(out)["items"]] == ["rounds.rounds"]


def test_a_release_is_asked_of_the_service_where_an_item_is_of_it(
    bare: Project, said: Said
) -> None:
    item = '@item("answers", owner="ops-lead", scope="release")'
    one = bare.item("answers", "pass", arguments="check, service", item=item)
    bare.write(bare.module(one))
    bare.lock()
    bare.target(
        bare.TARGET
        + '[target.there]\ncandidate = "staging"\n'
        + '[target.staging.service]\nurl = "https://staging.example"\n'
    )
    _, out, _ = said("plan", "--target=there")

    assert "service of staging: https://staging.example" in out
    assert "  request    GET / (without a token)" in out


def test_a_probe_that_does_not_say_makes_the_plan_incomplete(
    said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Python, "looks", classmethod(lambda *_: None))
    code, out, _ = said("plan")

    assert code == 1
    assert "  unknown    this probe does not say what it sends" in out
    assert json.loads(said("plan", "--json")[1])["resources"][0]["looks"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["host.databse"],
            "host.databse: is no item here; did you mean `host.database`",
        ),
        (["xyz"], "xyz: is no item here; `readiness plan` lists them"),
        (
            ["--target=ther"],
            "readiness.toml: has no target `ther`; did you mean `here`?",
        ),
        (["--gate=golive"], "gate: there is no gate 'golive'; did you mean go-live?"),
        (["--config=none.toml"], "none.toml: is no file; name one that is"),
        (["--suite=nowhere"], "nowhere: there is no such suite; name its folder"),
    ],
)
def test_a_mistake_is_one_line_and_exit_4(
    said: Said, arguments: list[str], message: str
) -> None:
    code, out, err = said("plan", *arguments)

    assert (code, out) == (4, "")
    assert err.startswith(f"readiness: {message}")
    assert err.count("\n") == 1


def test_a_suite_that_cannot_be_read_is_named(shop: Project, said: Said) -> None:
    shop.write("import no_such_module\n", "test_broken.py")
    code, out, err = said("plan")

    assert (code, out) == (4, "")
    where, what = "readiness_suite/test_broken.py", "No module named 'no_such_module'"
    assert err == f"readiness: {where}: ModuleNotFoundError: {what}\n"


def test_a_suite_that_is_not_in_its_lock_says_what_a_run_would(
    shop: Project, said: Said
) -> None:
    shop.write(shop.module(shop.item("new"), section="new"), "test_new.py")
    code, _, err = said("plan")

    assert code == 4
    assert err.startswith("readiness: suite.lock: new.new: not in the lock; run `")


def test_what_is_foreign_is_not_read(
    shop: Project, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.conftest("raise RuntimeError('a foreign conftest was read')")
    shop.ini("addopts = --no-such-option")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k nothing")

    assert said("plan")[0] == 0
