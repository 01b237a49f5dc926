from __future__ import annotations

import json
import sys
import time
import tracemalloc

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.attest.codes import Code
from pytest_readiness.attest.strict_json import (
    LINE,
    MAX_INTEGER,
    PAYLOAD,
    Limits,
    Malformed,
    is_list,
    is_object,
    parse,
)


def reason(data: bytes, limits: Limits = PAYLOAD) -> str:
    with pytest.raises(Malformed) as refused:
        parse(data, limits=limits)
    assert refused.value.code is Code.MALFORMED
    return refused.value.reason


def test_an_object_is_read() -> None:
    data = ' {"a": [1, -2, true, false, null, "é\\u00e9\\n"], "b": {}}\n'

    assert parse(data.encode()) == {
        "a": [1, -2, True, False, None, "éé\n"],
        "b": {},
    }


def test_the_limits_are_those_of_the_format() -> None:
    assert (LINE.size, PAYLOAD.size) == (65536, 49152)
    assert LINE.containers == PAYLOAD.containers == 256
    assert PAYLOAD.string == 8192


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"x":[{"verdict":"SATISFIED","verdict":"NOT_SATISFIED"}]}',
        b'{"a":1,"b":2,"a":1}',
    ],
)
def test_a_key_that_stands_twice_is_refused(data: bytes) -> None:
    assert json.loads(data), "the standard reader takes one of the two"
    assert reason(data) == "a key stands twice in one object"


@pytest.mark.parametrize(
    "number", ["1.0", "0.1", "1e3", "1E400", "-1e-3", "NaN", "Infinity", "-Infinity"]
)
def test_numbers_that_are_no_integers_are_refused(number: str) -> None:
    assert reason(f'{{"a":{number}}}'.encode()) == "a number that is no integer"


@pytest.mark.parametrize("number", [9_007_199_254_740_991, -(10**15 - 1), 0])
def test_integers_up_to_2_53_are_read(number: int) -> None:
    assert MAX_INTEGER == 9_007_199_254_740_991
    assert parse(f'{{"a":{number}}}'.encode()) == {"a": number}


@pytest.mark.parametrize(
    "number", [str(2**53), str(-(2**53)), "1" * 17, "-" + "1" * 16, "9" * 5000]
)
def test_integers_that_other_readers_would_change_are_refused(number: str) -> None:
    assert reason(f'{{"a":{number}}}'.encode()) == "an integer beyond 2^53"


@pytest.mark.parametrize(
    "text",
    [
        '"\\ud800"',
        '"\\udfff x"',
        '["\\udc00\\ud800"]',
        '{"\\ud800":1}',
        '[["\\udc00"]]',
    ],
)
def test_lone_surrogates_are_refused(text: str) -> None:
    data = f'{{"a":{text}}}'.encode()

    assert reason(data) == "a lone surrogate"


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(b'{"a":"\\ud83d\\ude00"}') == {"a": "\U0001f600"}


def test_an_escaped_backslash_before_u_is_no_surrogate() -> None:
    assert parse(rb'{"a":"\\ud800"}') == {"a": r"\ud800"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'\xef\xbb\xbf{"a":1}', "begins with a byte-order mark"),
        ('{"a":1}'.encode("utf-16"), "no UTF-8 at byte 1"),
        ('{"a":1}'.encode("utf-16-le"), "no JSON"),
        ('{"a":1}'.encode("utf-32-be"), "no JSON"),
        (b'{"a":"\xff"}', "no UTF-8 at byte 7"),
        (b'{"a":"\xed\xa0\x80"}', "no UTF-8 at byte 7"),
        (b'{"a":"\xc0\xae"}', "no UTF-8 at byte 7"),
    ],
)
def test_other_encodings_are_refused(data: bytes, expected: str) -> None:
    assert reason(data).startswith(expected)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"{",
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1} {}',
        b'{"a":1}x',
        b'{"a":"\x00"}',
        b'{"a":"\n"}',
        b"{a:1}",
        b'{"a":01}',
        b'{"a":+1}',
        b"<<<<<<< HEAD",
        b'{"a":1}//',
        b'{"a":\x0b1}',
    ],
)
def test_what_is_no_json_is_refused_with_its_place(data: bytes) -> None:
    assert reason(data).startswith("no JSON: ")


