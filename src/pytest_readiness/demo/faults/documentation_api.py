"""Documentation, the API's: invalid, incomplete, or of another release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_readiness.demo.faults.fault import Breakage, Fault, Faults
from pytest_readiness.demo.servers.engine import DESCRIPTION
from pytest_readiness.verdict.states import State

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[Any], None]

__all__ = ["FAULTS"]

_ITEM = "documentation.api-documentation"
_LOOKS = frozenset({"openapi", "served"})


def _changed(change: Change) -> Callable[[Breakage], None]:
    """Have another document released; the service serves what it did."""

    def apply(breakage: Breakage) -> None:
        document = json.loads(DESCRIPTION.read_text("utf-8"))
        change(document)
        path = breakage.write("openapi.json", json.dumps(document))
        breakage.set("openapi", path=str(path))

    return apply


def _alone(change: Change) -> Callable[[Breakage], None]:
    """Have another document released, and nothing to compare it with."""

    def apply(breakage: Breakage) -> None:
        _changed(change)(breakage)
        del breakage.tables["openapi"]["url"]

    return apply


def _invalid(document: Any) -> None:  # noqa: ANN401  # JSON
    del document["paths"]["/orders/{id}"]["get"]["parameters"]


def _undescribed(document: Any) -> None:  # noqa: ANN401  # JSON
    del document["paths"]["/orders"]["post"]["summary"]


def _unshaped(document: Any) -> None:  # noqa: ANN401  # JSON
    answers = document["paths"]["/quotes/{symbol}"]["get"]["responses"]
    answers["200"]["content"]["application/json"] = {}


def _drifted(document: Any) -> None:  # noqa: ANN401  # JSON
    path = document["paths"]["/orders"]["post"]["requestBody"]["content"]
    del path["application/json"]["schema"]["properties"]["side"]


def _moved(document: Any) -> None:  # noqa: ANN401  # JSON
    document["servers"] = [{"url": "https://api.trading.example"}]


def _missing(breakage: Breakage) -> None:
    breakage.set("openapi", path=str(breakage.bench.folder / "no-openapi.json"))


def _withdrawn(breakage: Breakage) -> None:
    breakage.set("openapi", route="/no-openapi.json")


_fault = Faults("api-description", _ITEM, _LOOKS)


FAULTS = (
    Fault(
        *("api-description-missing", "the API's description is not there"),
        # Without it nobody can say which operations the tests should have called.
        {_ITEM: State.FAILED, "testing-validation.api-tests": State.UNKNOWN},
        *(_LOOKS, _missing),
    ),
    _fault("invalid", "the API's description breaks OpenAPI", _alone(_invalid)),
    _fault(
        *("undescribed", "an operation has no summary"),
        _alone(_undescribed),
    ),
    _fault("unshaped", "an answer has no schema", _alone(_unshaped)),
    _fault("drifted", "the service serves another description", _changed(_drifted)),
    _fault(
        *("not-served", "the service does not serve its description"),
        _withdrawn,
        State.UNKNOWN,
    ),
    _fault(
        *("served-elsewhere", "the description names another server: good"),
        _changed(_moved),
        None,
    ),
)
