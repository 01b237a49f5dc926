"""What every part of the report must be, so that pydantic writes it canonical."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_origin

import pytest

from pytest_readiness.catalogue.canonical import canonical
from pytest_readiness.store import document, signed
from pytest_readiness.store.parts import MAX_LENGTH, Amount, Part, Sorted, Text

if TYPE_CHECKING:
    from collections.abc import Iterator


class Figures(Part):
    """A part whose fields are declared in another order."""

    text: Text = ""
    amount: Amount = 0.0


def _parts(kind: type[Part] = Part) -> Iterator[type[Part]]:
    for part in kind.__subclasses__():
        yield part
        yield from _parts(part)


@pytest.mark.parametrize("part", list(_parts()), ids=lambda part: part.__name__)
def test_fields_and_tables_are_in_the_order_of_their_names(part: type[Part]) -> None:
    fields = part.model_fields
    assert list(fields) == sorted(fields)
    for field in fields.values():
        assert get_origin(field.annotation) is not dict or Sorted in field.metadata


def test_the_parts_of_all_documents_are_looked_at() -> None:
    assert {document.Counts, document.Report, signed.SignerShown} <= set(_parts())


@pytest.mark.parametrize(
    ("value", "kept"),
    [(0, 0), (0.00004, 0), (0.00005, 0.0001), (1.23456, 1.2346), (1e14, 1e14)],
)
def test_an_amount_is_written_without_an_exponent(value: float, kept: float) -> None:
    figures = Figures(amount=float(value))
    assert figures.amount == kept
    data = figures.model_dump_json().encode()
    assert b"e" not in data.lower().replace(b"text", b"")
    assert data == canonical(figures.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("clean as it is, é", "clean as it is, é"),
        (" a", "a"),
        ("a ", "a"),
        ("a  b", "a b"),
        ("a\tb\u2003c\nd", "a b c d"),
        ("\u00a0a", "a"),
        ("a\x1b", "a\\x1b"),
        ("x" * MAX_LENGTH, "x" * MAX_LENGTH),
        ("x" * (MAX_LENGTH + 1), "x" * (MAX_LENGTH - 1) + "…"),
    ],
)
def test_a_text_is_one_clean_line(text: str, kept: str) -> None:
    assert Figures(text=text).text == kept
