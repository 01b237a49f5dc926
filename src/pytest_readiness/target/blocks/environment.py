"""``[target.NAME.environment]``: the variables that the service must have."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from pytest_readiness.target.blocks.block import (
    FilePath,
    Text,
    exclusive,
    refuse,
    tupled,
)
from pytest_readiness.target.blocks.hosts import OnHost
from pytest_readiness.target.values import listed

__all__ = ["EnvironmentBlock"]

_SOURCES = ("file", "pid", "pid_file", "unit", "manifests")


class EnvironmentBlock(OnHost):
    """What the service's environment must hold, and the one place that shows it."""

    file: FilePath | None = None
    """The file of variables that the service reads, such as ``.env``."""
    pid: int | None = Field(default=None, ge=1)
    """The service's process; in a container mostly 1."""
    pid_file: FilePath | None = None
    """The file with the number of the service's process."""
    unit: Text | None = None
    """The systemd unit whose main process is the service."""
    manifests: Annotated[tuple[FilePath, ...], BeforeValidator(tupled)] = ()
    """Kubernetes manifests of the service, with the maps that they refer to."""
    container: Text | None = None
    """Of manifests: which container; else all of them together."""
    example: FilePath | None = None
    """``.env.example`` of the release, on the machine that the run is on."""
    names: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Variables that must be set, beside those of the example."""
    optional: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Variables of the example that may be unset or empty."""

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        found = exclusive({name: getattr(self, name) or None for name in _SOURCES})
        if len(found) != 1:
            what = f"sets {listed(found)}" if found else "says nowhere where they are"
            raise refuse(what, f"keep one of {listed(_SOURCES)}")
        if self.container is not None and not self.manifests:
            raise refuse("sets container without manifests", "leave it out")
        if self.manifests and self.host is not None:
            raise refuse("has manifests on a host", "they are files of the release")
        return self
