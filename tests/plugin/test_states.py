"""Each state is recorded, shown by pytest and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import Project


def test_every_item_is_in_its_state(project: Project) -> None:
    result = project.judge()
    assert project.states == project.STATES
    assert result.ret == 1
def test_ready(ready):
    result = ready.judge()
    assert result.ret == 0
