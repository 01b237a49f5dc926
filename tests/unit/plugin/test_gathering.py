"""Gathering: once a resource, all at the same time, none for ever, nothing raised."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self
from unittest import mock

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.plugin import gathering as gathering_module
from pytest_readiness.plugin.gathering import Gathering, Need
from pytest_readiness.probes.look import Facts
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import Grant, PythonBlock
    from pytest_readiness.target.model import Target

NAMES = ("one", "two", "three")
TOGETHER = threading.Barrier(len(NAMES))

behaviour: dict[str, Callable[[Look], str]] = {}
"""What a look at each interpreter does, by its path; set by each test."""


@dataclass(frozen=True, kw_only=True)
class Thing(Facts):
    """Looks at the block of an interpreter, in whatever way a test wants."""

    block: ClassVar[str] = "python"

    said: Observed[str]

    @classmethod
    def gather(cls, block: PythonBlock, look: Look) -> Self:
        return cls(said=look.seen(behaviour[cls.source(block)](look)))

    @staticmethod
    def source(block: PythonBlock) -> str:
        return block.interpreter.name


@dataclass(frozen=True, kw_only=True)
class Alone(Thing):
    """Disturbs others."""

    exclusive: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Timed(Thing):
    """Measures how fast something is."""

    needs_quiet: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class Drill(Thing):
    """Does more than read."""

    grant: ClassVar[Grant | None] = "restore"


@pytest.fixture
def targets(tmp_path: Path) -> Mapping[str, Target]:
    """Give three targets, of which each has an interpreter, and an empty one."""
    path = tmp_path / "readiness.toml"
    path.write_text(
        "[system]\nname = 'x'\n[release]\nversion = '1'\n[target.empty]\n"
        "[target.unset.python]\ninterpreter = '${env:NO_SUCH_VARIABLE}'\n"
        + "".join(
            f"[target.{name}.python]\ninterpreter = '/{name}'\ntimeout = '300ms'\n"
            for name in NAMES
        )
    )
    return load(path, Redactor(), {}).targets


@pytest.fixture
def gathering(
    targets: Mapping[str, Target], monkeypatch: pytest.MonkeyPatch
) -> Gathering:
    """Give a gathering whose probes are those above."""
    kinds = {"thing": Thing, "alone": Alone, "timed": Timed, "drill": Drill}
    monkeypatch.setattr("pytest_readiness.plugin.gathering.probe", kinds.__getitem__)
    behaviour.clear()
    return Gathering(targets, "readiness.toml", str, deadline=30.0)


def said(gathering: Gathering, name: str, probe: str = "thing") -> str | Unavailable:
    """Give what was seen of one."""
    facts = gathering.facts(Need(probe, name))
    assert isinstance(facts, Thing)
    return facts.said.value


def needs(*names: str, probe: str = "thing") -> list[Need]:
    """Give the needs for several."""
    return [Need(probe, name) for name in names]


def test_all_look_at_the_same_time(gathering: Gathering) -> None:
    for name in NAMES:
        behaviour[name] = lambda _: str(TOGETHER.wait(10) >= 0)
    gathering.run(needs(*NAMES))

    assert [said(gathering, name) for name in NAMES] == ["True"] * 3


def test_each_is_looked_at_once(gathering: Gathering) -> None:
    calls: list[str] = []
    behaviour["one"] = lambda look: calls.append(look.source) or "seen"
    gathering.run(needs("one", "one"))
    gathering.run(needs("one"))

    assert calls == ["one"]
    assert said(gathering, "one") == "seen"


def test_what_does_more_than_read_needs_the_targets_leave(gathering: Gathering) -> None:
    behaviour["one"] = lambda look: look.source
    gathering.run(needs("one", probe="drill"))
    nothing = said(gathering, "one", "drill")
    assert nothing == Unavailable(
        "[target.one] does not allow `restore`, so no drill was made",
        Cause.NEEDS_DRILL,
        'set allow = ["restore"] there, or have a drill made by hand signed',
    )
    gathering.forget(["drill"])
    allowed = {"allow": frozenset({"restore"})}
    target = gathering.targets["one"].model_copy(update=allowed)
    gathering.targets = {"one": target}
    gathering.run(needs("one", probe="drill"))
    assert said(gathering, "one", "drill") == "one"


def test_what_disturbs_others_runs_alone_and_last(gathering: Gathering) -> None:
    order: list[str] = []
    lock = threading.Lock()

    def look(name: str) -> Callable[[Look], str]:
        def behave(_: Look) -> str:
            with lock:  # nobody else is within while the exclusive one is
                order.append(name)
            return name

        return behave

    for name in NAMES:
        behaviour[name] = look(name)
    gathering.run([*needs("one", probe="alone"), *needs("two", "three")])

    assert order[-1] == "one"
    assert set(order[:2]) == {"two", "three"}


def test_what_is_timed_begins_when_the_others_are_done(gathering: Gathering) -> None:
    ended: list[str] = []
    began: dict[str, list[str]] = {}

    def look(name: str, seconds: float) -> Callable[[Look], str]:
        def behave(_: Look) -> str:
            began[name] = list(ended)
            time.sleep(seconds)
            ended.append(name)
            return name

        return behave

    for name, seconds in zip(NAMES, (0.0, 0.1, 0.05), strict=True):
        behaviour[name] = look(name, seconds)
    gathering.run([*needs("one", probe="timed"), *needs("two", "three")])

    assert set(began["one"]) == {"two", "three"}


def test_a_probe_that_breaks_tells_its_type_and_no_text(gathering: Gathering) -> None:
    def breaks(_: Look) -> str:
        msg = "c4nary"
        raise RuntimeError(msg)

    behaviour["one"] = breaks
    gathering.run(needs("one"))

    reason = said(gathering, "one")
    assert isinstance(reason, Unavailable)
    assert reason.reason == "the probe itself failed: RuntimeError"
    assert reason.cause is Cause.LOCAL


def test_a_look_that_never_ends_is_given_up(
    gathering: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_readiness.plugin.gathering._GRACE", 0.1)
    never = threading.Event()
    behaviour["one"] = lambda _: str(never.wait(30))
    behaviour["two"] = lambda _: "seen"
    began = time.monotonic()
    gathering.run(needs("one", "two"))
    took = time.monotonic() - began
    never.set()

    reason = said(gathering, "one")
    assert isinstance(reason, Unavailable)
    assert reason.cause is Cause.NO_ANSWER
    assert reason.reason.startswith("no answer within ")
    assert said(gathering, "two") == "seen"
    assert 0.3 < took < 3


def test_what_comes_after_giving_up_changes_nothing(
    gathering: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_readiness.plugin.gathering._GRACE", 0.05)
    late, told = threading.Event(), threading.Event()

    def behave(_: Look) -> str:
        late.wait(30)
        told.set()
        return "too late"

    behaviour["one"] = behave
    gathering.run(needs("one"))
    late.set()
    assert told.wait(10)

    assert isinstance(said(gathering, "one"), Unavailable)


def test_the_runs_deadline_is_a_local_cause(
    targets: Mapping[str, Target], gathering: Gathering
) -> None:
    never = threading.Event()
    behaviour["one"] = lambda _: str(never.wait(30))
    short = Gathering(targets, "readiness.toml", str, deadline=0.05)
    short.run(needs("one"))
    never.set()

    reason = said(short, "one")
    assert isinstance(reason, Unavailable)
    assert reason.cause is Cause.LOCAL
    assert "the run's deadline of 50 ms" in reason.reason
    assert gathering.targets is targets


def test_a_block_that_is_not_there_is_unconfigured(gathering: Gathering) -> None:
    gathering.run(needs("empty"))

    reason = said(gathering, "empty")
    assert isinstance(reason, Unavailable)
    assert reason.cause is Cause.UNCONFIGURED
    assert reason.reason == "readiness.toml has no [target.empty.python]"


def test_a_reference_that_is_not_set_is_told(gathering: Gathering) -> None:
    gathering.run(needs("unset"))

    reason = said(gathering, "unset")
    assert isinstance(reason, Unavailable)
    assert reason.cause is Cause.LOCAL
    assert "NO_SUCH_VARIABLE" in reason.reason


def test_what_nobody_announced_is_not_looked_at(gathering: Gathering) -> None:
    reason = said(gathering, "one")

    assert isinstance(reason, Unavailable)
    assert "not gathered" in reason.reason


def test_forgetting_looks_again(gathering: Gathering) -> None:
    answers = iter(["first", "second"])
    behaviour["one"] = lambda _: next(answers)
    gathering.run(needs("one", "empty"))
    gathering.forget(["alone"])
    gathering.run(needs("one"))
    assert said(gathering, "one") == "first"

    gathering.forget(["thing"])
    gathering.run(needs("one"))
    assert said(gathering, "one") == "second"


def test_a_long_wait_is_told(
    targets: Mapping[str, Target],
    gathering: Gathering,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pytest_readiness.plugin.gathering._PATIENCE", 0.02)
    told = threading.Event()
    lines: list[str] = []
    for name in ("one", "two"):
        behaviour[name] = lambda _: str(told.wait(10))

    def tell(line: str) -> None:
        lines.append(line)
        told.set()

    talking = Gathering(targets, "readiness.toml", str, deadline=30.0, tell=tell)
    talking.run(needs("two", "one"))

    assert lines[0] == "waiting for one, two (0 s)"
    assert gathering.targets is targets


def test_a_look_that_is_given_up_is_told(gathering: Gathering) -> None:
    noticed = threading.Event()

    def goes_on(look: Look) -> str:
        look.deadline = time.monotonic() + 30
        assert look.share(20).abandoned.wait(20)
        assert look.over
        noticed.set()
        return "too late"

    behaviour["one"] = goes_on
    gathering.run(needs("one"))
    assert not isinstance(said(gathering, "one"), str)
    assert noticed.wait(5)


def test_an_interruption_ends_what_goes_on(gathering: Gathering) -> None:
    noticed = threading.Event()

    def goes_on(look: Look) -> str:
        if look.abandoned.wait(20):
            noticed.set()
        return "over"

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    # It is told while it waits: at that moment somebody presses Ctrl-C.
    gathering.tell = interrupt
    behaviour["one"] = goes_on
    with (
        mock.patch.object(gathering_module, "_PATIENCE", 0.0),
        pytest.raises(KeyboardInterrupt),
    ):
        gathering.run(needs("one"))
    assert noticed.wait(5)
