"""Items whose resource stands on another host."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pytest_readiness.demo.standins import hostile

if TYPE_CHECKING:
    from conftest import Project

TARGET = f"""\
[system]
name = "shop"

[release]
version = "1.2.3"

[target.here.python]
interpreter = "{sys.executable}"
host = "engine"

[target.here.hosts.engine]
"""


def test_a_resource_on_a_host_is_looked_at_there(ready: Project) -> None:
    ready.target(f'{TARGET}backend = "local"\n')
    assert ready.judge().ret == 0
    (seen,) = ready.items["host.one"]["observations"]
    assert seen["source"] == f"local engine:{sys.executable}"


def test_a_host_that_cannot_be_reached_leaves_its_items_unknown(ready: Project) -> None:
    with hostile.refuses() as port:
        ready.target(f'{TARGET}backend = "ssh"\naddress = "127.0.0.1"\nport = {port}\n')
        assert ready.judge().ret == 11
    assert {ready.states[name] for name in ("host.one", "host.two")} == {"unknown"}
    reason = ready.items["host.one"]["reason"]
    assert "ssh engine cannot be looked at: " in reason
    assert "Connection refused" in reason


def test_a_host_whose_reference_is_unset_leaves_its_items_unknown(
    ready: Project,
) -> None:
    ready.target(f'{TARGET}backend = "docker"\ncontainer = "${{env:CONTAINER_X}}"\n')
    assert ready.judge().ret == 11
    assert "CONTAINER_X is not set" in ready.items["host.one"]["reason"]


def test_testinfras_own_fixture_is_refused(ready: Project) -> None:
    ready.write(ready.module(ready.item("one", "pass", arguments="host")))
    result = ready.judge()
    text = "\n".join([*result.outlines, *result.errlines])
    assert result.ret == 4
    assert "test_one: fixture 'host' comes from" in text
    assert "testinfra" in text
