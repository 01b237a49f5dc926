"""Evidence files are hashed again at every run, each once (ruling 11)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_readiness.attest.codes import Refused
from pytest_readiness.attest.failure import printable
from pytest_readiness.attest.regular import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_readiness.attest.predicates import Evidence

__all__ = ["EvidenceFiles"]

_LARGEST = 4 * 1024**3


class EvidenceFiles:
    """The files below the repository's root, as evidence names them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, str] = {}

    def problem(self, evidence: Iterable[Evidence]) -> str:
        """Say what is wrong with the first piece that is not what was signed; or "".

        What has a ``uri`` is recorded only: it is not fetched.
        """
        for piece in evidence:
            if piece.uri is not None:
                continue
            name = printable(piece.name)
            try:
                if self._digest(piece.name) != piece.digest:
                    return f"{name} is not the file that was signed"
            except OSError as error:
                return f"{name} cannot be read ({error.strerror})"
            except ValueError as error:  # no name that this file system can have
                return f"{name} cannot be read ({type(error).__name__})"
            except Refused as refused:
                return f"{name} {refused.reason}"
        return ""

    def _digest(self, name: str) -> str:
        if name not in self._known:
            with open_regular(self._inside(name), _LARGEST) as stream:
                self._known[name] = hashlib.file_digest(stream, "sha256").hexdigest()
        return self._known[name]

    def _inside(self, name: str) -> Path:
        """Find a file; a link must not lead to one that is not in the repository."""
        # realpath, since Path.resolve raises RuntimeError on a loop of links.
        root = os.path.realpath(self._root)
        path = Path(os.path.realpath(self._root / name))
        if not path.is_relative_to(root):
            raise FileNotFoundError(0, "leads out of the repository")
        return path
