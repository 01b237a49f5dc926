"""Whether a file's content meets its JSON Schema; jsonschema decides.

Its own messages quote values, which may be secrets: ours name the place and the rule.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.configuration.reading import Malformed, parsed
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["breaches"]

_SHOWN = 60
_MOST = 20
_EVERY = ("additionalProperties", "required", "dependentRequired")
"""Rules that quote only names of keys, of which jsonschema's words are the best."""


def breaches(data: object, schema_file: Path) -> tuple[str, ...]:
    """Give what of a file's content breaks its schema, each with its dotted key.

    Raises:
        LookError: the schema cannot be read, is none, or refers to one elsewhere.
    """
    # Loaded where a file has a schema; the second comes with the first.
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415
    from jsonschema.validators import validator_for  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    schema = _schema(schema_file)
    kind: Any = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
        # An empty registry: nothing is ever fetched from anywhere.
        checked = kind(schema, registry=Registry())
        return tuple(_shown(checked.iter_errors(data)))
    except SchemaError as error:
        raise _useless(schema_file, f"is no JSON Schema: {error.json_path}") from None
    except Unresolvable:
        raise _useless(schema_file, "refers to what is not in it") from None


def _schema(path: Path) -> Any:  # noqa: ANN401  # a schema is any JSON
    try:
        return parsed(path, path.read_text("utf-8"))
    except OSError as error:
        raise _useless(path, error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise _useless(path, "is no text file") from None
    except Malformed as error:
        raise _useless(path, str(error)) from None


def _useless(path: Path, what: str) -> LookError:
    return LookError(f"{path.name} {what}", Cause.LOCAL, "mend the schema", final=True)


def _shown(errors: Iterator[Any]) -> Iterator[str]:
    for number, error in enumerate(errors):
        if number == _MOST:
            yield "and more"
            return
        where = ".".join(map(str, error.absolute_path)) or "the whole"
        if error.validator in _EVERY:
            yield f"{where}: {error.message}"[:200]
        else:
            rule = json.dumps(error.validator_value, default=str)
            cut = f"{rule[:_SHOWN]}..." if len(rule) > _SHOWN else rule
            yield f"{where}: breaks {error.validator} {cut}"
