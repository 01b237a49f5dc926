"""Attributes' docstrings as they are written.

Napoleon would read their ``Words: more`` as a type. The lines are
put aside before napoleon sees them and brought back afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

BEFORE_NAPOLEON, AFTER_NAPOLEON = 400, 600


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the two steps."""
    aside: list[str] = []

    def put_aside(*event: object) -> None:
        _app, what, _name, _value, _options, lines = event
        if what == "attribute" and isinstance(lines, list):
            aside[:], lines[:] = lines, []

    def bring_back(*event: object) -> None:
        _app, what, _name, _value, _options, lines = event
        if what == "attribute" and isinstance(lines, list):
            lines[:] = aside

    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", put_aside, priority=BEFORE_NAPOLEON)
    app.connect("autodoc-process-docstring", bring_back, priority=AFTER_NAPOLEON)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
