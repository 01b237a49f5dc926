"""Editors get the same rules from the same types."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_readiness.target.example import example
from pytest_readiness.target.schema import json_schema

HEAD = '[system]\nname = "a"\n[target.production]\n'


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def tree(text: str) -> object:
    return _plain(tomllib.loads(text))


def _plain(value: object) -> object:
    """Show dates as editors do: as texts."""
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def test_the_example_meets_the_schema(validator: Draft202012Validator) -> None:
    assert list(validator.iter_errors(tree(example()))) == []


@pytest.mark.parametrize(
    "text",
    [
        '[target.production.redis]\nhost = "a"\nport = "${env:PORT}"\n',
        '[target.production.redis]\nhost = "a"\ntls = "${secret:env:TLS}"\n',
        (
            '[target.production.redis]\nhost = "a"\ntimeout = "${env:T}"\nrole = '
            '"${env:R}"\n'
        ),
        '[target.production.tls]\nendpoints = ["a", {host = "b"}]\n',
    ],
)
def test_what_the_file_may_hold_meets_the_schema(
    validator: Draft202012Validator, text: str
) -> None:
    assert list(validator.iter_errors(tree(HEAD + text))) == []


@pytest.mark.parametrize(
    "text",
    [
        '[target.production.redis]\nhost = "a"\nprot = 1\n',
        '[target.production.redis]\nhost = "a"\nport = 70000\n',
        '[target.production.redis]\nhost = "a"\nport = "6379"\n',
        '[target.production.redis]\nhost = "a"\ntimeout = "5"\n',
        '[target.production.redis]\nhost = "a"\nrole = "queue"\n',
        '[target.production.python]\nisolation = "venv"\n',
        '[gate.a]\nstages = ["dayly"]\n',
        "[target.production.tls]\nendpoints = [1]\n",
        "[target.staging]\nallow = ['lood']\n",
        "[target.staging]\nsha256 = 'abc'\n",
    ],
)
def test_what_the_file_may_not_hold_does_not(
    validator: Draft202012Validator, text: str
) -> None:
    assert list(validator.iter_errors(tree(HEAD + text))) != []


def test_keys_have_their_meaning_and_their_defaults_as_they_are_written() -> None:
    schema: Any = json_schema()
    limits = schema["$defs"]["RedisLimits"]["properties"]
    assert limits["min_version"]["default"] == "6"
    assert limits["round_trip"]["default"] == "5 ms"
    assert limits["round_trip"]["description"] == (
        "Longest median round trip within one network."
    )
    assert schema["$defs"]["CertificateLimits"]["properties"]["min_left"][
        "default"
    ] == ("30 d")
    for table in schema["$defs"].values():
        for key, value in table.get("properties", {}).items():
            assert "description" in value or "$ref" in value, key


def test_the_schema_says_nothing_of_null() -> None:
    assert "null" not in str(json_schema()).replace("'null'", "null")
