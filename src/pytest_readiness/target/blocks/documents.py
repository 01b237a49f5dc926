"""``[target.NAME.documents.DOCUMENT]``: a document for people, and its rules.

Each stands under the name that ends its item's id, such as ``installation-guide``.
"""

import datetime as dt
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, PrivateAttr, model_validator

from pytest_readiness.target.blocks.block import (
    Count,
    Duration,
    FilePath,
    Limit,
    LimitsBlock,
    ResourceBlock,
    SecretText,
    Text,
    Url,
    refuse,
    setting,
    tupled,
)
from pytest_readiness.target.blocks.prometheus import PrometheusBlock
from pytest_readiness.target.context import Member
from pytest_readiness.target.values import stays_private

__all__ = ["HEADINGS", "DocumentBlock", "DocumentLimits", "DrillLimits"]

Markup = Literal["markdown", "restructuredtext", "html"]

_SUFFIXES: Mapping[str, Markup] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".rst": "restructuredtext",
    ".html": "html",
    ".htm": "html",
}

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "escalation-procedures": ("levels", "times"),
    "incident-reporting": ("authorities", "deadlines"),
    "incident-response": ("severity", "roles", "contacts"),
    "maintenance-windows": ("schedule",),
}
"""The headings that some documents need, by name, where the target names none."""


class DocumentBlock(ResourceBlock):
    """One document, a file or a page: Markdown, reStructuredText or HTML."""

    timeout: Duration = dt.timedelta(seconds=20)
    """How long reading it, and looking at where its links lead, may take."""
    path: FilePath | None = None
    """The file."""
    url: Url | None = None
    """The page, where it is no file."""
    markup: Markup | None = None
    """How it is written; else as its name ends, and HTML for a page."""
    headings: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Words that each stand in one of its headings."""
    describes: Annotated[tuple[FilePath, ...], BeforeValidator(tupled)] = ()
    """Files whose names it must mention: ``.env.example``, a settings' JSON Schema."""
    undocumented: Annotated[tuple[Text, ...], BeforeValidator(tupled)] = ()
    """Names of those that are nobody's business, and that it need not mention."""
    root: FilePath | None = None
    """Folder that links beginning with ``/`` are meant from; else the repository's."""
    ca_file: FilePath | None = None
    """Certificates of the authorities to trust; else the system's."""
    token: SecretText | None = None
    """Bearer token, where reading the page needs one."""

    _prometheus: PrometheusBlock | None = PrivateAttr(default=None)

    @property
    def prometheus(self) -> PrometheusBlock | None:
        """The target's Prometheus, whose alerts lead to a guide."""
        return self._prometheus

    def know(self, prometheus: PrometheusBlock | None) -> None:
        """Let the document know the target's Prometheus."""
        self._prometheus = prometheus

    @property
    def written(self) -> Markup:
        """How it is written."""
        if self.markup is not None:
            return self.markup
        place = self.path.name if self.path else urlsplit(self.url or "").path
        return _SUFFIXES.get(PurePosixPath(place).suffix.lower(), "html")

    @model_validator(mode="before")
    @classmethod
    def _as_known(cls, value: object) -> object:
        """Fill in the headings that a document of its name needs."""
        if not isinstance(value, Member):
            return value
        known = HEADINGS.get(str(value.index))
        if known is None or "headings" in value:
            return value
        return Member({**value, "headings": list(known)}, value.index)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            what = "misses path and url" if self.path is None else "sets path and url"
            raise refuse(what, "name one of the two")
        named = self.path is None or self.path.suffix.lower() in _SUFFIXES
        if self.markup is None and not named:
            what = "is no Markdown, reStructuredText or HTML by its name"
            remedy = "set markup, or leave the table out and have the item signed"
            raise refuse(what, remedy, key="path")
        if self.token is not None and not stays_private(self.url or "https://x"):
            what = "would go over plain HTTP"
            raise refuse(what, "use an https URL", key="token")
        return self


class DocumentLimits(LimitsBlock):
    """``[target.NAME.limits.documents]``."""

    min_words: Limit[Count] = setting(150)
    """Fewest words outside of code; what has fewer is a stub."""
    max_age: Limit[Duration] = setting(dt.timedelta(days=180))
    """Longest since a guide was reviewed."""
    max_age_of_plans: Limit[Duration] = setting(dt.timedelta(days=365))
    """Longest since a plan was reviewed."""


class DrillLimits(LimitsBlock):
    """``[target.NAME.limits.drills]``."""

    max_age: Limit[Duration] = setting(dt.timedelta(days=90))
    """Longest since a procedure was tried."""
    max_age_of_disasters: Limit[Duration] = setting(dt.timedelta(days=180))
    """Longest since the recovery from a disaster was tried."""
