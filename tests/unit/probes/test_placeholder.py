from __future__ import annotations

import secrets

import pytest

from pytest_readiness.probes.placeholder import is_placeholder


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "x", "xxxx", "XXXXXXXX", "****", "00000000"),
        *("changeme", "CHANGE_ME", "change-me", "replace-me", "REPLACE_WITH_YOUR_KEY"),
        *("<your key>", "<TOKEN>", "${TRADIER_KEY}", "$TRADIER_KEY", "{{ key }}"),
        *("your-api-key", "YOUR_API_KEY_HERE", "yourkey", "my_secret", "[key]"),
        *("api_key", "apikey", "API-KEY", "token", "secret", "password"),
        *("todo", "TBD", "to do", "fixme", "placeholder", "some-placeholder"),
        *("dummy", "fake_key", "example", "example-key", "sample", "foobar", "test"),
        *("test_token", "demo", "none", "null", "n/a", "unset", "default"),
        *("insert your key here", "enter_token", "put-the-key-here", '"changeme"'),
        "abcdefghijklmnopqrstuvwxyz123456",
    ],
)
def test_what_stands_in_examples_is_one(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        *("b3f7c1d9e8a24f60", "sk_live_51H8x", "fakeb1c2", "testing123abc456", "t0ken"),
        *("eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG", "AKIAIOSFODNN7QWERTY"),
        "correct-horse-battery",
    ],
)
def test_a_real_secret_is_none(text: str) -> None:
    assert not is_placeholder(text)


def test_random_keys_are_none() -> None:
    keys = [make(16) for make in (secrets.token_hex, secrets.token_urlsafe)] * 200
    assert [key for key in keys if is_placeholder(key)] == []
