"""One server process of the demo: its last words, its limits, its end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.demo.servers import process
from pytest_readiness.demo.servers.guard import Guard
from pytest_readiness.demo.servers.process import Place, Process, Program
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the demo is for Linux")

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn", flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    guard = Guard(tmp_path)
    yield Place(tmp_path, tmp_path, guard)
    guard.close()


def started(place: Place, code: str) -> Process:
    return Process(Program("it", "It", [sys.executable, "-Ic", code]), place)


def test_one_that_ends_early_is_an_error_with_its_last_words(place: Place) -> None:
    ended = started(place, "import sys; sys.exit('no room left')")
    with pytest.raises(ConfigError, match=r"demo: It: ended with code 1: no room left"):
        ended.wait_until(lambda: False)
    ended.stop()


def test_one_that_never_answers_is_an_error(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "START_LIMIT", 0.05)
    silent = started(place, "import time; time.sleep(60)")
    with pytest.raises(ConfigError, match=r"did not answer within 0\.05 s"):
        silent.wait_until(lambda: False)
    silent.stop()
    assert not silent.running


def test_one_that_will_not_stop_is_made_to(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_STOP_LIMIT", 0.1)
    stubborn = started(place, STUBBORN)
    log = place.folder / "it.log"
    stubborn.wait_until(lambda: "stubborn" in log.read_text())
    stubborn.stop()
    assert not stubborn.running
    stubborn.stop()


def test_a_guard_notes_what_it_must_stop(place: Place) -> None:
    watched = started(place, "import time; time.sleep(60)")
    owner, noted = (place.folder / "processes").read_text().splitlines()
    assert owner.endswith(" 0")
    assert noted.endswith(" 15")
    watched.stop()
