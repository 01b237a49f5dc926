"""Exceptions that are caught and lost, as the real ruff finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.probes.look import Look
from pytest_readiness.probes.sources import Sources
from pytest_readiness.target.blocks import SourcesBlock

if TYPE_CHECKING:
    from pathlib import Path

TRY = "import logging\ndef f(g):\n    try:\n        g()\n"


def see(folder: Path, text: str) -> Sources:
    (folder / "engine.py").write_text(TRY + text)
    block = SourcesBlock(root=folder)
    return Sources.gather(block, Look(Sources.source(block), 60.0))


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("    except:\n        return 1\n", {"E722"}),
        ("    except:\n        pass\n", {"E722", "S110"}),
        ("    except Exception:\n        pass\n", {"S110", "BLE001"}),
        ("    except BaseException:\n        return None\n", {"BLE001"}),
        ("    except Exception:\n        raise\n", set()),
        ("    except Exception:\n        logging.exception('x')\n", set()),
        ("    except Exception as e:\n        raise ValueError from e\n", set()),
        ("    except ValueError:\n        return 1\n", set()),
    ],
)
def test_what_is_lost_is_named_by_its_rule(
    text: str, rules: set[str], tmp_path: Path
) -> None:
    found = see(tmp_path, text).swallowed.value
    assert isinstance(found, tuple)
    assert {one.split()[1] for one in found} == rules
    assert all(one.startswith("engine.py:5 ") for one in found)


def test_a_loop_that_goes_on_regardless_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text(
        "def f(many):\n    for one in many:\n        try:\n            one()\n"
        "        except Exception:\n            continue\n"
    )
    found = see(tmp_path, "    except ValueError:\n        return 1\n").swallowed.value
    assert set(found) == {"loop.py:5 S112", "loop.py:5 BLE001"}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("comment", "excused"),
    [
        ("# noqa: S110, BLE001 - the price may be missing", True),
        ("# noqa: S110, BLE001", False),
        ("# noqa: BLE001 - the price may be missing", False),
        ("# noqa: F401 - the price may be missing", False),
        ("# noqa", False),
    ],
)
def test_an_excuse_names_each_rule_and_a_reason(
    comment: str, *, excused: bool, tmp_path: Path
) -> None:
    text = f"    except Exception:  {comment}\n        pass\n"
    assert (see(tmp_path, text).swallowed.value == ()) is excused


def test_bandits_words_excuse_bandits_rules(tmp_path: Path) -> None:
    text = (
        "    except Exception:  # nosec B110 - the price may be missing\n        pass\n"
    )
    assert see(tmp_path, text).swallowed.value == ("engine.py:5 BLE001",)


def test_the_two_kinds_of_findings_are_told_apart(tmp_path: Path) -> None:
    text = (
        "    except Exception:\n        pass\n"
        "def q(c, w):\n    c.execute(f\"SELECT 1 FROM a WHERE b = '{w}'\")\n"
    )
    facts = see(tmp_path, text)
    assert facts.built_sql.value == ("engine.py:8",)
    assert {one.split()[1] for one in facts.swallowed.otherwise(())} == {
        "S110",
        "BLE001",
    }
