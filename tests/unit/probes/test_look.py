from __future__ import annotations

import datetime as dt
import threading
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.errors import ProbeError
from pytest_readiness.probes.look import Doors, Facts, Look, LookError, noted
from pytest_readiness.target.secret import Redactor, Secret

NOON = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def look(timeout: float = 5.0, **more: object) -> Look:
    return Look("demo", timeout, now=lambda: NOON, **more)


@dataclass(frozen=True, kw_only=True)
class Twins(Facts):
    block: ClassVar[str] = "twins"

    first: Observed[int]
    second: Observed[str]


class Attempt:
    """Fails with the given errors, one a try, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.looks: list[Look] = []

    def __call__(self, look: Look) -> str:
        self.looks.append(look)
        if self.errors:
            raise self.errors.pop(0)
        return "seen"


def test_a_look_ends_with_its_timeout_where_no_deadline_is_given() -> None:
    assert 4.9 < look().remaining() <= 5.0


def test_a_look_that_is_over_still_has_a_millisecond_for_the_driver() -> None:
    late = look(deadline=time.monotonic() - 1)
    assert late.over
    assert late.remaining() == 0.001


def test_a_share_never_outlasts_the_look() -> None:
    assert look(1.0).share(60).deadline <= time.monotonic() + 1.0
    assert look(1.0).share(0.1).remaining() <= 0.1


def test_overdue_says_how_long_and_for_what() -> None:
    assert str(look(0.5).overdue()) == "no answer within 0.5 s"
    reason = look(2).overdue("in the TLS handshake").unavailable
    assert reason.reason == "no answer within 2 s (in the TLS handshake)"
    assert reason.cause is Cause.NO_ANSWER


def test_the_first_try_that_succeeds_needs_no_note() -> None:
    assert look().tries(3, Attempt()) == ("seen", "")


def test_a_later_try_that_succeeds_shows_in_the_note() -> None:
    attempt = Attempt(LookError("connection refused"), LookError("connection refused"))
    value, note = look().tries(2, attempt)
    assert value == "seen"
    assert note == "try 3 of 3, after: connection refused"


def test_the_last_failure_says_how_many_tries_there_were() -> None:
    attempt = Attempt(*(LookError("connection refused") for _ in range(5)))
    value, note = look().tries(1, attempt)
    assert value == Unavailable("connection refused (2 tries)", Cause.NO_ANSWER)
    assert note == ""
    assert len(attempt.looks) == 2


def test_a_rejected_credential_is_never_tried_twice() -> None:
    attempt = Attempt(LookError("the server rejected the credential", final=True))
    value, _ = look().tries(5, attempt)
    assert isinstance(value, Unavailable)
    assert len(attempt.looks) == 1


def test_each_try_has_the_timeout_and_all_end_at_the_deadline() -> None:
    attempt = Attempt(LookError("refused"))
    whole = look(1.0, deadline=time.monotonic() + 1.5)
    whole.tries(1, attempt)
    first, second = attempt.looks
    assert first.deadline <= second.deadline <= whole.deadline
    assert first.remaining() <= 1.0


def test_no_try_begins_after_the_deadline() -> None:
    attempt = Attempt(*(LookError("refused") for _ in range(9)))
    look(1.0, deadline=time.monotonic() - 1).tries(9, attempt)
    assert len(attempt.looks) == 1


def test_a_missing_secret_is_local_and_names_itself() -> None:
    secret = Secret(None, "env:DB_PASSWORD", "DB_PASSWORD is not set")
    value, _ = look().tries(3, lambda _: secret.reveal())
    assert isinstance(value, Unavailable)
    assert value.cause is Cause.LOCAL
    assert "DB_PASSWORD is not set" in value.reason


def test_an_unforeseen_error_gives_its_type_and_never_its_text() -> None:
    value, _ = look().tries(3, Attempt(RuntimeError("hunter2hunter2")))
    assert value == Unavailable("the look itself failed: RuntimeError", Cause.LOCAL)


def test_reasons_and_remedies_are_redacted() -> None:
    redact = Redactor()
    redact.add("correct-horse")
    error = LookError("no such correct-horse", remedy="drop correct-horse")
    value, _ = look(redact=redact).tries(0, Attempt(error))
    assert isinstance(value, Unavailable)
    assert (value.reason, value.remedy) == ("no such ***", "drop ***")


def test_a_fact_has_source_time_unit_and_redacted_detail() -> None:
    redact = Redactor()
    redact.add("correct-horse")
    fact = look(redact=redact).seen(
        5, unit="bytes", what="INFO", detail="correct-horse"
    )
    assert fact == Observed(5, "demo INFO", NOON, "bytes", detail="***")


def test_observe_times_what_it_reads() -> None:
    def read() -> int:
        time.sleep(0.01)
        return 1

    assert look().observe(read).duration >= dt.timedelta(milliseconds=10)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            LookError("no", Cause.WITHHELD, "GRANT"),
            Unavailable("no", Cause.WITHHELD, "GRANT"),
        ),
        (
            ProbeError("env:X", "is not set"),
            Unavailable("env:X: is not set", Cause.LOCAL),
        ),
    ],
)
def test_observe_makes_an_error_of_a_look_unavailable(
    error: ProbeError, expected: Unavailable
) -> None:
    def read() -> int:
        raise error

    assert look().observe(read).value == expected


def test_noted_adds_to_a_detail() -> None:
    fact = look().seen(1, detail="over TLS")
    assert noted(fact, "try 2 of 2").detail == "over TLS; try 2 of 2"
    assert noted(fact, "") is fact


def test_every_fact_of_a_probe_shows_the_tries() -> None:
    errors = [LookError("connection refused")]

    def attempt(look: Look) -> Twins:
        if errors:
            raise errors.pop()
        return Twins(first=look.seen(1), second=look.seen("x", detail="d"))

    twins = Twins.tried(look(), 1, attempt)
    assert twins.first.detail == "try 2 of 2, after: connection refused"
    assert twins.second.detail == "d; try 2 of 2, after: connection refused"


def test_a_probe_that_saw_nothing_has_the_same_reason_for_every_fact() -> None:
    reason = Unavailable("connection refused", Cause.NO_ANSWER)

    def attempt(_: Look) -> Twins:
        raise LookError("connection refused")

    twins = Twins.tried(look(), 0, attempt)
    assert twins == Twins.unavailable(reason, "demo", NOON)
    assert twins.first.value is twins.second.value


def test_the_base_of_the_probes_looks_at_nothing() -> None:
    with pytest.raises(NotImplementedError):
        Facts.gather(None, look())
    with pytest.raises(NotImplementedError):
        Facts.source(None)


def test_a_door_that_was_refused_stays_shut_for_all() -> None:
    doors, look, asked = Doors(), Look("demo", 1.0), []

    def refused() -> None:
        asked.append("once")
        raise LookError("rejected", rejected=True)

    for _ in range(3):
        with pytest.raises(LookError, match="rejected"):
            doors.enter(("db", "key"), look, refused)
    assert asked == ["once"]
    assert doors.enter(("db", "another"), look, lambda: "in") == "in"


def test_a_door_that_was_not_answered_is_tried_again() -> None:
    doors, look = Doors(), Look("demo", 1.0)

    def silent() -> str:
        raise LookError("no answer", final=True)

    for _ in range(2):
        with pytest.raises(LookError, match="no answer"):
            doors.enter(("db",), look, silent)
    assert doors.enter(("db",), look, lambda: "in") == "in"
    assert doors.enter(("db",), look, lambda: "in again") == "in again"


def test_others_wait_for_the_first_at_a_door_but_not_for_ever() -> None:
    doors, inside, leave = Doors(), threading.Event(), threading.Event()

    def slow() -> str:
        inside.set()
        leave.wait(10)
        return "in"

    first = threading.Thread(
        target=doors.enter, args=(("db",), Look("demo", 10.0), slow)
    )
    first.start()
    inside.wait(10)
    with pytest.raises(LookError, match=r"no answer within 0.1 s"):
        doors.enter(("db",), Look("demo", 0.1), lambda: "in")
    leave.set()
    first.join(10)
    assert doors.enter(("db",), Look("demo", 0.1), lambda: "in") == "in"


def test_a_brief_look_says_how_long_it_waited() -> None:
    look = Look("demo", 10.0)
    brief = look.brief(dt.timedelta(seconds=0.5))
    assert brief.remaining() <= 0.5
    assert str(brief.overdue()) == "no answer within 0.5 s"
    assert look.brief(dt.timedelta(hours=1)).timeout == 10.0
