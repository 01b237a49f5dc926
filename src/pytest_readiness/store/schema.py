"""The JSON Schema of ``report.json``, published as ``docs/schema/report-1.json``.

``python -m pytest_readiness.store.schema`` writes it to standard output.
"""

from __future__ import annotations

import json
import sys

from pytest_readiness.store.document import Report

__all__ = ["SCHEMA_ID", "schema"]

SCHEMA_ID = "https://pytest-readiness.readthedocs.io/schema/report-1.json"


def schema() -> bytes:
    """Give the schema as the bytes of the published file."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **Report.model_json_schema(mode="serialization"),
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


if __name__ == "__main__":
    sys.stdout.buffer.write(schema())
