"""Configuration files are read strictly, and no message quotes them."""

from __future__ import annotations

from pathlib import PurePath

import pytest

from pytest_readiness.probes.configuration.reading import (
    Malformed,
    at,
    leaves,
    parsed,
    parsed_yaml,
    variables,
)

CANARY = "correct-horse-battery"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "a: {b: 1}\n"),
        ("a.yml", "base: &b {b: 1}\na: {<<: *b}\n"),
        ("a.json", '{"a": {"b": 1}}'),
        ("a.toml", "[a]\nb = 1\n"),
    ],
)
def test_each_format_gives_the_same(name: str, text: str) -> None:
    assert at(parsed(PurePath(name), text), "a.b") == 1


def test_ini_and_variables_give_texts() -> None:
    assert parsed(PurePath("a.ini"), "[a]\nb = %(x)s\n") == {"a": {"b": "%(x)s"}}
    for name in ("x.env", ".env", ".env.production"):
        assert parsed(PurePath(name), "export A='b c' # d\n") == {"A": "b c"}


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.yaml", f"a: {CANARY}\na: 2\n", "line 2: the key 'a' stands twice"),
        ("a.yaml", "a:\n  - b: 1\n    b: 2", "line 3: the key 'b' stands twice"),
        ("a.yaml", f"a: [{CANARY}", "line 1: expected ',' or ']'"),
        ("a.yaml", "a: !!python/object/apply:os.getcwd []", "could not determine"),
        ("a.yaml", "a: 1\n---\nb: 2", "it holds 2 documents, not one"),
        ("a.yaml", "a: \x00", "it is no YAML"),
        ("a.yaml", "a: &a [*a]", "more than 100,000 values"),
        ("a.json", f'{{"a": "{CANARY}", "a": 2}}', "the key 'a' stands twice"),
        ("a.json", f'{{"a": {CANARY}}}', "line 1: Expecting value"),
        ("a.toml", f"a = {CANARY}", "Invalid value (at line 1"),
        ("a.toml", "a = 1\na = 2", "Cannot overwrite a value"),
        ("a.ini", f"[a]\nb = {CANARY}\nb = 2", "line 3: the key 'b' stands twice"),
        ("a.ini", "[a]\n[a]", "line 2: the section 'a' stands twice"),
        ("a.ini", CANARY, "it is no ini"),
        (".env", f"A=1\n={CANARY}", "line 2 sets no variable"),
    ],
)
def test_what_is_wrong_is_named_and_not_quoted(
    name: str, text: str, problem: str
) -> None:
    with pytest.raises(Malformed) as caught:
        parsed(PurePath(name), text)
    assert problem in str(caught.value)
    assert CANARY not in str(caught.value)


def test_aliases_cannot_make_billions_of_a_few_lines() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(Malformed, match="more than 100,000 values"):
        parsed_yaml("\n".join(lines))


def test_an_empty_file_is_nothing() -> None:
    assert parsed(PurePath("a.yaml"), "") is None
    assert at(None, "a.b") is None


def test_variables_refer_to_each_other_and_to_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUTSIDE", "ours")
    text = "A=x\nB=${A}/y\nC=${OUTSIDE}\nD=${OUTSIDE:-z}\nE\n"
    assert variables(text) == {"A": "x", "B": "x/y", "C": "", "D": "z", "E": ""}


def test_leaves_have_dotted_keys() -> None:
    found = dict(leaves({"a": [{"b": 1}, 2], "c": {}}))
    assert found == {"a.0.b": 1, "a.1": 2}
