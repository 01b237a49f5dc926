"""Finding, reading and selecting: what a run gets from its target file."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.catalogue.item import Stage
from pytest_readiness.errors import ConfigError
from pytest_readiness.target.finding import find, no_target_file
from pytest_readiness.target.loading import load
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load

BASE = """
[target.base]
allow = ["load"]
candidate = "base"
[target.base.redis]
host = "cache"
port = 1
[target.base.limits.redis]
round_trip = "3ms"
[target.middle]
extends = "base"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
[target.middle.redis]
port = 2
[target.production]
extends = "middle"
allow = []
[target.production.redis]
db = 3
"""


def test_a_target_takes_over_what_it_does_not_say_itself(load_text: Load) -> None:
    target = load_text(BASE).select("production")
    assert target.redis is not None
    assert (target.redis.host, target.redis.port, target.redis.db) == ("cache", 2, 3)
    assert target.allow == frozenset()
    assert target.candidate == "base"
    assert target.limits.redis.round_trip.value == dt.timedelta(milliseconds=3)
    assert target.extends == "middle"
    assert target.sha256 is None


def test_the_base_is_left_as_it_is(load_text: Load) -> None:
    config = load_text(BASE)
    config.select("production")
    base = config.select("base")
    assert base.redis is not None
    assert (base.redis.port, base.redis.db) == (1, 0)


def test_what_is_not_applicable_to_the_system_is_not_to_its_targets(
    load_text: Load,
) -> None:
    text = """
    [not_applicable]
    "environment-setup.cache" = "none"
    [target.production.not_applicable]
    "environment-setup.database" = "none either"
    [target.staging]
    """
    config = load_text(text)
    assert dict(config.select("staging").not_applicable) == {
        "environment-setup.cache": "none"
    }
    assert len(config.select("production").not_applicable) == 2


def test_the_only_target_is_meant_where_none_is_named(load_text: Load) -> None:
    assert load_text("[target.production]\n").select().name == "production"


def test_the_default_is_meant_where_none_is_named(load_text: Load) -> None:
    head = "default = 'b'\n[system]\nname = 'x'\n"
    config = load_text("[target.a]\n[target.b]\n", head=head)
    assert config.select().name == "b"
    assert config.select("a").name == "a"
    assert list(config.targets) == ["a", "b"]
    assert len(config.targets) == 2
    assert config.targets["a"] is config.select("a")
    assert config.targets.get("c") is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            None,
            (
                "readiness.toml: has the targets production and staging, and none is "
                "named; name one with `--readiness-target=NAME`, or set `default = ...`"
            ),
        ),
        ("prod", "readiness.toml: has no target `prod`; did you mean `production`?"),
        ("x", "readiness.toml: has no target `x`; it has production and staging"),
    ],
)
def test_a_target_that_cannot_be_told_is_an_error_with_their_names(
    load_text: Load, name: str | None, message: str
) -> None:
    config = load_text("[target.production]\n[target.staging]\n")
    with pytest.raises(ConfigError) as caught:
        config.select(name)
    assert str(caught.value) == message


def test_the_candidate_is_the_target_itself_where_none_is_named(
    load_text: Load,
) -> None:
    text = "[target.production]\ncandidate = 'staging'\n[target.staging]\n"
    config = load_text(text)
    production, staging = config.select("production"), config.select("staging")
    assert config.candidate(production) is staging
    assert config.candidate(staging) is staging


def test_the_rest_of_the_file_is_read(load_text: Load, tmp_path: Path) -> None:
    head = """
    suite = "checks"
    [system]
    name = "engine"
    organisation = "acme"
    [release]
    version = "${env:VERSION}"
    paths = ["src"]
    ignore = ["*.md"]
    [trust]
    file = "governance/trust.toml"
    [store]
    path = "past"
    [gate.mine]
    stages = ["daily", "sign-off"]
    """
    config = load_text("[target.production]\n", {"VERSION": "2.0"}, head=head)
    assert (config.system, config.organisation) == ("engine", "acme")
    assert config.suite == tmp_path / "checks"
    assert config.release.version == "2.0"
    assert config.release.paths == ("src",)
    assert config.release.ignore == ("*.md",)
    assert config.trust.file == tmp_path / "governance/trust.toml"
    assert config.trust.attestations == (
        tmp_path / ".readiness/attestations.intoto.jsonl"
    )
    assert config.store.path == tmp_path / "past"
    assert config.gates == {"mine": (Stage.DAILY, Stage.SIGN_OFF)}
    assert config.path == tmp_path / "readiness.toml"


def test_the_usual_places_hold_where_nothing_is_said(
    load_text: Load, tmp_path: Path
) -> None:
    config = load_text("[target.production]\n")
    assert config.trust.file == tmp_path / ".readiness/trust.toml"
    assert config.store.path is None
    assert config.suite is None
    assert config.gates == {}


def test_the_process_environment_is_the_default(
    load_text: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_text('[target.production.redis]\nhost = "${env:READINESS_TEST_HOST}"\n')
    monkeypatch.setenv("READINESS_TEST_HOST", "cache")
    redis = load(tmp_path / "readiness.toml", Redactor()).select().redis
    assert redis is not None
    assert redis.host == "cache"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"[system]\nname = '\xff'\n",
            "readiness.toml: is not UTF-8 in line 2; save it as UTF-8",
        ),
        (
            b"#" * ((1 << 20) + 1),
            "readiness.toml: is larger than 1 MiB; keep it to settings",
        ),
        (
            b"a = " + b"[" * 5000,
            "readiness.toml: is nested too deeply; keep it to tables",
        ),
        (
            b"a = " + b"9" * 5000,
            "readiness.toml: is not valid TOML here; see https://toml.io",
        ),
    ],
)
def test_a_file_that_is_no_toml_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "readiness.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path, Redactor(), {})
    assert str(caught.value) == message


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "readiness.toml"
    path.write_text("[system]\nname = 'a'\n[target.b]\n", encoding="utf-8-sig")
    assert load(path, Redactor(), {}).system == "a"


def test_a_file_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "gone.toml", Redactor(), {})
    assert str(caught.value) == (
        f"{tmp_path}/gone.toml: cannot be read (No such file or directory); "
        "see `readiness example` for a new one"
    )


def test_a_file_is_found_in_the_root_folder_before_those_above(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find(None, below) is None or find(None, below) != below / "readiness.toml"
    (tmp_path / "readiness.toml").touch()
    assert find(None, below) == tmp_path / "readiness.toml"
    (below / "readiness.toml").touch()
    assert find(None, below) == below / "readiness.toml"


def test_a_file_that_is_named_goes_first_and_must_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "readiness.toml").touch()
    (tmp_path / "other.toml").touch()
    assert find(Path("other.toml"), tmp_path) == tmp_path / "other.toml"
    with pytest.raises(ConfigError) as caught:
        find(Path("gone.toml"), tmp_path)
    assert str(caught.value) == (
        "gone.toml: is no file; name one that is, "
        "or print an annotated one with `readiness example`"
    )


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="needs root")
def test_a_strangers_file_above_the_root_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "readiness.toml"
    path.touch()
    os.chown(path, 12345, 12345)
    (tmp_path / "project").mkdir()
    assert find(None, tmp_path) == path
    with pytest.raises(ConfigError, match="belongs to another user"):
        find(None, tmp_path / "project")


def test_no_file_at_all_names_the_ways_out(tmp_path: Path) -> None:
    message = str(no_target_file(tmp_path))
    assert "`readiness example`" in message
    assert "--readiness-target=demo" in message


def test_finding_and_reading_durations_load_no_pydantic() -> None:
    code = (
        "import sys, pytest_readiness.target.finding, pytest_readiness.target.values, "
        "pytest_readiness.target.secret; "
        "sys.exit('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
