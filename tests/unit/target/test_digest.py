"""The target digest changes with what is judged, and with nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pytest_readiness.target.blocks import Block
from pytest_readiness.target.digest import pin_holds, settings, target_digest
from pytest_readiness.target.model import Target

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.target.conftest import Load

ENVIRON = {"PW": "hunter2", "HOST": "cache", "SECRET": "hidden"}
TEXT = """
[target.production]
candidate = "staging"
allow = ["write", "load"]
[target.production.python]
interpreter = "venv/bin/python"
[target.production.redis]
host = "${env:HOST}"
password = "${env:PW}"
timeout = "5s"
[target.production.tls]
endpoints = ["a", {host = "${secret:env:SECRET}", name = "b"}]
[target.production.service]
url = "https://${secret:env:SECRET}"
[target.production.service.release]
json = "a"
[target.production.limits.certificates]
min_left_share = 0.25
min_left = "30d"
[target.production.limits.python]
min_version = "3.11"
[target.production.calendar]
holidays = [2026-12-25]
[target.production.not_applicable]
"a.b" = "none"
[target.staging]
"""


def digest(load_text: Load, text: str = TEXT, **environ: str) -> str:
    config = load_text(text, ENVIRON | environ)
    return config.digest(config.select("production"))


CHANGES = {
    "a host": ('"a"', '"c"'),
    "a host that is filled in": ("${env:HOST}", "elsewhere"),
    "another secret": ("${env:PW}", "${env:HOST}"),
    "another hidden text": ("https://${secret:env:SECRET}", "https://hidden"),
    "a grant": (', "load"', ""),
    "a path": ("venv/", "env/"),
    "a limit": ('"30d"', '"31d"'),
    "a share": ("0.25", "0.5"),
    "a version": ("3.11", "3.12"),
    "a day": ("2026-12-25", "2026-12-26"),
    "a reason": ('"none"', '"no"'),
    "an id": ('"a.b"', '"a.c"'),
    "a key of the release": ('json = "a"', 'header = "a"'),
    "the candidate": ("[target.staging]", "[target.staging]\nallow = ['load']"),
    "the system's calendar": (
        "[target.staging]",
        "[calendar]\ntime_zone = 'Europe/London'\n[target.staging]",
    ),
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_whatever_is_judged_changes_the_digest(
    load_text: Load, old: str, new: str
) -> None:
    assert old in TEXT
    assert digest(load_text, TEXT.replace(old, new)) != digest(load_text)


SPELLINGS = {
    "a duration": ('timeout = "5s"', 'timeout = "5000ms"'),
    "the order of a set": ('["write", "load"]', '["load", "write"]'),
    "a table": ('service.release]\njson = "a"', 'service]\nrelease = {json = "a"}'),
    "what was filled in": ("${env:HOST}", "cache"),
    "a comment": ('"none"', '"none"  # really'),
    "a pin": ("[target.production]\n", f"[target.production]\nsha256 = '{'1' * 64}'\n"),
    "the file's own words": (
        "\n[target.production.limits.cert",
        "\n\n[target.production.limits.cert",
    ),
}


@pytest.mark.parametrize(("old", "new"), SPELLINGS.values(), ids=SPELLINGS)
def test_spelling_changes_nothing(load_text: Load, old: str, new: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new)
    if "release = {" in new:
        text = TEXT.replace("[target.production.service.release]\njson", "release.json")
    assert digest(load_text, text) == digest(load_text)


def test_a_secret_that_is_rotated_changes_nothing(load_text: Load) -> None:
    assert digest(load_text, PW="hunter3", SECRET="other") == digest(load_text)


def test_what_is_inherited_is_what_is_written(load_text: Load) -> None:
    direct = TEXT + "[target.base]\n"
    moved = TEXT.replace("[target.production.redis]", "[target.base.redis]").replace(
        "[target.production]\n", "[target.production]\nextends = 'base'\n"
    )
    assert digest(load_text, moved) == digest(load_text, direct)


def test_another_name_or_system_is_another_target(load_text: Load) -> None:
    config = load_text(TEXT, ENVIRON)
    target = config.select("production")
    digests = {
        target_digest(target, system="engine"),
        target_digest(target, target, system="engine"),
        target_digest(target, system="other"),
        target_digest(target, config.select("staging"), system="engine"),
    }
    assert len(digests) == 3
    assert target_digest(Target(), system="a") != target_digest(
        config.select("staging"), system="a"
    )


def test_an_unset_reference_changes_the_digest(load_text: Load) -> None:
    config = load_text(TEXT, {"PW": "hunter2", "SECRET": "hidden"})
    target = config.select("production")
    assert settings(target)["redis"] == {"unresolved": True}
    assert config.digest(target) != digest(load_text)


def test_no_secret_and_no_folder_of_this_machine_is_in_it(
    load_text: Load, tmp_path: Path
) -> None:
    plain = settings(load_text(TEXT, ENVIRON).select("production"))
    shown = json.dumps(plain)
    assert not any(text in shown for text in ("hunter2", "hidden", str(tmp_path)))
    assert plain["python"] == {"interpreter": "venv/bin/python"}
    assert plain["service"] == {
        "url": {"secret": "env:SECRET"},
        "release": {"json": "a"},
    }
    assert plain["tls"] == {
        "endpoints": [
            {"host": "a", "port": 443},
            {"host": {"secret": "env:SECRET"}, "name": "b"},
        ]
    }


def test_a_dsn_is_hashed_by_its_name_and_where_it_leads(load_text: Load) -> None:
    text = '[target.production.postgres]\ndsn = "${env:DSN}"\n'
    there = digest(load_text, text, DSN="postgresql://u:hunter2@db/app")
    again = digest(load_text, text, DSN="postgresql://u:hunter3@db/app")
    elsewhere = digest(load_text, text, DSN="postgresql://u:hunter2@other/app")
    assert there == again
    assert there != elsewhere


def test_a_pin_holds_for_its_own_target_only(load_text: Load) -> None:
    plain = digest(load_text)
    pinned = TEXT.replace(
        "[target.production]\n", f"[target.production]\nsha256 = '{plain}'\n"
    )
    config = load_text(pinned, ENVIRON)
    target = config.select("production")
    assert pin_holds(target, config.digest(target))
    assert not pin_holds(target, "0" * 64)
    assert pin_holds(config.select("staging"), "0" * 64)


def test_a_new_kind_of_value_must_be_taught(load_text: Load) -> None:
    class Strange(Block):
        value: complex = 1j

    target = load_text("[target.production]\n").select()
    odd = target.model_copy(update={"python": Strange(value=2j)})
    with pytest.raises(TypeError, match="cannot hold a complex"):
        settings(odd)
