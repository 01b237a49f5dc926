"""The written form of suite.lock is recognised; every other goes to tomllib whole."""

from __future__ import annotations

import tomllib

import pytest

from pytest_readiness.catalogue.item import Kind, Stage
from pytest_readiness.catalogue.lock import Lock, LockedItem
from pytest_readiness.catalogue.lock_form import parse

A, B = "a" * 64, "b" * 64
ITEMS = (
    LockedItem("a.b", "a", Stage.DAILY, "dba", Kind.ROLLUP_AND_ATTEST, True, A),  # noqa: FBT003
    LockedItem("a.ç", "a", Stage.DAILY, "dba", Kind.PROBE, False, B, "ITIL é", (A, B)),  # noqa: FBT003
)
WRITTEN = Lock("a list", ITEMS).dumps().decode()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the texts that tomllib was asked to parse."""
    asked: list[str] = []
    loads = tomllib.loads

    def spy(text: str) -> dict[str, object]:
        asked.append(text)
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", spy)
    return asked


def test_of_what_is_written_only_the_head_is_left_to_tomllib(parsed: list[str]) -> None:
    found = parse(WRITTEN)
    assert parsed == [WRITTEN[: WRITTEN.index("[[item]]")]]
    assert found == tomllib.loads(WRITTEN)


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN.replace("core = true", "core=true"),
        WRITTEN.replace("ITIL é", r"\"quoted\""),
        WRITTEN.replace("ITIL é", "a\ttab"),
        WRITTEN.replace(f'"{A}",\n    ', f'"{A}", # why\n    '),
        WRITTEN.replace("\n", "\r\n"),
        WRITTEN + "\n# the end\n",
        WRITTEN + "[more]\nid = 1\n",
        "[[ item ]]\nid = 'first'\n" + WRITTEN,
        Lock("no items").dumps().decode(),
        "",
    ],
    ids=str,
)
def test_another_form_is_parsed_by_tomllib(text: str, parsed: list[str]) -> None:
    expected = tomllib.loads(text)
    parsed.clear()
    assert parse(text) == expected
    assert parsed[-1] == text


@pytest.mark.parametrize(
    "text",
    [
        WRITTEN.replace("[checklist]", 'note = """'),
        WRITTEN.replace("ITIL é", "a\x00b"),
        WRITTEN.replace("[checklist]", "item = 1\n[checklist]"),
        WRITTEN.replace("[checklist]", "[item]\n[checklist]"),
        WRITTEN.replace("core = false", "core = False"),
        WRITTEN + 'id = "again"\n',
        WRITTEN.replace("]]\nid", "]]\n\n\nid = 1\nid"),
    ],
    ids=str,
)
def test_what_tomllib_refuses_is_refused_in_its_words(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as expected:
        tomllib.loads(text)
    with pytest.raises(tomllib.TOMLDecodeError) as found:
        parse(text)
    assert str(found.value) == str(expected.value)


def test_a_text_that_only_looks_like_items_stays_a_text() -> None:
    block = WRITTEN[WRITTEN.index("[[item]]") :]
    text = f"note = '''\n{block}'''\n{block}"
    assert parse(text) == tomllib.loads(text)
