"""Validating an OpenAPI document: in a process of its own, bounded, without a network.

The validator takes seconds a megabyte, and follows references wherever they lead. So it
runs as a program that can be ended, with limited memory, on a document whose references
may not leave it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from typing import TYPE_CHECKING

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes import program
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.probes.tree import Json

__all__ = ["COMMAND", "problems"]

COMMAND = ("-I", "-m", "pytest_readiness.probes.openapi_validator")
"""How the validator is started, by this Python; the file's name follows."""
_INTAKE = 200_000


def problems(document: Json, look: Look) -> tuple[str, ...]:
    """Say what is invalid in a document, each with its place.

    Raises:
        LookError: it was not finished.
    """
    with tempfile.TemporaryDirectory(prefix="readiness-openapi-") as folder:
        path = os.path.join(folder, "openapi.json")  # noqa: PTH118  # a text for a command
        with open(path, "w", encoding="utf-8") as stream:  # noqa: PTH123
            json.dump(document, stream)
        command = (sys.executable, *COMMAND, path)
        output = program.output_of(command, look, _INTAKE)
    try:
        found: list[str] = json.loads(output)
    except ValueError:
        reason = "the validator of OpenAPI documents did not finish"
        raise LookError(reason, Cause.LOCAL, final=True) from None
    return tuple(found)
