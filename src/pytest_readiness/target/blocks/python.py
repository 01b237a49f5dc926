"""``[target.NAME.python]``: the service's own interpreter."""

from typing import Literal

from packaging.version import Version

from pytest_readiness.target.blocks.block import (
    FilePath,
    Limit,
    LimitsBlock,
    VersionText,
    floor,
)
from pytest_readiness.target.blocks.hosts import OnHost

__all__ = ["PythonBlock", "PythonLimits"]


class PythonBlock(OnHost):
    """Which interpreter runs the service."""

    interpreter: FilePath
    """Path of the interpreter, such as ``/srv/engine/venv/bin/python``."""
    isolation: Literal["venv", "container"] = "venv"
    """What keeps it apart from the system's packages."""


class PythonLimits(LimitsBlock):
    """``[target.NAME.limits.python]``."""

    min_version: Limit[VersionText] = floor(Version("3.9"))
    """Oldest version that will do."""
