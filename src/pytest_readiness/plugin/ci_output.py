"""What a CI system shows of a run by itself: GitHub's step summary and annotations.

GitLab and Jenkins read files (``junit.xml``, ``code-quality.json``); GitHub reads
standard output and a file that it names.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.reports import github, markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.store.document import Report

__all__ = ["Actions"]

_LIMIT = 1024 * 1024
"""Bytes of a step's summary; GitHub drops a longer one whole."""


class Actions:
    """A job of GitHub Actions, or none.

    Between :meth:`begin` and :meth:`end` the runner obeys nothing that is printed: a
    server's banner, quoted as evidence, may read like a command to it.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.here = environ.get("GITHUB_ACTIONS") == "true"
        self.summary = environ.get("GITHUB_STEP_SUMMARY", "")
        self._token = secrets.token_hex(16)

    def begin(self) -> list[str]:
        """Give what is printed before anything from outside is."""
        return [f"::stop-commands::{self._token}"] if self.here else []

    def end(self) -> list[str]:
        """Give what is printed after that."""
        return [f"::{self._token}::"] if self.here else []

    def annotations(self, report: Report) -> list[str]:
        """Give what is printed after :meth:`end`."""
        return github.commands(report) if self.here else []

    def keep_summary(self, report: Report) -> str:
        """Add the report to the step's summary; say what went wrong, if it did."""
        if not self.here or not self.summary:
            return ""
        path = Path(self.summary)
        data = b"\n" + markdown.render(report)
        try:
            size = path.stat().st_size if path.exists() else 0
            if size + len(data) > _LIMIT:
                return f"{path}: no room for the report, GitHub takes {_LIMIT} bytes"
            with path.open("ab") as file:
                file.write(data)
        except OSError as error:
            return f"{path}: the step summary was not written: {error.strerror}"
        return ""
