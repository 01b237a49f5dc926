"""``[target.NAME.dependencies]``: what must be installed for the service, and where."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from pytest_readiness.target.blocks.block import (
    Duration,
    FilePath,
    Text,
    some_time,
    tupled,
)
from pytest_readiness.target.blocks.hosts import OnHost

__all__ = ["DependenciesBlock"]


class DependenciesBlock(OnHost):
    """Which files say what the service's interpreter must have installed."""

    interpreter: FilePath
    """Path of the interpreter that runs the service."""
    requirements: Annotated[tuple[FilePath, ...], BeforeValidator(tupled)] = ()
    """``requirements.txt``, ``pyproject.toml`` or ``pylock.toml``; without any only
    conflicts between installed packages are looked for."""
    extras: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Extras of the project that are installed with it."""
    groups: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Dependency groups that are installed too."""
    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=20)
    """How long the interpreter may take to list its packages."""
