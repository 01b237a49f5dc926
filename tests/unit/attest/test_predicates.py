"""Every predicate's shape: its members, all of them, and no others."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_readiness.attest.codes import Malformed
from pytest_readiness.attest.predicates import (
    PREDICATES,
    Deployment,
    ItemAttestation,
    Predicate,
    Provenance,
    Revocation,
    Run,
    Snapshot,
    TrustApproval,
    Waiver,
)

DATA = json.loads((Path(__file__).parent / "data" / "predicates.json").read_text())
FROM = "2026-10-10T09:00:00Z"
WRITTEN: dict[type[Predicate], dict[str, Any]] = {
    kind: DATA[name.removesuffix("/v1").rpartition("/")[2]]
    for name, kind in PREDICATES.items()
}
OPTIONAL = {
    ItemAttestation: {"target", "justification", "evidence", "claims", "anchor", "saw"},
    Waiver: {"target", "ticket", "coversUnknown", "again"},
    Revocation: set(),
    Snapshot: {"previous"},
    TrustApproval: {"previous"},
    Run: set(),
    Deployment: {"ended", "release", "target"},
    Provenance: {"attester", "data", "url"},
}
EACH = pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)


def malformed(kind: type[Any], value: object) -> str:
    with pytest.raises(Malformed) as refused:
        kind.read(value)
    return refused.value.where


def test_every_predicate_has_its_type_and_a_sample_here() -> None:
    prefix = "https://pytest-readiness.readthedocs.io/predicates/"

    assert {name.removeprefix(prefix): kind for name, kind in PREDICATES.items()} == {
        "item-attestation/v1": ItemAttestation,
        "waiver/v1": Waiver,
        "revocation/v1": Revocation,
        "snapshot/v1": Snapshot,
        "trust-approval/v1": TrustApproval,
        "run/v1": Run,
        "deployment/v1": Deployment,
        "provenance/v1": Provenance,
    }
    assert set(WRITTEN) == set(OPTIONAL) == set(PREDICATES.values())


@EACH
def test_a_predicate_is_written_as_it_was_read(kind: type[Predicate]) -> None:
    read = kind.read(WRITTEN[kind])

    assert read.write() == WRITTEN[kind]
    assert kind.read(read.write()) == read


@EACH
def test_just_the_optional_members_may_be_absent(kind: type[Predicate]) -> None:
    for name in WRITTEN[kind]:
        without = {key: part for key, part in WRITTEN[kind].items() if key != name}
        if name in OPTIONAL[kind]:
            assert kind.read(without).write() == without
        elif (kind, name) == (Waiver, "item"):
            assert malformed(kind, without) == ""
        else:
            assert malformed(kind, without) == name


@EACH
def test_a_null_is_no_absence(kind: type[Predicate]) -> None:
    for name in WRITTEN[kind]:
        assert malformed(kind, WRITTEN[kind] | {name: None}).split(".")[0] == name


@EACH
def test_an_unknown_member_is_refused(kind: type[Predicate]) -> None:
    # It may be a later version's limit: "only for ...".
    assert malformed(kind, WRITTEN[kind] | {"onlyFor": "x"}) == ""
    assert malformed(kind, WRITTEN[kind] | {"issued_at": FROM}) == ""


def places(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Name every place of a JSON value."""
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)  # type: ignore[assignment]  # pairs all the same
    else:
        return [path]
    below = [place for key, part in inner for place in places(part, (*path, key))]
    return [path, *below]


def replaced(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = replaced(value[path[0]], path[1:], new)
    return value


LISTS = {("hosts",), ("compensatingControls",), ("saw", "open"), ("evidence",)}
"""Those that may be empty."""


def free(kind: type[Predicate], path: tuple[object, ...]) -> bool:
    """Whether a place is in an object whose members are the signer's own."""
    return path[:1] == ("claims",) or (path[:1] == ("target",) and kind is not Run)


def fits(kind: type[Predicate], path: tuple[object, ...], value: object) -> bool:
    """Whether a value, by exception, may stand at a place."""
    if value == {}:
        # An empty target or claims; a target's members may be digest sets.
        most = 2 if path[:1] == ("target",) else 1
        return free(kind, path) and len(path) <= most
    if value == []:
        return path in LISTS
    return value == -1 and path[:1] == ("claims",) and len(path) > 1


@EACH
@pytest.mark.parametrize("value", [1.5, [None], {"a": None}, "", "\x00", [], {}, -1])
def test_no_part_takes_a_value_of_another_type(
    kind: type[Predicate], value: object
) -> None:
    for path in places(WRITTEN[kind]):
        changed = replaced(WRITTEN[kind], path, value)
        if fits(kind, path, value):
            assert kind.read(changed).write() == changed
        else:
            malformed(kind, changed)


@EACH
def test_objects_within_are_closed_too(kind: type[Predicate]) -> None:
    for path in places(WRITTEN[kind]):
        part: Any = WRITTEN[kind]
        for key in path:
            part = part[key]
        if isinstance(part, dict) and not free(kind, path):
            wider = replaced(WRITTEN[kind], path, part | {"more": "x"})
            assert malformed(kind, wider) == ".".join(
                str(key) for key in path if not isinstance(key, int)
            )


@pytest.mark.parametrize("kind", [ItemAttestation, Waiver, Snapshot])
def test_nothing_is_valid_for_longer_than_400_days(kind: type[Predicate]) -> None:
    for until, good in (
        ("2027-11-14T09:00:00Z", True),
        ("2027-11-14T09:00:01Z", False),
        ("2026-10-10T09:00:01Z", True),
        ("2026-10-10T09:00:00Z", False),
        ("2026-10-09T09:00:00Z", False),
        ("2026-10-10T11:00:00+02:00", False),
    ):
        value = WRITTEN[kind] | {"validUntil": until}
        if good:
            kind.read(value)
        else:
            assert malformed(kind, value) == "validUntil"
