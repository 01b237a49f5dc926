"""The annotated example is true: it loads, and every key that there is stands in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args, get_origin

import pytest
from pydantic import BaseModel

from pytest_readiness.target.blocks.block import types_within
from pytest_readiness.target.example import example
from pytest_readiness.target.model import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.target.conftest import Load

# Mistakes if given beside what the example shows; it has them as comments.
COMMENTED = {
    "release.digest",
    "target.*.sha256",
    "target.*.alertmanager.token",
    "target.*.grafana.token",
    "target.*.health.token",
    "target.*.logs.token",
    "target.*.prometheus.token",
}
ENVIRONMENT = ("container", "file", "manifests", "pid", "unit")
COMMENTED |= {f"target.*.environment.{key}" for key in ENVIRONMENT}
SCHEDULES = ("crontab_user", "timer", "manifests", "cron_job", "stanza", "config")
COMMENTED |= {f"target.*.backup_schedule.{key}" for key in SCHEDULES}
NAMED = {
    "target.",
    "gate.",
    "target.*.prometheus.queries.",
    "target.*.documents.",
    "target.*.prometheus.key_metrics.",
    "target.*.providers.",
    "target.*.sizing.clients.",
    "target.*.hosts.",
    "target.*.service.identities.",
    "target.*.artefacts.",
}
"""Tables whose keys are names of the user's."""


def keys_of(annotation: object, path: str) -> Iterator[str]:
    """Give the path of every key that a type allows; names of the user are ``*``."""
    if get_origin(annotation) is Mapping:
        yield from keys_of(get_args(annotation)[1], f"{path}*.")
        return
    for table in types_within(annotation):
        if issubclass(table, BaseModel):
            for name, field in table.model_fields.items():
                key = f"{path}{field.alias or name}"
                yield key
                yield from keys_of(field.annotation, f"{key}.")


def keys_in(tree: object, path: str = "") -> Iterator[str]:
    if isinstance(tree, list):
        for member in tree:
            yield from keys_in(member, path)
    if isinstance(tree, dict):
        for key, value in tree.items():
            name = "*" if path in NAMED else key
            yield f"{path}{name}"
            yield from keys_in(value, f"{path}{name}.")


def test_every_key_stands_in_the_example() -> None:
    text = example()
    uncommented = text.replace("# digest =", "digest =")
    uncommented = uncommented.replace("# sha256 =", "sha256 =")
    uncommented = uncommented.replace("# token =", "token =")
    for key in (*ENVIRONMENT, *SCHEDULES):
        uncommented = uncommented.replace(f"# {key} =", f"{key} =")
    shown = set(keys_in(tomllib.loads(uncommented)))
    # A target's calendar is of the type of the system's, which the example shows.
    known = {
        key.removeprefix("target.*.") if ".calendar." in key else key
        for key in keys_of(Document, "")
    }
    assert known - shown == set()
    assert not COMMENTED & set(keys_in(tomllib.loads(text)))


@pytest.mark.parametrize("name", [None, "production", "staging", "canary"])
def test_the_example_loads(load_text: Load, name: str | None) -> None:
    environ = {"STAGING_DATABASE_URL": "postgresql://u:p%40ss@db/app"}
    config = load_text(example(), environ, head="")
    target = config.select(name)
    assert target.unresolved == {}
    assert len(config.digest(target)) == 64


def test_its_comments_are_true(load_text: Load) -> None:
    text = example().replace("# digest =", "digest =").replace("# sha256 =", "sha256 =")
    config = load_text(text, head="")
    assert config.release.digest is not None
    assert config.select().sha256 is not None
    assert config.candidate(config.select()).name == "staging"
    assert config.select("canary").candidate == "staging"


def test_it_fits_a_screens_width() -> None:
    assert max(map(len, example().splitlines())) <= 130
