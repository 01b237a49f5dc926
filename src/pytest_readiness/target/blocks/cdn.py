"""``[target.NAME.cdn]``: the static files that a content delivery network serves."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from pytest_readiness.target.blocks.block import (
    FilePath,
    ResourceBlock,
    Text,
    tupled,
    worded,
)
from pytest_readiness.target.values import Mistake, parse_base_url

__all__ = ["CdnBlock"]


def _asset(text: str) -> str:
    parts = urlsplit(text)
    base = parse_base_url(f"{parts.scheme}://{parts.netloc}")
    if not parts.path.startswith("/") or parts.fragment:
        what = "is no URL of a file"
        raise Mistake(what, 'write it like "https://cdn.example/app.js"')
    return base + text[len(f"{parts.scheme}://{parts.netloc}") :]


Asset = Annotated[Text, AfterValidator(worded(_asset))]


class CdnBlock(ResourceBlock):
    """Static files as browsers fetch them."""

    assets: Annotated[tuple[Asset, ...], BeforeValidator(tupled), Field(max_length=50)]
    """Their URLs."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
