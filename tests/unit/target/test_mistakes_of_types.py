"""A key, a type or a word that is wrong gives one line, which says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
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
    "unknown key": (
        POSTGRES + "prot = 5432\n",
        "[target.production.postgres] prot: unknown key; did you mean `port`?",
    ),
    "unknown key, nothing near": (
        "[store]\nzzzz = 1\n[target.production]\n",
        "[store] zzzz: unknown key; known are keep and path",
    ),
    "unknown table": (
        "[target.production.postgers]\nhost = 'db'\n",
        "[target.production.postgers]: unknown table; did you mean `postgres`?",
    ),
    "unknown table at the top": (
        "[targets.production]\n[target.production]\n",
        "[targets]: unknown table; did you mean `target`?",
    ),
    "unknown key in a table in a list": (
        '[target.production.tls]\nendpoints = ["a", {host = "b", prt = 1}]\n',
        (
            "[target.production.tls] endpoints number 2, prt: unknown key; "
            "did you mean `port`?"
        ),
    ),
    "text for a whole number": (
        POSTGRES + 'port = "5432"\n',
        (
            "[target.production.postgres] port: expected a whole number, found text; "
            "write it without quotes"
        ),
    ),
    "a number for a whole number": (
        POSTGRES + "port = 5432.5\n",
        (
            "[target.production.postgres] port: expected a whole number, found a "
            "number; "
            "see `readiness example`"
        ),
    ),
    "true for a whole number": (
        POSTGRES + "port = true\n",
        (
            "[target.production.postgres] port: expected a whole number, found true or "
            "false; see `readiness example`"
        ),
    ),
    "a number for a text": (
        POSTGRES + "managed = 5\n",
        (
            "[target.production.postgres] managed: expected text, found a whole "
            "number; "
            "write it in quotes"
        ),
    ),
    "a number for a secret": (
        POSTGRES + "password = 5\n",
        (
            "[target.production.postgres] password: expected text, found a whole "
            "number; "
            "write it in quotes"
        ),
    ),
    "a number for a version": (
        "[target.production.limits.python]\nmin_version = 3.10\n",
        (
            "[target.production.limits.python] min_version: expected text, found "
            "a number; "
            "write it in quotes"
        ),
    ),
    "a number for a duration": (
        POSTGRES + "timeout = 5\n",
        (
            "[target.production.postgres] timeout: expected a duration such as "
            '"5s", found a whole number; write it in quotes'
        ),
    ),
    "a text for true or false": (
        REDIS + 'tls = "yes"\n',
        (
            "[target.production.redis] tls: expected true or false, found text; "
            "write it without quotes"
        ),
    ),
    "a text for a list": (
        '[gate.mine]\nstages = "daily"\n[target.production]\n',
        "[gate.mine] stages: expected a list, found text; write it in square brackets",
    ),
    "a text for a list of words": (
        'allow = "load"\n',
        (
            "[target.production] allow: expected a list of texts, found text; "
            "write it in square brackets"
        ),
    ),
    "a table for a list": (
        "allow = {}\n",
        (
            "[target.production.allow]: expected a list of texts, found a table; "
            "see `readiness example`"
        ),
    ),
    "a text for a table": (
        'redis = "cache"\n',
        (
            "[target.production] redis: expected a table, found text; "
            "see `readiness example`"
        ),
    ),
    "a text for a table of reasons": (
        'not_applicable = "cache"\n',
        (
            "[target.production] not_applicable: expected a table, found text; "
            "see `readiness example`"
        ),
    ),
    "a list for a text": (
        POSTGRES + "managed = ['a']\n",
        (
            "[target.production.postgres] managed: expected text, found a list; "
            "see `readiness example`"
        ),
    ),
    "a date for a text": (
        POSTGRES + "managed = 2026-01-01\n",
        (
            "[target.production.postgres] managed: expected text, found a date "
            "or time; "
            "see `readiness example`"
        ),
    ),
    "not a number": (
        "[target.production.limits.certificates]\nmin_left_share = nan\n",
        (
            "[target.production.limits.certificates] min_left_share: is no "
            "finite number; "
            "write one that is"
        ),
    ),
    "too large": (
        POSTGRES + "port = 70000\n",
        "[target.production.postgres] port: is too large; write 65535 or less",
    ),
    "too small": (
        REDIS + "db = -1\n",
        "[target.production.redis] db: is too small; write 0 or more",
    ),
    "no time at all": (
        REDIS + 'timeout = "0s"\n',
        (
            "[target.production.redis] timeout: is no time at all; "
            'write a longer one, like "5s"'
        ),
    ),
    "a duration without a unit": (
        REDIS + 'timeout = "5"\n',
        (
            "[target.production.redis] timeout: is a duration without a unit; "
            'write a number and a unit, like "250ms", "5s", "10min", "4h", "30d"'
        ),
    ),
    "a duration with a bad unit": (
        REDIS + 'timeout = "5 mins"\n',
        "[target.production.redis] timeout: has an unknown unit; did you mean `min`?",
    ),
    "no duration": (
        REDIS + 'timeout = "soon"\n',
        (
            "[target.production.redis] timeout: is no duration; "
            'write a number and a unit, like "250ms", "5s", "10min", "4h", "30d"'
        ),
    ),
    "no version": (
        '[target.production.limits.python]\nmin_version = "three"\n',
        (
            "[target.production.limits.python] min_version: is no version; "
            'write numbers with dots, like "3.11"'
        ),
    ),
    "an unknown word": (
        POSTGRES + 'sslmode = "verify_full"\n',
        (
            "[target.production.postgres] sslmode: is none of the known words; "
            "did you mean `verify-full`?"
        ),
    ),
    "an unknown word, nothing near": (
        REDIS + 'role = "queue"\n',
        (
            "[target.production.redis] role: is none of the known words; "
            "known are cache and store"
        ),
    ),
    "a number for a word": (
        REDIS + "role = 1\n",
        (
            "[target.production.redis] role: is none of the known words; "
            "write one of cache and store in quotes"
        ),
    ),
    "an unknown stage": (
        '[gate.mine]\nstages = ["daily", "wekly"]\n[target.production]\n',
        (
            "[gate.mine] stages number 2: is none of the known words; "
            "did you mean `weekly`?"
        ),
    ),
    "a gate without stages": (
        "[gate.mine]\nstages = []\n[target.production]\n",
        "[gate.mine] stages: is an empty list; name at least 1",
    ),
    "a gate's name": (
        '[gate."My gate"]\nstages = ["daily"]\n[target.production]\n',
        '[gate."My gate"]: is no name of a gate; use small letters, digits and hyphens',
    ),
    "an unknown grant": (
        'allow = ["load", "wirte"]\n',
        (
            "[target.production] allow: number 2 is none of the known words; "
            "did you mean `write`?"
        ),
    ),
    "a grant that is no text": (
        "allow = [1]\n",
        (
            "[target.production] allow: number 1 is none of the known words; "
            "known are load, write, attack, restore, page and scan"
        ),
    ),
    "an empty text": (
        POSTGRES + 'managed = " "\n',
        (
            "[target.production.postgres] managed: is empty; "
            "give a value, or leave the key out"
        ),
    ),
    "an empty path": (
        POSTGRES + 'ca_file = ""\n',
        (
            "[target.production.postgres] ca_file: is empty; "
            "give a value, or leave the key out"
        ),
    ),
    "a control character": (
        POSTGRES + 'managed = "r\\nds"\n',
        (
            "[target.production.postgres] managed: holds a control character; "
            "write it on one line, without control characters"
        ),
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
