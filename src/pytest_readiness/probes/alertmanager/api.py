"""Version 2 of Alertmanager's HTTP API, as its OpenAPI document has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pytest_readiness.catalogue.observation import Cause
from pytest_readiness.probes.alertmanager.matchers import Matcher, UnreadableError
from pytest_readiness.probes.alertmanager.routing import Configuration
from pytest_readiness.probes.look import LookError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from pytest_readiness.probes.http import Client

__all__ = [
    "ALERTS",
    "ANSWERS",
    "INTAKE",
    "SILENCES",
    "STATUS",
    "Silence",
    "loaded",
    "send",
    "silences",
]

STATUS = "/api/v2/status"
SILENCES = "/api/v2/silences"
ALERTS = "/api/v2/alerts"
INTAKE = 4 << 20
"""Bytes of one answer: a large tree of routes is some hundred kilobytes."""
ANSWERS = 40
_OK, _SERVER_ERROR = 200, 500
_REJECTED = frozenset({401, 403})
_FORM = "the answer is not of the form that Alertmanager documents"

T = TypeVar("T")


class _Config(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    original: str


class _Status(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    config: _Config


class _Matcher(BaseModel):
    name: str
    value: str
    regex: bool = Field(alias="isRegex")
    equal: bool = Field(default=True, alias="isEqual")


class _State(BaseModel):
    state: str


class _Silence(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    id: str
    status: _State
    matchers: list[_Matcher]
    ends: str = Field(alias="endsAt")


class Silence(NamedTuple):
    """One silence that is in force."""

    id: str
    ends: str
    matchers: tuple[Matcher, ...]

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Say whether it silences an alert with these labels."""
        return all(matcher.holds(labels) for matcher in self.matchers)


def loaded(client: Client) -> Configuration:
    """Ask for the configuration that is loaded.

    Raises:
        LookError: no answer, and why.
    """
    said = _asked(client, STATUS, TypeAdapter(_Status))
    try:
        return Configuration.read(said.config.original)
    except UnreadableError as error:
        raise LookError(str(error), Cause.LOCAL, final=True) from None


def silences(client: Client) -> tuple[Silence, ...]:
    """Ask for the silences that are in force.

    Raises:
        LookError: no answer, and why.
    """
    said = _asked(client, SILENCES, TypeAdapter(list[_Silence]))
    try:
        return tuple(
            Silence(
                one.id,
                one.ends,
                tuple(Matcher(m.name, _operator(m), m.value) for m in one.matchers),
            )
            for one in said
            if one.status.state == "active"
        )
    except UnreadableError as error:
        raise LookError(str(error), Cause.LOCAL, final=True) from None


def send(
    client: Client, labels: Mapping[str, str], begins: dt.datetime, ends: dt.datetime
) -> None:
    """Send an alert; one that has ended is resolved.

    Raises:
        LookError: it was not taken, and why.
    """
    alert = {
        "labels": dict(labels),
        "annotations": {"summary": "A test by pytest-readiness: nothing is wrong."},
        "startsAt": begins.isoformat(),
        "endsAt": ends.isoformat(),
    }
    answer = client.post(ALERTS, [alert])
    if answer.status != _OK:
        raise _refused(answer.status, ALERTS)


def _asked(client: Client, route: str, form: TypeAdapter[T]) -> T:
    answer = client.get(route)
    if answer.status != _OK:
        raise _refused(answer.status, route)
    try:
        return form.validate_json(answer.body)
    except ValidationError:
        raise LookError(_FORM, remedy="check the path in url", final=True) from None


def _refused(status: int, route: str) -> LookError:
    """Say in our words why there is no answer to use."""
    reason = f"{route} answered {status}"
    if status in _REJECTED:
        remedy = "check token or password, and what they may do"
        return LookError(reason, remedy=remedy, final=True)
    if status >= _SERVER_ERROR:
        return LookError(reason)
    return LookError(reason, remedy="check the path in url", final=True)


def _operator(matcher: _Matcher) -> str:
    if matcher.regex:
        return "=~" if matcher.equal else "!~"
    return "=" if matcher.equal else "!="
