from __future__ import annotations

import pytest

from pytest_readiness.reports.text import columns, cut, pad, wrap


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("größer", 6),
        ("日本", 4),
        ("\uff41\uff42", 4),
        ("e\u0301", 1),
        ("a\u200db", 2),
        ("🚀", 2),
    ],
)
def test_columns_are_those_of_a_terminal(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abc", 3, "abc"),
        ("abcdef", 5, "ab..."),
        ("abcdef", 3, "abc"),
        ("abcdef", 0, ""),
        ("日本語", 5, "日..."),
        ("日本語", 4, "..."),
        ("日本語", 3, "日"),
    ],
)
def test_cutting_never_takes_more_columns(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown
    assert columns(cut(text, width)) <= width


def test_padding_fills_to_the_column() -> None:
    assert pad("ab", 4) == "ab  "
    assert pad("日本語", 6) == "日本語"
    assert pad("日本語", 5) == "日..."
    assert columns(pad("日本語日本語", 10)) == 10


def test_wrapping_breaks_at_words_and_then_inside_them() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("  one\n two ", 80, indent="  ") == ["  one two"]
    assert wrap("abcdefghij", 6, indent="  ") == ["  abcd", "  efgh", "  ij"]
    assert wrap("", 10) == []
    assert wrap("日本語", 3) == ["日", "本", "語"]


def test_a_limit_cuts_the_last_line() -> None:
    assert wrap("one two three four", 9, limit=2) == ["one two", "three..."]
    assert wrap("one two", 9, limit=2) == ["one two"]
    assert wrap("x" * 50, 10, limit=1) == ["xxxxxxx..."]
