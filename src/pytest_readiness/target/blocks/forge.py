"""``[target.NAME.forge]``: GitHub or GitLab, where the source is kept."""

import re
from typing import Literal, Self

from pydantic import model_validator

from pytest_readiness.target.blocks.block import (
    FilePath,
    ResourceBlock,
    SecretText,
    Text,
    Url,
    refuse,
)
from pytest_readiness.target.values import stays_private

__all__ = ["ForgeBlock"]

_PROJECT = re.compile(r"[\w.-]+(?:/[\w.-]+)+")


class ForgeBlock(ResourceBlock):
    """One project on a forge."""

    kind: Literal["github", "gitlab"]
    """Whose API it speaks."""
    url: Url
    """Base of its API: ``https://api.github.com``, ``https://gitlab.example.com/api/v4``."""
    project: Text
    """Owner and name: ``acme/engine``; on GitLab also with groups between."""
    branch: Text | None = None
    """The branch that releases are made from; else the default one."""
    token: SecretText | None = None
    """Token that may read the project, where it is not public."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""

    @property
    def managed(self) -> bool:
        """Whether a signature may cover what it withholds: it is not ours to grant."""
        return True

    @model_validator(mode="after")
    def _of_one_project(self) -> Self:
        if not _PROJECT.fullmatch(self.project):
            raise refuse("is no project", 'write it like "acme/engine"', key="project")
        if self.token is not None and not stays_private(self.url):
            what = "would go over plain HTTP"
            raise refuse(what, "use an https URL", key="token")
        return self
