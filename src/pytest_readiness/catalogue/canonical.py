"""Canonical bytes and digests: the same content has the same digest everywhere."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.catalogue.item import Item

__all__ = ["canonical", "digest", "fold", "item_digest", "wording_digest"]

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: Mapping[str, object]) -> bytes:
    """Serialise to the bytes of ``jq -cjS .``: sorted keys, no spaces, UTF-8."""
    return _ENCODER.encode(value).encode()


def digest(data: bytes) -> str:
    """Give ``sha256`` of the bytes as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def fold(text: str) -> str:
    """Fold white space and normalise to NFC, so that re-wrapping changes nothing."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def item_digest(item: Item) -> str:
    """Digest an item's meaning: id, section, stage and claim.

    Why, Fix, role, age and thresholds are not part of it: they may be improved
    without making signatures stale.
    """
    return wording_digest(item.id, item.section, item.stage, item.claim)


def wording_digest(item_id: str, section: str, stage: str, claim: str) -> str:
    """Digest a wording, as :func:`item_digest` does, where there is only the text."""
    return digest(
        canonical(
            {
                "claim": fold(claim),
                "id": item_id,
                "section": section,
                "stage": str(stage),
            }
        )
    )
