"""``[target.NAME.configuration]``: the files that configure the service."""

import datetime as dt
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, model_validator

from pytest_readiness.target.blocks.block import (
    Block,
    Duration,
    FilePath,
    Text,
    refuse,
    some_time,
    tupled,
)
from pytest_readiness.target.blocks.hosts import OnHost

__all__ = ["ConfigurationBlock", "ConfigurationFile"]

Texts = Annotated[tuple[Text, ...], BeforeValidator(tupled)]
Paths = Annotated[tuple[FilePath, ...], BeforeValidator(tupled)]


class ConfigurationFile(Block):
    """One file, and what it must hold."""

    path: FilePath
    """YAML, JSON, TOML, INI or variables, by its name."""
    schema_file: FilePath | None = None
    """JSON Schema that it must meet, on the machine that the run is on."""
    required: Texts = ()
    """Keys that it must have, with dots: ``database.pool_size``."""


class ConfigurationBlock(OnHost):
    """The service's files, where it reads them."""

    files: Annotated[tuple[ConfigurationFile, ...], BeforeValidator(tupled)] = ()
    """What configures the service."""
    logging: FilePath | None = None
    """The file with the dictionary for Python's ``logging.config.dictConfig``."""
    interpreter: FilePath | None = None
    """Path of the interpreter that runs the service: it tries the logging file."""
    python_path: Paths = ()
    """Folders of modules that the logging file names, beside the interpreter's own."""
    logrotate: Paths = ()
    """Files of logrotate that may cut the service's logs."""
    collector: Text | None = None
    """What collects the service's standard output, such as ``journald`` or ``loki``."""
    secret_files: Paths = ()
    """Files that hold secrets: for their owner alone, or encrypted."""
    manifests: Paths = ()
    """Kubernetes manifests whose mounted secrets are looked at, on this machine."""
    baseline: FilePath | None = None
    """``.secrets.baseline`` of detect-secrets: what was audited as no secret."""
    debug_keys: Texts = ()
    """More keys that switch debugging on, beside those that end in ``debug``."""
    timeout: Annotated[Duration, AfterValidator(some_time)] = dt.timedelta(seconds=10)
    """How long reading the files, and trying the logging file, may take."""

    @model_validator(mode="after")
    def _tried_by_something(self) -> Self:
        if self.logging is not None and self.interpreter is None:
            remedy = "name the service's own interpreter"
            raise refuse("has a logging file that nothing tries", remedy, key="logging")
        return self
