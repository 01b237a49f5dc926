"""The forge: whether the branch that releases are made from is protected.

Asked as anybody with read access may (GitHub REST API, "Get a branch" and "Get rules
for a branch"; GitLab REST API, "Get single repository branch"): who may change the
protection is shown to administrators only, that there is one is not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self, cast
from urllib.parse import quote

from pytest_readiness.catalogue.observation import Cause, Observed, Unavailable
from pytest_readiness.probes.http import Client, Identity
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.tree import Json, table

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ForgeBlock

__all__ = ["Forge"]

_OK = 200
_UNAUTHORIZED = 401
_WITHHELD = frozenset({403, 404})
_TOO_MANY = 429
_SERVER_ERROR = 500
_ANSWERS = 4


@dataclass(frozen=True, kw_only=True)
class Forge(Facts):
    """One project on a forge."""

    block: ClassVar[str] = "forge"

    protected: Observed[bool]
    """Whether nobody can change the branch directly; the detail names branch and
    rules."""

    @property
    def named(self) -> bool:
        """Whether the target names a forge at all."""
        value = self.protected.value
        return not (
            isinstance(value, Unavailable) and value.cause is Cause.UNCONFIGURED
        )

    @classmethod
    def gather(cls, block: ForgeBlock, look: Look) -> Self:
        """Ask for the branch, and for the rules where it says that it has none."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ForgeBlock, look: Look) -> Self:
        identity = Identity(block.ca_file)
        with Client(
            block.url, look, identity, lambda: _headers(block), answers=_ANSWERS
        ) as client:
            api = _Api(client, block)
            branch = block.branch or api.default()
            protected, how = api.protection(branch)
        what = f"branch {branch}"
        return cls(protected=look.seen(protected, what=what, detail=how))

    @classmethod
    def looks(cls, block: ForgeBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked; all of it by GET."""
        who = "without a token" if block.token is None else "with the token"
        base = _project(block)
        branch = "branches" if block.kind == "github" else "repository/branches"
        routes = [base, f"{base}/{branch}/{{branch}}"]
        if block.kind == "github":
            routes.append(f"{base}/rules/branches/{{branch}}")
        secure = block.url.startswith("https:")
        return (
            PlannedLook("connection", "over TLS" if secure else "without TLS"),
            *(PlannedLook("request", f"GET {route}", note=who) for route in routes),
            *(trust_files(block.ca_file) if secure else ()),
        )

    @staticmethod
    def source(block: ForgeBlock) -> str:
        """Name the project."""
        return f"{block.url} {block.project}"


class _Api:
    def __init__(self, client: Client, block: ForgeBlock) -> None:
        self._client = client
        self._block = block
        self._base = _project(block)

    def default(self) -> str:
        name = table(self._ask(self._base, "the project")).get("default_branch")
        if isinstance(name, str) and name:
            return name
        raise LookError("the project names no default branch", remedy="set branch")

    def protection(self, branch: str) -> tuple[bool, str]:
        """Say whether a branch is protected, and by what."""
        name = quote(branch, safe="")
        if self._block.kind == "gitlab":
            route = f"{self._base}/repository/branches/{name}"
            return self._protected(self._ask(route, "the branch")), branch
        route = f"{self._base}/branches/{name}"
        if self._protected(self._ask(route, "the branch")):
            return True, branch
        found = self._ask(f"{self._base}/rules/branches/{name}", "its rules")
        kinds = [str(one.get("type")) for one in map(table, _members(found))]
        return "pull_request" in kinds, ", ".join(["rules", *kinds])

    def _protected(self, found: object) -> bool:
        known = table(found).get("protected")
        if isinstance(known, bool):
            return known
        raise LookError("the answer does not say whether it is protected")

    def _ask(self, route: str, what: str) -> object:
        answer = self._client.get(route)
        status = answer.status
        if status == _UNAUTHORIZED:
            reason = f"the forge answered {status}"
            raise LookError(reason, remedy="check token", rejected=True)
        if status in _WITHHELD:
            raise LookError(
                f"the forge does not show {what}: {status}",
                Cause.WITHHELD,
                "let the token read the project, or have the item signed with evidence",
                final=True,
            )
        if status == _TOO_MANY or status >= _SERVER_ERROR:
            reason = f"the forge answered {status}"
            raise LookError(reason, Cause.THIRD_PARTY, "look again later")
        if status != _OK:
            raise LookError(f"{route} answered {status}", remedy="check url")
        try:
            found: object = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise LookError("the forge answered no JSON", remedy="check url") from None
        return found


def _project(block: ForgeBlock) -> str:
    if block.kind == "github":
        return f"/repos/{block.project}"
    return f"/projects/{quote(block.project, safe='')}"


def _headers(block: ForgeBlock) -> dict[str, str]:
    headers = {"Accept": "application/vnd.github+json"}
    if block.kind == "gitlab":
        headers = {}
    if block.token is not None:
        headers["Authorization"] = f"Bearer {block.token.reveal()}"
    return headers


def _members(value: object) -> list[Json]:
    found = cast("list[object]", value) if isinstance(value, list) else []
    return [table(one) for one in found]
