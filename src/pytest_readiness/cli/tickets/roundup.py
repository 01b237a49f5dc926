"""Roundup: files are items of their own, which an issue lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_readiness.cli.tickets.api import Refusal
from pytest_readiness.cli.tickets.attaching import Attached
from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from pytest_readiness.cli.tickets.api import Api, File

__all__ = ["Roundup"]

_DATA = "/rest/data"
_CHANGED = 412
"""The issue is not the one any more that was read (If-Match)."""
_TRIES = 5


class Roundup:
    """One issue, by its number; the URL is the tracker's."""

    def __init__(self, api: Api, ticket: str, user: str) -> None:
        if not ticket.isdecimal():
            raise ConfigError("TICKET", f"{ticket!a} is no number", "as in 4711")
        self._api = api
        self._user = user
        self._issue = f"{_DATA}/issue/{ticket}"

    def me(self) -> str:
        """Give the user, by the name given here."""
        query = {"username:": self._user}
        answer = self._api.ask("GET", f"{_DATA}/user", query=query)
        found = answer["data"]["collection"]
        return str(found[0]["id"]) if found else self._user

    def attached(self) -> list[Attached]:
        """Give the files that the issue lists."""
        issue = self._api.ask("GET", self._issue, query={"@verbose": "1"})
        found: list[Attached] = []
        for one in issue["data"]["attributes"]["files"]:
            route = f"{_DATA}/file/{one['id']}"
            fields = {"@fields": "name,creator", "@protected": "true"}
            about = self._api.ask("GET", route, query=fields)["data"]["attributes"]
            by = str(about["creator"]["id"])
            found.append(Attached(str(one["id"]), about["name"], by))
        return found

    def upload(self, file: File) -> str:
        """Add a file, then list it in the issue."""
        answer = self._api.ask(
            "POST",
            f"{_DATA}/file",
            fields={
                "name": file.name,
                "type": file.kind,
                "content": (file.name, file.data, file.kind),
            },
        )
        number = str(answer["data"]["id"])
        self._list("add", number)
        return number

    def remove(self, attached: Attached) -> None:
        """Take a file off the issue's list; what else lists it keeps it."""
        self._list("remove", attached.id)

    def _list(self, operation: str, number: str) -> None:
        """Change the list of an issue that others change at the same time."""
        for left in reversed(range(_TRIES)):
            etag = self._api.ask("GET", self._issue)["data"]["@etag"]
            try:
                self._api.ask(
                    "PATCH",
                    self._issue,
                    document={"@op": operation, "files": [number]},
                    headers={"If-Match": etag},
                )
            except Refusal as refusal:
                if refusal.status != _CHANGED or not left:
                    raise
            else:
                return
