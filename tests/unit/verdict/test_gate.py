from __future__ import annotations

import pytest

from pytest_readiness.catalogue.item import Stage
from pytest_readiness.errors import ConfigError
from pytest_readiness.verdict.gate import DEFAULT_GATE, GATES, Gate, find_gate


def test_the_built_in_gates_ask_what_the_design_says() -> None:
    assert GATES["go-live"].stages == (
        Stage.PRE_PRODUCTION,
        Stage.PRE_DEPLOYMENT,
        Stage.COMPLIANCE,
        Stage.SIGN_OFF,
    )
    assert DEFAULT_GATE == "go-live"
    assert set(GATES["all"].stages) == set(Stage)
    single = {
        name: gate.stages for name, gate in GATES.items() if len(gate.stages) == 1
    }
    assert single == {
        "deploy": (Stage.DEPLOYMENT,),
        "post-deploy": (Stage.POST_DEPLOYMENT,),
        "daily": (Stage.DAILY,),
        "weekly": (Stage.WEEKLY,),
        "monthly": (Stage.MONTHLY,),
    }
    assert all(name == gate.name for name, gate in GATES.items())


def test_a_gate_asks_its_stages_only() -> None:
    assert GATES["daily"].asks(Stage.DAILY)
    assert not GATES["daily"].asks(Stage.WEEKLY)


def test_users_have_gates_of_their_own() -> None:
    own = {"night": (Stage.DAILY, Stage.WEEKLY)}
    assert find_gate("night", own) == Gate("night", (Stage.DAILY, Stage.WEEKLY))
    assert find_gate("go-live", own) is GATES["go-live"]
    assert find_gate("all") is GATES["all"]


@pytest.mark.parametrize(
    ("name", "own", "message"),
    [
        ("go-lve", {}, "did you mean go-live?"),
        ("xyzzy", {"night": (Stage.DAILY,)}, "choose one of go-live, .*, all, night"),
        ("all", {"all": (Stage.DAILY,)}, r"\[gates\] all: is a built-in gate"),
        ("all", {"night": ()}, r"\[gates\] night: names no stage"),
    ],
)
def test_a_mistake_is_named(
    name: str, own: dict[str, tuple[Stage, ...]], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        find_gate(name, own)