@pytest.mark.parametrize("data", [b"[]", b"1", b'"a"', b"null", b"true"])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    assert reason(data) == "not a JSON object"


def test_one_byte_too_many_is_refused() -> None:
    filler = b'{"a":1}' + b" " * (LINE.size - 7)

    assert parse(filler, limits=LINE) == {"a": 1}
    assert reason(filler + b" ", LINE) == "longer than 65536 bytes"


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_brackets_are_counted_before_anything_is_parsed(
    opening: bytes, closing: bytes
) -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + opening * depth + b"1" + closing * depth + b"}"

    assert parse(nested(255))
    assert reason(nested(256)) == "more than 256 brackets"
    # Without the limit this would be a RecursionError, which is no ValueError.
    assert reason(nested(2000)) == "more than 256 brackets"


def test_brackets_in_strings_count_too() -> None:
    assert reason(b'{"a":"' + b"[{" * 128 + b'"}') == "more than 256 brackets"


def test_running_out_of_stack_is_a_refusal() -> None:
    depth = sys.getrecursionlimit() * 100
    loose = Limits(size=10**7, containers=10**7)

    assert reason(b'{"a":' + b"[" * depth + b"]" * depth + b"}", loose) == (
        "no JSON: RecursionError"
    )


@pytest.mark.parametrize("character", ["a", "é", "\U0001f600"])
def test_strings_are_bounded_in_bytes(character: str) -> None:
    width = len(character.encode())
    fits = character * (PAYLOAD.string // width)

    for data in (f'{{"a":["{fits}"]}}', f'{{"{fits}":0}}'):
        assert parse(data.encode())
    for data in (
        f'{{"a":["{fits}{character}"]}}',
        f'{{"{fits}{character}":0}}',
        f'{{"b":{{"a":"{fits}{character}"}}}}',
    ):
        assert reason(data.encode()) == "a string longer than 8192 bytes"


def test_many_short_strings_may_be_long_together() -> None:
    data = json.dumps({str(number): "x" * 1000 for number in range(40)}).encode()

    assert len(data) > PAYLOAD.string
    assert len(parse(data)) == 40


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":' + b"[" * 30000,
        b'{"a":"' + b"\\ud800" * 8000 + b'"}',
        b'{"a":' + b"9" * 49000 + b"}",
        b'{"a":' + b"1," * 20000,
        b"\xff" * 49152,
        b"{" + b'"k":1,' * 8000 + b'"k":1}',
        b" " * 10_000_000,
        b'{"a":"' + b"\\" * 49000,
    ],
    ids=range(8),
)
def test_hostile_input_takes_bounded_time_and_memory(data: bytes) -> None:
    reason(data)  # imports and caches
    tracemalloc.start()
    began = time.process_time()  # not the clock: others may have the processor
    reason(data)
    took = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert took < 0.5, "traced and under coverage; a few milliseconds without"
    assert peak < 4 * 1024 * 1024


def test_a_reason_never_quotes_the_bytes() -> None:
    hostile = "\x1b[31mSECRET\u202e"

    for data in (f'{{"{hostile}"}}', f'{{"a":{hostile}}}', f'["{hostile}"]'):
        assert reason(data.encode()).isprintable()
        assert "SECRET" not in reason(data.encode())


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15 - 1), MAX_INTEGER)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4))
def test_what_has_one_meaning_is_read_as_the_standard_reader_does(
    value: dict[str, object],
) -> None:
    for ascii_only in (True, False):
        data = json.dumps(value, ensure_ascii=ascii_only).encode()

        assert parse(data) == value == json.loads(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_malformed(data: bytes) -> None:
    try:
        value = parse(data)
    except Malformed:
        return
    assert value == json.loads(data)


def test_values_are_told_apart() -> None:
    assert is_object({})
    assert not is_object([])
    assert is_list([])
    assert not is_list({})
