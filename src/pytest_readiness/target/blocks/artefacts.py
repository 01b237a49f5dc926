"""``[target.NAME.artefacts.ITEM]``: files that the release's jobs made, by item."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    model_validator,
)

from pytest_readiness.target.blocks.block import (
    Duration,
    FilePath,
    ResourceBlock,
    Size,
    Text,
    refuse,
    some_time,
    tupled,
)

__all__ = ["ArtefactsBlock", "place_artefacts"]


def _listed(value: object) -> object:
    """Let one file be written without a list around it."""
    return tupled([value] if isinstance(value, str) else value)


_or_text = Field(
    json_schema_extra={
        "type": ["string", "array"],
    }
)
Files = Annotated[tuple[FilePath, ...], BeforeValidator(_listed), _or_text]
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed), _or_text]


class ArtefactsBlock(ResourceBlock):
    """The files of the item whose id ends with the table's name.

    Each is a file or a pattern (``reports/unit-*.xml``), one or a list of them.
    """

    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=30)
    """How long reading them all may take."""
    junit: Files = ()
    """Test results: JUnit XML as pytest, Surefire, gotestsum and jest-junit write it;
    several files are the parts of one run."""
    cases: Names = ()
    """Patterns of the test cases that the item is tied to, as ``*circuit_breaker*``."""
    shared: bool = False
    """Whether other items may count the same files; a table with ``cases`` may."""
    read_up_to: Size = 64 * 10**6
    """A file that is larger is not read."""

    _others: tuple[Path, ...] = PrivateAttr(default=())

    @property
    def others(self) -> tuple[Path, ...]:
        """What other items name as theirs alone, where this one does not share."""
        return self._others

    @property
    def patterns(self) -> Mapping[str, tuple[Path, ...]]:
        """Every list of files of the table, by its key."""
        return {"junit": self.junit}

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not any(self.patterns.values()):
            raise refuse("names no file", "name those that the job makes")
        return self


def place_artefacts(tables: Mapping[str, ArtefactsBlock]) -> None:
    """Let each table know the files that serve other items.

    One that shares, or is tied to some test cases only, may use what others have.
    """
    alone = {
        name: table
        for name, table in tables.items()
        if not table.shared and not table.cases
    }
    for name, table in alone.items():
        table._others = tuple(_of_others(name, alone))  # noqa: SLF001  # same module


def _of_others(name: str, tables: Mapping[str, ArtefactsBlock]) -> Iterator[Path]:
    for other, table in tables.items():
        if other != name:
            for files in table.patterns.values():
                yield from files
