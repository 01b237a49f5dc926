"""A forge that speaks as much of GitHub's REST API as a look at a branch needs.

Formats: GitHub REST API, version 2022-11-28, "Get a repository", "Get a branch", "Get
rules for a branch".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.demo.standins.web import Asked, Reply, Web

if TYPE_CHECKING:
    import ssl

__all__ = ["PROJECT", "Forge"]

PROJECT = "trading-example/engine"
_BRANCH = "main"
_NOT_FOUND = Reply({"message": "Not Found", "status": "404"}, 404)


class Forge(Web):
    """Answers until closed; what it says may be changed while it runs."""

    def __init__(self, tls: ssl.SSLContext | None = None, token: str = "") -> None:
        self.protected = True
        self.rules: list[str] = []
        """The types of the rules that hold for the branch."""
        self.withheld = False
        """Whether the token may not read the project."""
        self._token = token
        super().__init__(self._reply, tls)

    def _reply(self, asked: Asked) -> Reply:
        base = f"/repos/{PROJECT}"
        if (
            self._token
            and asked.headers.get("authorization") != f"Bearer {self._token}"
        ):
            return Reply({"message": "Bad credentials", "status": "401"}, 401)
        if self.withheld:
            return _NOT_FOUND
        said: dict[str, object] = {
            base: {"full_name": PROJECT, "default_branch": _BRANCH},
            f"{base}/branches/{_BRANCH}": {
                "name": _BRANCH,
                "commit": {"sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e"},
                "protected": self.protected,
            },
            f"{base}/rules/branches/{_BRANCH}": [
                {"type": kind, "ruleset_source_type": "Repository", "ruleset_id": 42}
                for kind in self.rules
            ],
        }
        found = said.get(asked.path)
        return _NOT_FOUND if found is None else Reply(found)
