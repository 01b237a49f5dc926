"""OpenAPI documents: good ones of each version, bad ones, and some that mean harm."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.openapi import Openapi, Served
from pytest_readiness.target.blocks import OpenapiBlock
from pytest_readiness.target.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Nginx, Pki

    See = Callable[[object], Openapi]

LIMIT = 30.0
TOKEN = "correct-horse-battery"


def described(version: str = "3.1.0") -> dict[str, Any]:
    """Give a small document that says all of its two operations."""
    order = {"$ref": "#/components/schemas/Order"}
    return {
        "openapi": version,
        "info": {"title": "Orders", "version": "1"},
        "paths": {
            "/orders/{id}": {
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "get": {
                    "operationId": "show",
                    "summary": "Show an order",
                    "responses": {
                        "200": {
                            "description": "it",
                            "content": {"application/json": {"schema": order}},
                        },
                        "404": {"description": "none"},
                    },
                },
            },
            "/orders": {
                "post": {
                    "operationId": "place",
                    "description": "Place an order",
                    "requestBody": {"content": {"application/json": {"schema": order}}},
                    "responses": {"201": {"$ref": "#/components/responses/Placed"}},
                }
            },
        },
        "components": {
            "parameters": {
                "Id": {
                    "name": "id",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                }
            },
            "responses": {"Placed": {"description": "placed"}},
            "schemas": {
                "Order": {
                    "type": "object",
                    "properties": {"parts": {"type": "array", "items": order}},
                }
            },
        },
    }


@pytest.fixture
def see(tmp_path: Path) -> See:
    def look(document: object, name: str = "openapi.json") -> Openapi:
        path = tmp_path / name
        if not isinstance(document, bytes):
            document = json.dumps(document).encode()
        path.write_bytes(document)
        block = OpenapiBlock(path=path)
        began = time.monotonic()
        facts = Openapi.gather(block, Look(Openapi.source(block), LIMIT))
        assert time.monotonic() - began < LIMIT
        return facts

    return look


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_good_document_has_no_problem_and_all_of_its_operations(
    version: str, see: See
) -> None:
    facts = see(described(version))
    assert facts.found.value is True
    assert facts.problems.value == ()
    assert facts.undescribed.value == ()
    assert facts.count.value == 2
    assert facts.compared.value is False
    shown, placed = facts.operations.otherwise(())
    assert (shown.name, shown.operation_id) == ("GET /orders/{id}", "show")
    assert [one["name"] for one in shown.parameters] == ["id"]
    assert (placed.name, placed.summary) == ("POST /orders", "Place an order")
    assert "application/json" in placed.body["content"]  # type: ignore[operator]
    assert placed.responses == {"201": {"description": "placed"}}


def test_yaml_is_read_with_its_numbers_as_keys(see: See) -> None:
    text = (
        "openapi: 3.0.3\ninfo: {title: T, version: 2026-01-01}\npaths:\n"
        "  /x:\n    get:\n      summary: S\n      responses:\n"
        "        200: {description: fine}\n"
    )
    facts = see(text.encode(), "openapi.yaml")  # type: ignore[call-arg]
    assert (facts.problems.value, facts.undescribed.value) == ((), ())
    assert facts.count.value == 1


def test_swagger_two_is_validated_by_its_own_rules(see: See) -> None:
    document: dict[str, Any] = {
        "swagger": "2.0",
        "info": {"title": "T", "version": "1"},
        "paths": {
            "/x": {
                "get": {
                    "summary": "S",
                    "parameters": [{"name": "q", "in": "query", "type": "string"}],
                    "responses": {"200": {"description": "fine"}},
                }
            }
        },
    }
    facts = see(document)
    assert (facts.problems.value, facts.undescribed.value) == ((), ())
    del document["paths"]["/x"]["get"]["responses"]["200"]["description"]
    assert "description" in str(see(document).problems.value)


def _no_version(document: dict[str, Any]) -> None:
    document["openapi"] = "9.0"


def _duplicate(document: dict[str, Any]) -> None:
    document["paths"]["/orders"]["post"]["operationId"] = "show"


def _dangling(document: dict[str, Any]) -> None:
    document["paths"]["/orders"]["post"]["responses"]["201"] = {
        "$ref": "#/components/responses/Nothing"
    }


def _undeclared(document: dict[str, Any]) -> None:
    del document["paths"]["/orders/{id}"]["parameters"]


def _no_table(document: dict[str, Any]) -> None:
    document["paths"] = ["/orders"]


def _title(document: dict[str, Any]) -> None:
    del document["info"]["title"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (_no_version, "version"),
        (_duplicate, "show"),
        (_dangling, "Nothing"),
        (_undeclared, "id"),
        (_no_table, "paths"),
        (_title, "title"),
    ],
)
def test_what_is_invalid_is_named(
    change: Callable[[dict[str, Any]], None], word: str, see: See
) -> None:
    document = described()
    change(document)
    problems = see(document).problems.otherwise(())
    assert problems
    assert any(word in one for one in problems), problems


def test_what_is_not_said_of_an_operation_is_named(see: See) -> None:
    document = described()
    shown = document["paths"]["/orders/{id}"]["get"]
    del shown["summary"]
    shown["responses"]["200"]["content"]["application/json"]["schema"] = {}
    placed = document["paths"]["/orders"]["post"]
    placed["requestBody"]["content"] = {"application/merge-patch+json": {}}
    placed["responses"] = {}
    del document["components"]["parameters"]["Id"]["schema"]
    assert see(document).undescribed.value == (
        "GET /orders/{id}: no summary",
        "GET /orders/{id}: no schema of parameter id",
        "GET /orders/{id}: no schema of answer 200",
        "POST /orders: no responses",
        "POST /orders: no schema of its body",
    )


def test_a_reference_does_not_lead_out_of_the_document(
    see: See, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps({"description": TOKEN, "type": TOKEN}))
    document = described()
    document["components"]["schemas"]["Order"] = {"$ref": secret.as_uri()}
    document["components"]["responses"]["Placed"] = {"$ref": secret.as_uri()}
    facts = see(document)
    assert "cannot be resolved" in str(facts.problems.value)
    assert TOKEN not in repr(facts)


def test_a_reference_that_refers_to_itself_ends(see: See) -> None:
    document = described()
    document["components"]["responses"]["Placed"] = {
        "$ref": "#/components/responses/Placed"
    }
    facts = see(document)
    assert facts.count.value == 2
    assert facts.problems.value


BOMB = b"a: &a [x, x, x, x, x, x, x, x, x, x]\n" + b"".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n".encode()
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = b"a: &a {x: 1, y: 2}\n" + b"".join(
    f"k{n}: &k{n} {{<<: [*{before}, *{before}]}}\n".encode()
    for n, before in enumerate(["a", *(f"k{n}" for n in range(40))])
)


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (b"{", "openapi.json", "no JSON"),
        (b"[" * 200_000, "openapi.json", "more than anybody can read"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "openapi.json", "more than anybody"),
        (b"\xff\xfe\x00", "openapi.json", "not UTF-8"),
        (b"[]", "openapi.json", "no OpenAPI document"),
        (b"a: [", "openapi.yaml", "no YAML: line"),
        (b"- " * 100_000, "openapi.yaml", "no YAML"),
        (b"x" * 2_500_000, "openapi.yaml", "too large"),
        (BOMB, "openapi.yaml", "more than anybody can read"),
        (MERGES, "openapi.yaml", "version of OpenAPI"),
        (b"a: &a [*a]", "openapi.yaml", "holds itself"),
        (b"a: !!python/object/apply:os.system [true]", "openapi.yaml", "no YAML"),
        (b"a: " + b"9" * 5000, "openapi.yaml", "version of OpenAPI"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_is_invalid_and_says_why(
    data: bytes, name: str, word: str, see: See
) -> None:
    facts = see(data, name)  # type: ignore[call-arg]
    assert facts.found.value is True
    assert word in str(facts.problems.value)


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    facts = Openapi.gather(OpenapiBlock(path=path), Look("x", LIMIT))
    assert "larger than" in facts.reason.reason


def test_a_validator_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(described()))
    look = Look("x", 0.05)
    facts = Openapi.gather(OpenapiBlock(path=path), look)
    assert isinstance(facts.problems.value, Unavailable)
    assert facts.count.value == 2


def test_no_file_is_an_observation(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        facts = Openapi.gather(OpenapiBlock(path=path), Look("x", LIMIT))
        assert facts.found.value is False
        assert str(path) in facts.found.detail
        assert not facts.problems.available


# ------------------------------------------------------------------------------- served


def served(nginx: Nginx, pki: Pki, path: Path | None, **more: object) -> OpenapiBlock:
    settings = {"route": "/openapi.json", "ca_file": pki.ca_file, **more}
    return OpenapiBlock(path=path, url=nginx.url(), **settings)  # type: ignore[arg-type]


def differences(block: OpenapiBlock) -> object:
    return Served.gather(block, Look(Served.source(block), LIMIT)).differences.value


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """Give the document that the server serves, as a file."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"version": "2.4.0", "build": {"no": 7}}))
    return path


