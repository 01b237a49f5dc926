"""``[target.NAME.pipeline]``: the file that says how a release is deployed."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from pytest_readiness.target.blocks.block import (
    FilePath,
    ResourceBlock,
    Text,
    refuse,
    tupled,
)

__all__ = ["PipelineBlock"]

Form = Literal["github", "gitlab", "jenkins"]

_NAMES: Mapping[str, Form] = {".gitlab-ci.yml": "gitlab", "Jenkinsfile": "jenkins"}


class PipelineBlock(ResourceBlock):
    """A workflow of GitHub Actions, a pipeline of GitLab CI, or a Jenkinsfile."""

    path: FilePath
    """The file."""
    form: Form | None = None
    """Whose it is; else as its name and folder say."""
    jobs: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """The jobs that deploy; else those with ``deploy`` in their name."""

    @property
    def written(self) -> Form:
        """Whose file it is."""
        return self.form or _NAMES.get(self.path.name, "github")

    @model_validator(mode="after")
    def _known(self) -> Self:
        of_github = self.path.parent.name == "workflows"
        if self.form is None and self.path.name not in _NAMES and not of_github:
            what = "does not say by its name whose pipeline it is"
            raise refuse(
                what, 'set form to "github", "gitlab" or "jenkins"', key="path"
            )
        return self
