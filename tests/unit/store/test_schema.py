from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pytest_readiness.store.schema import SCHEMA_ID, schema
from pytest_readiness.verdict.settling import Outcome
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_readiness.catalogue.item import Item
    from pytest_readiness.catalogue.judgement import Judgement
    from pytest_readiness.store.document import Report

PUBLISHED = Path(__file__).parents[3] / "docs" / "schema" / "report-1.json"


@pytest.fixture
def validator() -> jsonschema.Draft202012Validator:
    document = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(
        document, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


def test_the_published_schema_is_the_codes() -> None:
    command = "python -m pytest_readiness.store.schema > docs/schema/report-1.json"
    assert PUBLISHED.read_bytes() == schema(), f"write it anew: {command}"
    assert json.loads(schema())["$id"] == SCHEMA_ID


def test_the_module_prints_it() -> None:
    command = [sys.executable, "-m", "pytest_readiness.store.schema"]
    done = subprocess.run(command, check=True, capture_output=True)
    assert done.stdout == schema()


def test_a_report_meets_the_schema(
    validator: jsonschema.Draft202012Validator,
    make_item: Callable[..., Item],
    make_judgement: Callable[..., Judgement],
    make_report: Callable[..., Report],
) -> None:
    items = [make_item(id=f"s.{state}") for state in State]
    outcomes = {
        item.id: Outcome.plain(item.id, state)
        for item, state in zip(items, State, strict=True)
    }
    lines = {item.id: [make_judgement()] for item in items}
    document: Any = json.loads(make_report(items, outcomes, lines).canonical())
    validator.validate(document)

    document["items"][0]["state"] = "fine"
    assert not validator.is_valid(document)
    del document["items"][0]["state"]
    assert not validator.is_valid(document)


def test_every_key_is_required_and_no_other_allowed() -> None:
    document = json.loads(schema())
    objects = [document, *document["$defs"].values()]
    for definition in objects:
        if definition.get("type") == "object":
            assert set(definition["required"]) == set(definition["properties"])
            assert definition["additionalProperties"] is False


def test_running_the_module_writes_bytes(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    sys.modules.pop("pytest_readiness.store.schema", None)
    runpy.run_module("pytest_readiness.store.schema", run_name="__main__")
    assert capfdbinary.readouterr().out == schema()
