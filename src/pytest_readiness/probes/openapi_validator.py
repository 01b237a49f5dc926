"""A program: reads an OpenAPI document, prints what is invalid in it as a JSON list.

Started by :mod:`pytest_readiness.probes.openapi.validating`; loads nothing of the
other probes, so that it starts fast.
"""

from __future__ import annotations

import contextlib
import json
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, cast

from jsonschema_path import SchemaPath
from openapi_spec_validator.shortcuts import get_validator_cls
from openapi_spec_validator.validation.exceptions import ValidatorDetectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jsonschema.exceptions import ValidationError
    from openapi_spec_validator import OpenAPIV30SpecValidator

__all__ = ["invalid", "main"]

_MEMORY = 2_000_000_000
_SHOWN = 20
_LONGEST = 200


def invalid(document: dict[str, Any]) -> Iterator[str]:
    """Say what is invalid in a document, each with its place."""
    if not isinstance(document.get("paths", {}), dict):
        yield "paths: is no table"
        return
    try:
        kind = get_validator_cls(document)
    except ValidatorDetectError:
        yield "it names no version of OpenAPI that is known: 2.0, 3.0, 3.1 or 3.2"
        return
    path = SchemaPath.from_dict(document, handlers=_Nowhere())
    validator = cast("type[OpenAPIV30SpecValidator]", kind)(path)
    try:
        for error in validator.iter_errors():
            yield _worded(error)
    except Exception as error:  # noqa: BLE001  # an unresolved reference, mostly
        yield f"cannot be resolved: {str(error)[:_LONGEST]}"


class _Nowhere(dict[str, "Callable[[str], Never]"]):
    """What a reference leads to outside of the document is not read, whatever it is."""

    def __contains__(self, _scheme: object) -> bool:
        return True

    def __getitem__(self, _scheme: str) -> Callable[[str], Never]:
        return _refuse


def _refuse(uri: str) -> Never:
    msg = f"{uri} is outside of the document"
    raise LookupError(msg)


def _worded(error: ValidationError) -> str:
    """Say the most telling part: the whole may quote half of the document."""
    deepest = error
    # Of alternatives that all do not fit, the one that fits furthest is meant.
    while deepest.context:
        deepest = max(deepest.context, key=lambda one: len(one.absolute_path))
    steps = " > ".join(map(str, deepest.absolute_path))
    text = deepest.message
    # The words stand at the end, after what they are about.
    shown = text if len(text) <= _LONGEST else f"...{text[-_LONGEST:]}"
    return f"{steps}: {shown}" if steps else shown


def main(path: str) -> None:
    """Print what is invalid in a file."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415  # POSIX has it

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    print(json.dumps(list(islice(invalid(document), _SHOWN))))  # noqa: T201  # its purpose


if __name__ == "__main__":
    main(sys.argv[1])