def test_the_served_document_is_compared(
    nginx: Nginx, pki: Pki, released: Path
) -> None:
    block = served(nginx, pki, released, route="/version")
    assert differences(block) == ()
    released.write_text(json.dumps({"version": "2.4.1", "paths": {"/x": {"get": {}}}}))
    assert differences(block) == (
        "version differs",
        "GET /x is not served",
        "build is not in the release",
    )


def test_where_it_is_served_does_not_count(
    nginx: Nginx, pki: Pki, released: Path
) -> None:
    document = json.loads(released.read_text())
    released.write_text(json.dumps({**document, "servers": [{"url": "https://x"}]}))
    assert differences(served(nginx, pki, released, route="/version")) == ()


def test_a_document_that_is_only_served_is_described(nginx: Nginx, pki: Pki) -> None:
    block = served(nginx, pki, None, route="/version")
    facts = Openapi.gather(block, Look(Openapi.source(block), LIMIT))
    assert facts.found.value is True
    assert "version of OpenAPI" in str(facts.problems.value)
    nothing = differences(block)
    assert isinstance(nothing, Unavailable)
    assert nothing.cause is Cause.UNCONFIGURED


@pytest.mark.parametrize(
    ("route", "token", "word"),
    [
        ("/none", None, "answered 404"),
        ("/private", None, "asks for a token"),
        ("/private", "wrong", "rejected the token"),
        ("/text", None, "no JSON"),
    ],
)
def test_what_is_not_served_is_not_known(
    *, route: str, token: str | None, word: str, nginx: Nginx, pki: Pki, released: Path
) -> None:
    secret = Secret(token, "env:TOKEN") if token else None
    nothing = differences(served(nginx, pki, released, route=route, token=secret))
    assert isinstance(nothing, Unavailable)
    assert word in nothing.reason


def test_a_token_is_sent(nginx: Nginx, pki: Pki, released: Path) -> None:
    token = Secret(TOKEN, "env:TOKEN")
    block = served(nginx, pki, released, route="/private", token=token)
    assert not isinstance(differences(block), Unavailable)
    assert TOKEN not in str(Served.looks(block))


def test_each_look_says_beforehand_what_it_reads(
    nginx: Nginx, pki: Pki, released: Path
) -> None:
    both = served(nginx, pki, released)
    assert [look.kind for look in Openapi.looks(both)] == ["file", "program"]
    assert [look.what for look in Served.looks(both)][:2] == [
        "over TLS",
        "GET /openapi.json",
    ]
    only = served(nginx, pki, None)
    assert Served.looks(only) == ()
    assert "GET /openapi.json" in [look.what for look in Openapi.looks(only)]
