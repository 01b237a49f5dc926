"""``[target.NAME.sources]``: the service's source, for the looks that read code."""

import datetime as dt
from typing import Annotated

from pydantic import BeforeValidator, Field

from pytest_readiness.target.blocks.block import (
    Duration,
    FilePath,
    ResourceBlock,
    Text,
    tupled,
)

__all__ = ["SourcesBlock"]


class SourcesBlock(ResourceBlock):
    """Which files of the repository the service is made of."""

    root: FilePath
    """Folder of the repository, or of the part that the service is in."""
    paths: Annotated[tuple[Text, ...], BeforeValidator(tupled), Field(min_length=1)] = (
        ".",
    )
    """Files and folders below it that go live; tests and tools do not."""
    exclude: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Patterns of files and folders below it that are left out, such as
    ``tests/*``."""
    timeout: Duration = dt.timedelta(minutes=2)
    """How long reading them may take."""
