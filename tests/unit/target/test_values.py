"""Texts of the target file become values, or say what is wrong with them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.catalogue.rendering import duration
from pytest_readiness.target.values import (
    UNITS,
    Mistake,
    listed,
    near,
    parse_base_url,
    parse_duration,
    parse_endpoint,
    parse_host,
    parse_size,
    parse_version,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("5s", 5),
        (" 5 s ", 5),
        ("5m", 300),
        ("10min", 600),
        ("1.5h", 5400),
        ("30d", 30 * 86400),
        ("2w", 14 * 86400),
        ("0s", 0),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "s", "5", "-5s", "5 parsecs", "1h30m", "1e3s", "5  s", "٣s", "99999w"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(Mistake):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("8GB", 8 * 10**9),
        (" 512 MiB ", 512 * 2**20),
        ("1.5TB", 1_500_000_000_000),
        ("100 B", 100),
        ("1kB", 1000),
        ("1KB", 1000),
        ("1KiB", 1024),
        ("2PiB", 2**51),
    ],
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "8", "8G", "GB", "-8GB", "8gb", "8 EB", "1e3B"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(Mistake, match="is no size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5 sec", "s"),
        ("5 secs", "s"),
        ("5 Hours", "h"),
        ("5 days", "d"),
        ("5 minute", "min"),
        ("5MIN", "min"),
    ],
)
def test_an_unknown_unit_names_the_one_that_was_meant(text: str, meant: str) -> None:
    with pytest.raises(Mistake) as caught:
        parse_duration(text)
    assert caught.value.remedy == f"did you mean `{meant}`?"


@given(st.integers(0, 10**6), st.sampled_from(sorted(UNITS)))
def test_every_whole_number_of_a_unit_is_read_exactly(number: int, unit: str) -> None:
    value = UNITS[unit] * number
    if value <= dt.timedelta(days=36500):
        assert parse_duration(f"{number}{unit}") == value


@given(st.integers(0, 10**7))
def test_what_reports_show_can_be_written_into_the_file(milliseconds: int) -> None:
    value = dt.timedelta(milliseconds=milliseconds)
    shown = parse_duration(duration(value))
    assert shown == pytest.approx(value, rel=0.01, abs=dt.timedelta(milliseconds=1))


def test_a_version_is_ordered_as_versions_are() -> None:
    assert parse_version("3.10") > parse_version("3.9")
    with pytest.raises(Mistake):
        parse_version("latest")


@pytest.mark.parametrize(
    "text", ["db", "db.example.com", "10.0.0.1", "::1", "a_b", "a."]
)
def test_a_host_is_a_name_or_an_address(text: str) -> None:
    assert parse_host(text) == text


@pytest.mark.parametrize(
    "text", ["", "-a", "a b", "http://a", "a:1", "a/b", "u@a", "[::1]", "1::2::3"]
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(Mistake):
        parse_host(text)


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("https://a.example:8443", ("a.example", 8443)),
        ("https://a.example/", ("a.example", 443)),
        ("a.example:5432", ("a.example", 5432)),
        ("a.example", ("a.example", 443)),
        ("[::1]:8443", ("::1", 8443)),
    ],
)
def test_an_endpoint_is_a_host_and_a_port(text: str, endpoint: tuple[str, int]) -> None:
    assert parse_endpoint(text) == endpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://a",
        "https://a/b",
        "https://a?b",
        "https://a#b",
        "a:0",
        "a:70000",
        "a:b",
        "https://[::1",
        "u:p@a:443",
        "a b:443",
    ],
)
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(Mistake):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://engine/", "https://engine"),
        ("https://engine:8443/api/", "https://engine:8443/api"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
    ],
)
def test_a_base_url_ends_without_a_slash(text: str, url: str) -> None:
    assert parse_base_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "engine",
        "ftp://engine",
        "https://",
        "https://e:0",
        "https://e:99999",
        "https://[::1",
        "https://u@e",
        "https://e?a",
        "https://e#a",
        "https://e/a b",
        "https://e/\x07",
        "https://-e",
    ],
)
def test_what_is_no_base_url_is_refused(text: str) -> None:
    with pytest.raises(Mistake):
        parse_base_url(text)


def test_words_are_listed_as_a_sentence_does() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"


def test_a_near_word_is_found_whatever_its_case() -> None:
    assert near("PROT", ["port", "host"]) == "port"
    assert near("zzz", ["port", "host"]) == ""
