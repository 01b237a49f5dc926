"""A secret never shows itself; texts lose every form in which it comes back."""

from __future__ import annotations

import base64
import copy
import html
import json
import pickle
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, strategies as st

from pytest_readiness.errors import ProbeError
from pytest_readiness.target.secret import MASK, MIN_REDACTED, Redactor, Secret

VALUE = "p@ss/w+rd é"


def test_a_secret_gives_its_value_only_when_asked() -> None:
    secret = Secret(VALUE, "env:PW")
    assert secret.reveal() == VALUE
    assert secret.available
    assert repr(secret) == "Secret(env:PW)"
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize(
    "show", [str, format, "{}".format, pickle.dumps, copy.deepcopy, json.dumps]
)
def test_a_secret_is_no_text_and_cannot_be_copied(show: object) -> None:
    assert callable(show)
    with pytest.raises(TypeError) as caught:
        show(Secret(VALUE, "env:PW"))
    assert VALUE not in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "message"),
    [
        (Secret(None, "env:PW", "env:PW is not set"), "env:PW is not set"),
        (Secret("", "env:PW"), "env:PW is empty"),
        (Secret(None, "env:PW", "is not set"), "env:PW: is not set"),
    ],
)
def test_a_secret_without_a_value_says_so_once(secret: Secret, message: str) -> None:
    assert not secret.available
    with pytest.raises(ProbeError) as caught:
        secret.reveal()
    assert str(caught.value) == f"{message}; set it where the run can read it"


FORMS = {
    "as it is": VALUE,
    "percent-encoded": quote(VALUE, safe=""),
    "percent-encoded, slashes kept": quote(VALUE),
    "percent-encoded in small letters": quote(VALUE, safe="").lower(),
    "as a form": quote_plus(VALUE),
    "in part percent-encoded": VALUE.replace("@", "%40"),
    "in JSON": json.dumps(VALUE),
    "in JSON, unescaped": json.dumps(VALUE, ensure_ascii=False),
    "in Python": repr(VALUE),
    "in HTML": html.escape(VALUE),
    "in base64": base64.b64encode(VALUE.encode()).decode(),
    "in URL-safe base64": base64.urlsafe_b64encode(VALUE.encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_a_secret_is_taken_out(form: str) -> None:
    redact = Redactor()
    redact.add(VALUE)
    shown = redact(f"refused: {form}; goodbye")
    assert MASK in shown
    assert shown.startswith("refused: ")
    assert shown.endswith("; goodbye")
    assert not any(part in shown for part in ("p@ss", "w+rd", "p%40ss"))


@pytest.mark.parametrize("user", ["a", "ab", "abc", "abcd"])
def test_a_secret_within_basic_credentials_is_taken_out(user: str) -> None:
    redact = Redactor()
    redact.add("correct horse")
    header = base64.b64encode(f"{user}:correct horse".encode()).decode()
    shown = redact(f"Authorization: Basic {header}")
    assert MASK in shown
    assert len(shown) < len("Authorization: Basic ") + 16


def test_lines_of_a_key_are_taken_out_one_by_one_and_its_frame_is_not() -> None:
    key = (
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ\nYDK2VwBCIE\n-----END PRIVATE KEY-----"
    )
    redact = Redactor()
    redact.add(key)
    assert redact("read MC4CAQAwBQ") == f"read {MASK}"
    assert redact("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


def test_the_longer_of_two_secrets_leaves_no_tail() -> None:
    redact = Redactor()
    redact.add("hunter2")
    redact.add("hunter2hunter3")
    redact.add("hunter2")
    assert redact("hunter2hunter3") == MASK


def test_short_values_are_left_alone() -> None:
    redact = Redactor()
    redact.add("a" * (MIN_REDACTED - 1))
    assert redact("aaaaaaaaaa") == "aaaaaaaaaa"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://u:p@db/app", "postgresql://db/app"),
        ("https://token@host/x and ftp://a:b@c@d", "https://host/x and ftp://d"),
        ("https://host/a@b", "https://host/a@b"),
        ("mail a@b", "mail a@b"),
    ],
)
def test_urls_lose_their_userinfo(text: str, shown: str) -> None:
    assert Redactor()(text) == shown


@given(
    st.text(min_size=MIN_REDACTED).filter(lambda value: value != MASK * 2),
    st.text(max_size=5),
    st.text(max_size=5),
)
def test_no_text_keeps_a_secret(value: str, before: str, after: str) -> None:
    redact = Redactor()
    redact.add(value)
    for form in (value, quote(value.encode("utf-8", "replace"), safe="")):
        assert (
            form not in redact(before + form + after) or form in MASK + before + after
        )
