"""The whole target file as types: :mod:`.loading` fills, :mod:`.schema` shows them.

Resources and limits have modules of their own in :mod:`.blocks`.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    WithJsonSchema,
    model_validator,
)

from pytest_readiness.catalogue.item import ITEM_ID, SLUG, Stage
from pytest_readiness.target.blocks import Block, Grant, Limits, Resources
from pytest_readiness.target.blocks.block import FilePath, Text, refuse, tupled, worded
from pytest_readiness.target.calendar import Calendar
from pytest_readiness.target.context import Context, Trail
from pytest_readiness.target.values import Mistake, is_list, is_table, listed, near

__all__ = [
    "TARGET_NAME",
    "ApprovalsTable",
    "Document",
    "GateTable",
    "Header",
    "ReleaseTable",
    "StoreTable",
    "SystemTable",
    "Target",
    "TrustTable",
]

TARGET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_GRANTS: tuple[str, ...] = get_args(Grant)
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _item_id(text: str) -> str:
    if ITEM_ID.fullmatch(text):
        return text
    what = "is no item id"
    raise Mistake(what, 'write it like "environment-setup.cache"')


def _slug(text: str) -> str:
    if SLUG.fullmatch(text):
        return text
    what = "is no name of a gate"
    raise Mistake(what, "use small letters, digits and hyphens")


def _sha256(text: str) -> str:
    if _SHA256.fullmatch(text):
        return text
    what = "is no sha256"
    raise Mistake(what, "write its 64 small hexadecimal digits")


def _digest(text: str) -> str:
    prefix, _, digits = text.partition(":")
    if prefix == "sha256" and _SHA256.fullmatch(digits):
        return text
    what = "is no digest"
    raise Mistake(what, 'write "sha256:" and 64 small hexadecimal digits')


def _grants(value: object) -> object:
    if not is_list(value):
        return value
    for number, word in enumerate(value, start=1):
        if word not in _GRANTS:
            meant = near(word, _GRANTS) if isinstance(word, str) else ""
            what = f"number {number} is none of the known words"
            known = f"known are {listed(_GRANTS)}"
            raise refuse(what, f"did you mean `{meant}`?" if meant else known)
    return frozenset(value)


ItemId = Annotated[str, AfterValidator(worded(_item_id))]
NotApplicable = Mapping[ItemId, Text]
Texts = Annotated[tuple[Text, ...], BeforeValidator(tupled)]
Sha256 = Annotated[
    str,
    AfterValidator(worded(_sha256)),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
]
Digest = Annotated[
    str,
    AfterValidator(worded(_digest)),
    WithJsonSchema({"type": "string", "pattern": "^(sha256:[0-9a-f]{64}$|\\$\\{)"}),
]


class SystemTable(Block):
    """``[system]``: the product under judgement."""

    name: Text
    """Its name; signatures are bound to it."""
    organisation: Text | None = None
    """Whose it is, for signatures that several systems share."""


class ReleaseTable(Block):
    """``[release]``: what is to go live."""

    version: Text | None = None
    """Its version, for people."""
    paths: Texts = ()
    """What of the repository it is made of; everything where nothing is named."""
    ignore: Texts = ()
    """Files, folders or patterns that are no part of it."""
    digest: Digest | None = None
    """Digest of an image or a package, where git does not hold the release."""


class TrustTable(Block):
    """``[trust]``: where signatures and the rules about them are."""

    file: FilePath
    """The trust file."""
    attestations: FilePath
    """The signed attestations: a file, or a folder of files."""

    @model_validator(mode="before")
    @classmethod
    def _usual_places(cls, value: object) -> object:
        usual = {
            "file": ".readiness/trust.toml",
            "attestations": ".readiness/attestations.intoto.jsonl",
        }
        return {**usual, **value} if is_table(value) else value


class ApprovalsTable(Block):
    """``[approvals]``: the sign-off section."""

    people: Annotated[int, Field(ge=1, le=10)] = 3
    """How many distinct persons must have approved; fewer than 3 is printed."""


class StoreTable(Block):
    """``[store]``: where reports of earlier runs are kept."""

    path: FilePath | None = None
    """Folder of past reports."""
    keep: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Reports of one environment and gate that are kept, the newest."""


class GateTable(Block):
    """``[gate.NAME]``: a set of stages that is asked together."""

    stages: Annotated[
        tuple[Annotated[Stage, Field(strict=False)], ...],
        BeforeValidator(tupled),
        Field(min_length=1),
    ]
    """The stages."""


class Target(Resources):
    """``[target.NAME]``: one environment."""

    extends: Text | None = None
    """Another target, whose settings hold where this one has none of its own."""
    candidate: Text | None = None
    """The target where the release already runs before go-live; else this one."""
    allow: Annotated[frozenset[Grant], BeforeValidator(_grants)] = frozenset()
    """What intrusive probes may do here."""
    sha256: Sha256 | None = None
    """Digest that this target must have, once it is agreed on."""
    not_applicable: NotApplicable = Field(default_factory=dict)
    """Items that do not apply, with the reason; two roles must sign each."""
    vendors: Texts = ()
    """Whose services the system depends on: each needs evidence of its compliance."""
    limits: Limits = Limits()
    """What the facts are held against."""
    calendar: Calendar = Calendar()
    """Business days and freeze periods."""

    _name: str = PrivateAttr(default="")
    _base: Path = PrivateAttr(default=Path())
    _hidden: Mapping[Trail, str] = PrivateAttr(default_factory=dict[Trail, str])
    _unresolved: Mapping[str, str] = PrivateAttr(default_factory=dict[str, str])

    def model_post_init(self, context: Any, /) -> None:  # noqa: ANN401  # pydantic's own
        """Take over what the file's reader knows."""
        if isinstance(context, Context):
            self._name = context.root[-1] if context.root else ""
            self._base = context.base
            self._hidden = dict(context.hidden)
            self._unresolved = dict(context.unresolved)

    @property
    def name(self) -> str:
        """The environment's name."""
        return self._name

    @property
    def base(self) -> Path:
        """The folder of the target file, against which paths were written."""
        return self._base

    @property
    def hidden(self) -> Mapping[Trail, str]:
        """Paths of the settings that are secret though their type is not: names."""
        return self._hidden

    @property
    def unresolved(self) -> Mapping[str, str]:
        """Resources left out because a reference of theirs is unset: the reason."""
        return self._unresolved


class Header(Block):
    """The tables that are not about one target."""

    suite: FilePath | None = None
    """Folder of the suite; else ``readiness_suite`` or the bundled one."""
    default: Text | None = None
    """The target that is meant where none is named."""
    system: SystemTable
    """The product under judgement."""
    release: ReleaseTable = ReleaseTable()
    """What is to go live."""
    trust: TrustTable = Field(default_factory=dict, validate_default=True)
    """Where signatures are."""
    approvals: ApprovalsTable = ApprovalsTable()
    """How many people sign off."""
    store: StoreTable = StoreTable()
    """Where earlier reports are."""
    gate: Mapping[Annotated[str, AfterValidator(worded(_slug))], GateTable] = Field(
        default_factory=dict
    )
    """Gates of one's own."""


class Document(Header):
    """The target file."""

    calendar: Calendar = Calendar()
    """Calendar of every target; what a target's own says goes before it."""
    not_applicable: NotApplicable = Field(default_factory=dict)
    """Items that do not apply to the system at all."""
    target: Mapping[str, Target]
    """The environments."""
