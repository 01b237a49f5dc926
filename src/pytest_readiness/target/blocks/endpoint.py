"""An endpoint as a target file names it: a text, or a table."""

from typing import Any

from pydantic import Field, model_validator

from pytest_readiness.target.blocks.block import Block, Host, Port, Text, refuse
from pytest_readiness.target.values import Mistake, parse_endpoint

__all__ = ["Endpoint", "or_text", "own_names"]


class Endpoint(Block):
    """One endpoint: ``"https://host:port"``, ``"host:port"``, or a table."""

    host: Host
    """Name or address to connect to."""
    port: Port = 443
    """Port to connect to."""
    name: Text = Field(
        default_factory=lambda known: f"{known.get('host')}:{known.get('port')}"
    )
    """How reports call it."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            host, port = parse_endpoint(value)
        except Mistake as mistake:
            raise refuse(mistake.what, mistake.remedy) from None
        return {"host": host, "port": port}


def or_text(schema: dict[str, Any]) -> None:
    """Say in the JSON Schema of a list that its members may be texts, too."""
    schema["items"] = {"anyOf": [{"type": "string"}, schema["items"]]}


def own_names(endpoints: tuple[Endpoint, ...]) -> None:
    """Refuse two endpoints of one name: reports could not tell them apart."""
    if len({endpoint.name for endpoint in endpoints}) < len(endpoints):
        what = "has two of the same name"
        raise refuse(what, "give each its own `name`", key="endpoints")
