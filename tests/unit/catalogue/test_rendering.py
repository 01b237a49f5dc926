from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import NoReturn

import pytest

from pytest_readiness.catalogue.rendering import MAX_TEXT, duration, printable, render


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 ms"),
        (0.000001, "0.001 ms"),
        (0.0123, "12.3 ms"),
        (0.9999, "1000 ms"),
        (1, "1 s"),
        (119.7, "120 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2 h"),
        (2 * 86400, "2 d"),
        (45.5 * 86400, "45.5 d"),
        (123456 * 86400, "123456 d"),
        (-5 * 86400, "-5 d"),
    ],
)
def test_durations_take_the_unit_of_their_size(seconds: float, text: str) -> None:
    assert duration(dt.timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "", "nothing"),
        (True, "", "yes"),
        (False, "", "no"),
        (12, "", "12"),
        (12, "connections", "12 connections"),
        (1.23456789, "s", "1.23457 s"),
        (100 * 10**6, "bytes", "100 MB"),
        (999.96, "bytes", "1000 B"),
        (1.5e20, "bytes", "150000 PB"),
        (80, "percent", "80 %"),
        (0.8, "ratio", "0.8"),
        (math.nan, "", "nan"),
        (math.inf, "bytes", "inf PB"),
        pytest.param(10**5000, "bytes", "a number of over 3000 digits", id="huge"),
        (dt.timedelta(days=30), "", "30 d"),
        (dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC), "", "2026-01-31 12:00:00+00:00"),
        (dt.date(2026, 1, 31), "", "2026-01-31"),
        ("allkeys-lru", "", "allkeys-lru"),
        ("", "", '""'),
        (b"\x00secret", "", "b'\\x00secret'"),
        (Path("/etc/app"), "", "/etc/app"),
        ({"b": 1, "a": None}, "", "b=1, a=nothing"),
        ((1, 2), "kB", "1 kB, 2 kB"),
        ([], "", "none"),
        ({3, 1, 2}, "", "1, 2, 3"),
        (frozenset(), "", "none"),
    ],
)
def test_values_are_written_for_people(value: object, unit: str, text: str) -> None:
    assert render(value, unit) == text


def test_control_and_bidirectional_characters_stand_as_escapes() -> None:
    assert printable("a\x1b[31m\u202e\ud800\nb") == "a\\x1b[31m\\u202e\\ud800\\nb"
    assert render("\x9b2J") == "\\x9b2J"
    assert printable("größer 日本") == "größer 日本"


def test_what_is_long_is_cut_and_lists_say_how_many_they_are() -> None:
    assert render("x" * 10_000) == "x" * (MAX_TEXT - 1) + "…"
    many = render(range_ := list(range(1_000_000)))
    assert many.startswith("0, 1, 2, ")
    assert many.endswith(f", … ({len(range_)} in all)")
    assert len(many) <= MAX_TEXT
    assert len(render(["x" * 1000, "y"])) == MAX_TEXT
    assert len(render({str(n) for n in range(5000)})) <= MAX_TEXT


def test_nesting_ends_somewhere() -> None:
    nested: list[object] = []
    nested.append(nested)
    assert render(nested) == "…"
    deep: object = "x"
    for _ in range(5000):
        deep = [deep]
    assert render(deep) == "…"


def test_a_value_that_refuses_to_be_text_is_named_by_its_type() -> None:
    class Refusing:
        def __str__(self) -> NoReturn:
            raise TypeError

    assert render(Refusing()) == "a Refusing"


def test_texts_are_redacted_before_they_are_cut() -> None:
    secret = "correct-horse-battery"
    text = "x" * (MAX_TEXT - 10) + secret

    def redact(text: str) -> str:
        return text.replace(secret, "***")

    assert "correct" not in render(text, redact=redact)
    assert "correct" not in render([{"k": text}], redact=redact)
    assert render(text, redact=redact).endswith("x***")
