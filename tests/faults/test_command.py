"""``readiness faults``: lists, tables, and a matrix with an exit code."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_readiness.cli import main, matrix
from pytest_readiness.demo.faults import FAULTS, Fault
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    import pytest


def test_the_list_names_every_fault_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(FAULTS)


def test_json_tells_what_each_turns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "--json"]) == 0
    listed = {fault["name"]: fault for fault in json.loads(capsys.readouterr().out)}
    assert listed.keys() == FAULTS.keys()
    assert listed["cache-down"]["turns"] == {
        "environment-setup.cache": "failed",
        "performance-optimization.caching": "unknown",
        "security-implementation.https": "unknown",
    }
    assert listed["cache-down"]["touches"] == ["redis"]
    assert listed["certificate-6-days"]["turns"] == {}


def test_markdown_is_a_table_with_a_row_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["faults", "--markdown"]) == 0
    head, rule, *rows = capsys.readouterr().out.splitlines()
    assert (head.count("|"), rule.count("|")) == (4, 4)
    assert [row.split("`")[1] for row in rows] == list(FAULTS)


def test_a_matrix_that_agrees_exits_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faults", "--run", "cache-down", "certificate-6-days"]) == 0
    said = capsys.readouterr().out
    assert "ok  cache-down: environment-setup.cache failed" in said
    assert "ok  certificate-6-days: nothing changes" in said
    assert "2 faults, 0 not as declared" in said


def test_a_fault_that_lies_exits_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    down = FAULTS["cache-down"]
    lies = {"environment-setup.database": State.FAILED}
    liar = Fault("liar", down.summary, lies, down.touches, down.apply)
    monkeypatch.setitem(FAULTS, "liar", liar)  # type: ignore[arg-type]  # a dict below
    assert main(["faults", "--json", "--run", "liar"]) == 1
    (told,) = json.loads(capsys.readouterr().out)
    assert told["changed"] == dict(down.turns)
    assert told["agrees"] is False
    assert "refused" in told["reasons"]["environment-setup.cache"]
    assert main(["faults", "--run", "liar"]) == 1
    assert "declared: environment-setup.database failed" in capsys.readouterr().out


def test_an_unknown_name_is_the_users_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["faults", "--run", "cache-dwon"]) == 4
    assert "did you mean 'cache-down'?" in capsys.readouterr().err


def test_a_suite_that_cannot_be_run_is_an_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matrix, "REGISTRY", {})
    monkeypatch.setattr(matrix.pytest, "main", lambda *_: 4)
    assert main(["faults", "--run", "cache-down"]) == 4
    assert "readiness faults" in capsys.readouterr().err
