"""Each kind of mistake in the target file gives one line, which says what to do."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import ValidationError

from pytest_readiness.errors import ConfigError
from pytest_readiness.target.blocks import Block
from pytest_readiness.target.context import Context
from pytest_readiness.target.loading import load
from pytest_readiness.target.mistakes import TargetFileError, translate
from pytest_readiness.target.secret import Redactor

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.target.conftest import Load

POSTGRES = """
[target.production.postgres]
host = "db"
database = "engine"
user = "readiness"
"""
REDIS = '[target.production.redis]\nhost = "cache"\n'
SERVICE = '[target.production.service]\nurl = "https://engine"\n'

MISTAKES = {
    "no item id": (
        '[target.production.not_applicable]\n"cache" = "none"\n',
        (
            "[target.production.not_applicable] cache: is no item id; "
            'write it like "environment-setup.cache"'
        ),
    ),
    "no reason": (
        '[not_applicable]\n"environment-setup.cache" = ""\n[target.production]\n',
        (
            '[not_applicable] "environment-setup.cache": is empty; '
            "give a value, or leave the key out"
        ),
    ),
    "no time zone": (
        '[calendar]\ntime_zone = "Europe/Lundon"\n[target.production]\n',
        "[calendar] time_zone: is no time zone; did you mean `Europe/London`?",
    ),
    "nothing like a time zone": (
        '[calendar]\ntime_zone = "../etc/passwd"\n[target.production]\n',
        '[calendar] time_zone: is no time zone; write it like "Europe/London"',
    ),
    "no business day": (
        "[calendar]\nbusiness_days = []\n[target.production]\n",
        "[calendar] business_days: is an empty list; name at least one",
    ),
    "no date": (
        "[calendar]\nholidays = [5]\n[target.production]\n",
        (
            "[calendar] holidays number 1: is no date; "
            "write it like 2026-12-24 or 2026-12-24T18:00:00, without quotes"
        ),
    ),
    "a time for a day": (
        "[calendar]\nholidays = [2026-12-24T12:00:00]\n[target.production]\n",
        (
            "[calendar] holidays number 1: is a time, not a day; "
            "write it like 2026-12-25, without quotes"
        ),
    ),
    "a freeze that ends before it begins": (
        (
            "[[calendar.freeze]]\nbegin = 2026-12-24\nend = 2026-12-20\nreason = 'x'\n"
            "[target.production]\n"
        ),
        "[calendar] freeze: number 1 ends before it begins; exchange begin and end",
    ),
    "a gate's key": (
        '[gate.mine]\nstages = ["daily"]\nstagse = 1\n[target.production]\n',
        "[gate.mine] stagse: unknown key; did you mean `stages`?",
    ),
    "a base that is no table": (
        'extends = "base"\n[target]\nbase = 1\n',
        "[target.base]: expected a table; see `readiness example`",
    ),
    "no digest": (
        'sha256 = "ABC"\n',
        (
            "[target.production] sha256: is no sha256; "
            "write its 64 small hexadecimal digits"
        ),
    ),
    "an unknown candidate": (
        'candidate = "stagin"\n[target.staging]\n',
        (
            "[target.production] candidate: names a target that does not exist; "
            "did you mean `staging`?"
        ),
    ),
    "an unknown base": (
        'extends = "base"\n',
        (
            "[target.production] extends: names a target that does not exist; "
            "known are production"
        ),
    ),
    "a base by reference": (
        'extends = "${env:BASE}"\n',
        (
            "[target.production] extends: must be written out, not referred to; "
            "write the name of a target"
        ),
    ),
    "a circle of bases": (
        'extends = "production"\n',
        (
            "[target.production] extends: extends itself by way of production; "
            "end the chain somewhere"
        ),
    ),
    "a base's mistake": (
        "extends = 'base'\n[target.base.redis]\nhost = 'a'\nprot = 1\n",
        "[target.base.redis] prot: unknown key; did you mean `port`?",
    ),
    "a target's name": (
        '[target."a b"]\n',
        (
            '[target."a b"]: is no name of a target; '
            "use up to 63 letters, digits, dots, hyphens and underscores"
        ),
    ),
    "a reference of an unknown kind": (
        POSTGRES + 'managed = "${evn:X}"\n',
        (
            "[target.production.postgres] managed: holds a reference of an "
            "unknown kind; "
            "did you mean `env`? write ${env:NAME}, ${file:PATH} or "
            "${cmd:PROGRAM ARGUMENTS}"
        ),
    ),
    "a malformed reference": (
        POSTGRES + 'password = "${env:A-B}"\n',
        (
            "[target.production.postgres] password: holds a malformed env reference; "
            "write ${env:NAME}, ${file:PATH} or ${cmd:PROGRAM ARGUMENTS}"
        ),
    ),
    "a reference without its end": (
        POSTGRES + 'password = "${env:A"\n',
        (
            "[target.production.postgres] password: holds a reference without "
            "its closing "
            "brace; write ${env:NAME}, ${file:PATH} or ${cmd:PROGRAM ARGUMENTS}, "
            "or $${ "
            "for the characters themselves"
        ),
    ),
}
TOPLEVEL = {
    "no system": (
        "[target.production]\n",
        ": has no table [system]; add it; see `readiness example`",
    ),
    "a system without a name": (
        "[system]\n[target.production]\n",
        " [system]: misses `name`; add `name = ...`; see `readiness example`",
    ),
    "no target": (
        "[system]\nname = 'a'\n",
        ": has no target; add a table [target.NAME]; see `readiness example`",
    ),
    "a list of targets": (
        "[system]\nname = 'a'\n[[target]]\nname = 'b'\n",
        " target: expected a table for each target; write [target.NAME]",
    ),
    "a text for a target": (
        "[system]\nname = 'a'\n[target]\nproduction = 'b'\n",
        " [target.production]: expected a table; see `readiness example`",
    ),
    "an unknown default": (
        "default = 'prodution'\n[system]\nname = 'a'\n[target.production]\n",
        " default: names a target that does not exist; did you mean `production`?",
    ),
    "a reference in [system] that is not set": (
        "[system]\nname = '${env:SYSTEM}'\n[target.production]\n",
        " [system] name: env:SYSTEM is not set; set it where the run can read it",
    ),
    "a reference in [release] that is empty": (
        (
            "[system]\nname = 'a'\n[release]\nversion = '${env:EMPTY}'\n"
            "[target.production]\n"
        ),
        " [release] version: env:EMPTY is empty; set it where the run can read it",
    ),
    "a reference in [trust] that is not set": (
        "[system]\nname = 'a'\n[trust]\nfile = '${env:TRUST}'\n[target.production]\n",
        " [trust] file: env:TRUST is not set; set it where the run can read it",
    ),
    "no digest of the release": (
        "[system]\nname = 'a'\n[release]\ndigest = 'abc'\n[target.production]\n",
        (
            ' [release] digest: is no digest; write "sha256:" and 64 small '
            "hexadecimal digits"
        ),
    ),
    "a key without a value": (
        "[system]\nname\n",
        " line 2, column 5: has a key without a value; see https://toml.io",
    ),
    "a text that does not end": (
        "[system]\nname = '''hunter2",
        " at end of document: has a text that does not end; see https://toml.io",
    ),
    "a value without quotes": (
        "[system]\nname = hunter2\n",
        " line 2, column 8: has a value that TOML does not know; see https://toml.io",
    ),
    "a key twice": (
        "[system]\nname = 'a'\nname = 'hunter2'\n",
        " line 3, column 17: sets a key twice; see https://toml.io",
    ),
    "a table twice": (
        "[system]\n[system]\n",
        " line 2, column 8: has a table twice; see https://toml.io",
    ),
    "another rule of TOML": (
        "[system\n",
        " line 1, column 8: is not valid TOML here; see https://toml.io",
    ),
}


@pytest.mark.parametrize(("text", "line"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_gives_one_line_with_file_table_key_and_remedy(
    load_text: Load, text: str, line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(
            text if "[target.production" in text else "[target.production]\n" + text
        )
    assert str(caught.value) == f"readiness.toml {line}"


@pytest.mark.parametrize(("text", "line"), TOPLEVEL.values(), ids=TOPLEVEL)
def test_a_mistake_outside_the_targets_gives_one_line(
    load_text: Load, text: str, line: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text, {"EMPTY": ""}, head="")
    assert str(caught.value) == f"readiness.toml{line}"


def test_every_mistake_is_listed_once_each_on_its_line(load_text: Load) -> None:
    text = """
    defalt = "a"
    [target.base.redis]
    host = "cache"
    prot = 1
    [target.production]
    extends = "base"
    allow = ["lood"]
    [target.staging]
    extends = "base"
    """
    with pytest.raises(TargetFileError) as caught:
        load_text(text, head='defalt = "a"\n[system]\nname = "x"\n')
    lines = str(caught.value).splitlines()
    assert lines == [
        "readiness.toml [system] defalt: unknown key; known are name and organisation",
        "readiness.toml defalt: unknown key; did you mean `default`?",
        "readiness.toml [target.base.redis] prot: unknown key; did you mean `port`?",
        (
            "readiness.toml [target.production] allow: number 1 is none of the "
            "known words; "
            "did you mean `load`?"
        ),
    ]
    assert caught.value.where == "readiness.toml [system] defalt"


def test_a_kind_of_mistake_without_words_is_still_placed(tmp_path: Path) -> None:
    class Strange(Block):
        value: bytes

    context = Context("readiness.toml", tmp_path, Redactor(), root=("a",))
    with pytest.raises(ValidationError) as caught:
        Strange.model_validate({"value": CANARY}, context=context)
    problems, unfilled = translate(caught.value, Strange, context, {})
    assert [str(problem) for problem in problems] == [
        "readiness.toml [a] value: is not valid here; see `readiness example`"
    ]
    assert unfilled == []


def test_a_key_with_a_line_break_stays_on_its_line(load_text: Load) -> None:
    with pytest.raises(TargetFileError) as caught:
        load_text(f'[target.production]\n"a\\nb{"c" * 99}" = 1\n')
    assert len(str(caught.value).splitlines()) == 1
    assert len(caught.value.where) < 120


FIELDS = st.sampled_from(
    [
        ("system", "name"),
        ("release", "version"),
        ("release", "digest"),
        ("trust", "file"),
        ("calendar", "time_zone"),
        ("calendar", "holidays"),
        ("target", "production", "sha256"),
        ("target", "production", "allow"),
        ("target", "production", "not_applicable", "a.b"),
        ("target", "production", "postgres"),
        ("target", "production", "postgres", "dsn"),
        ("target", "production", "postgres", "host"),
        ("target", "production", "postgres", "port"),
        ("target", "production", "postgres", "password"),
        ("target", "production", "postgres", "sslmode"),
        ("target", "production", "postgres", "timeout"),
        ("target", "production", "postgres", "unknown"),
        ("target", "production", "redis", "tls"),
        ("target", "production", "tls", "endpoints"),
        ("target", "production", "service", "url"),
        ("target", "production", "service", "release"),
        ("target", "production", "limits", "python", "min_version"),
        ("target", "production", "limits", "certificates", "min_left_share"),
    ]
)
CANARY = "hunter2canary"
AROUND = st.text(string.ascii_letters + string.digits + " @:/%$'{}=.-\\\n", max_size=12)
TEXTS = st.builds(lambda a, b: f"{a}{CANARY}{b}", AROUND, AROUND)
VALUES = st.recursive(
    TEXTS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["host", "name", "x"]), inner, max_size=2)
    ),
    max_leaves=3,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=FIELDS, value=VALUES)
def test_no_message_holds_a_value_wherever_it_stands(
    tmp_path: Path, field: tuple[str, ...], value: object
) -> None:
    tree: dict[str, object] = {"system": {"name": "a"}, "target": {"production": {}}}
    table = tree
    for key in field[:-1]:
        table = table.setdefault(key, {})  # type: ignore[assignment]  # tables all
    table[field[-1]] = value
    path = tmp_path / "readiness.toml"
    path.write_bytes(tomli_w.dumps(tree).encode())
    try:
        load(path, Redactor(), {}).select()
    except ConfigError as error:
        # Lists of texts are the only place where the canary may be a name.
        assert CANARY not in str(error)  # noqa: PT017  # some values are no mistake
        assert "is not valid here" not in str(error)  # noqa: PT017  # as above
