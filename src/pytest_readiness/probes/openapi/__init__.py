"""The OpenAPI document: whether it is valid, what it describes, and what is served.

:class:`Openapi` is the document of the release; :class:`Served` is what the running
service answers, held against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, cast

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.http import Client, Identity
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.openapi.differences import differences
from pytest_readiness.probes.openapi.operations import Operation, operations
from pytest_readiness.probes.openapi.validating import COMMAND, problems
from pytest_readiness.probes.planned import PlannedLook, files, trust_files
from pytest_readiness.probes.program import absence
from pytest_readiness.probes.tree import MOST, Json, parsed, read_bounded

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import OpenapiBlock

__all__ = ["Openapi", "Operation", "Served"]

_OK = 200
_REJECTED = frozenset({401, 403})
_NO_DOCUMENT = Unavailable("there is no document")
_NOT_TWO = Unavailable(
    "the target names one document, and nothing to compare it with",
    Cause.UNCONFIGURED,
    "set path and url in [target.NAME.openapi]",
)


@dataclass(frozen=True, kw_only=True)
class Openapi(Facts):
    """The released document; the served one where the target names no file."""

    block: ClassVar[str] = "openapi"

    found: Observed[bool]
    """Whether there is one; the detail says what is there instead."""
    problems: Observed[tuple[str, ...]]
    """What is invalid in it, each with its place; twenty at most."""
    operations: Observed[tuple[Operation, ...]]
    """What it describes."""
    undescribed: Observed[tuple[str, ...]]
    """Operations without summary, responses or schemas, and what they lack."""
    document: Observed[Json]
    """The whole of it."""
    compared: Observed[bool]
    """Whether the target names both a file and a service."""

    @property
    def count(self) -> Observed[int]:
        """How many operations it describes."""
        return self.operations.map(len, unit="operations")

    @classmethod
    def gather(cls, block: OpenapiBlock, look: Look) -> Self:
        """Read the document and validate it."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: OpenapiBlock, look: Look) -> Self:
        compared = look.seen(block.path is not None and block.url is not None)
        if block.path is not None and (nothing := absence(block.path)):
            none = cls.unavailable(_NO_DOCUMENT, look.source, look.now())
            return cls(
                found=look.seen(False, detail=nothing),  # noqa: FBT003  # a value
                problems=none.problems,
                operations=none.operations,
                undescribed=none.undescribed,
                document=none.document,
                compared=compared,
            )
        name, data = _data(block, look)
        found = look.seen(True, detail=f"{len(data)} bytes")  # noqa: FBT003  # a value
        document = look.observe(lambda: _table(parsed(data, name), name))
        whole = document.value
        if isinstance(whole, Unavailable):
            # What cannot be read at all is no valid document: an observation.
            unread: Observed[tuple[str, ...]] = look.seen((whole.reason,))
            none = cls.unavailable(whole, look.source, look.now())
            return cls(
                found=found,
                problems=unread,
                operations=none.operations,
                undescribed=none.undescribed,
                document=document,
                compared=compared,
            )
        described = operations(whole)
        lacking = tuple(text for one in described for text in one.undescribed)
        return cls(
            found=found,
            problems=look.observe(lambda: problems(whole, look), what="validator"),
            operations=look.seen(described),
            undescribed=look.seen(lacking, detail=f"{len(described)} operations"),
            document=document,
            compared=compared,
        )

    @classmethod
    def looks(cls, block: OpenapiBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is read, and that the validator is started."""
        program = PlannedLook("program", " ".join(("python", *COMMAND)))
        if block.path is not None:
            return (*files(block.path), program)
        return (*_request(block), program)

    @staticmethod
    def source(block: OpenapiBlock) -> str:
        """Name the file, or the route, which holds no credentials."""
        return str(block.path or f"{block.url}{block.route}")


@dataclass(frozen=True, kw_only=True)
class Served(Facts):
    """What the running service says of itself."""

    block: ClassVar[str] = "openapi"
    runs_release: ClassVar[bool] = True

    differences: Observed[tuple[str, ...]]
    """What the served document says otherwise than the released one, in a word each."""

    @classmethod
    def gather(cls, block: OpenapiBlock, look: Look) -> Self:
        """Read both documents once."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: OpenapiBlock, look: Look) -> Self:
        path = block.path
        if path is None or block.url is None:
            return cls(differences=look.seen(_NOT_TWO))
        return cls(differences=look.observe(lambda: _compared(block, path, look)))

    @classmethod
    def looks(cls, block: OpenapiBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked: one request."""
        if block.path is None or block.url is None:
            return ()
        return (*_request(block), *files(block.path))

    @staticmethod
    def source(block: OpenapiBlock) -> str:
        """Name the route, which holds no credentials."""
        return f"{block.url}{block.route}"


def _data(block: OpenapiBlock, look: Look) -> tuple[str, bytes]:
    if block.path is not None:
        return block.path.name, read_bounded(block.path)
    return block.route, _asked(block, look)


def _compared(block: OpenapiBlock, path: Path, look: Look) -> tuple[str, ...]:
    released = _table(parsed(read_bounded(path), path.name), path.name)
    served = _table(parsed(_asked(block, look), block.route), block.route)
    return differences(released, served)


def _asked(block: OpenapiBlock, look: Look) -> bytes:
    identity = Identity(block.ca_file)
    with Client(
        block.url or "", look, identity, lambda: _headers(block), intake=MOST
    ) as client:
        answer = client.get(block.route)
    if answer.status in _REJECTED:
        why = "asks for a token" if block.token is None else "rejected the token"
        raise LookError(f"{block.route} {why}", remedy="check token", rejected=True)
    if answer.status != _OK:
        raise LookError(f"{block.route} answered {answer.status}")
    return answer.body


def _headers(block: OpenapiBlock) -> dict[str, str]:
    if block.token is None:
        return {}
    return {"Authorization": f"Bearer {block.token.reveal()}"}


def _table(document: object, name: str) -> Json:
    if isinstance(document, dict):
        return cast("Json", document)
    raise LookError(f"{name} is no OpenAPI document", final=True)


def _request(block: OpenapiBlock) -> tuple[PlannedLook, ...]:
    secure = (block.url or "").startswith("https:")
    who = "without a token" if block.token is None else "with the token"
    return (
        PlannedLook("connection", "over TLS" if secure else "without TLS"),
        PlannedLook("request", f"GET {block.route}", note=who),
        *(trust_files(block.ca_file) if secure else ()),
    )
