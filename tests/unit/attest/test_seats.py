"""Who may fill a place: the item's roles, and one beside them."""

from __future__ import annotations

from pytest_readiness.attest.seats import Place
from pytest_readiness.catalogue.item import ANOTHER_ROLE, ROLES


def test_each_role_has_its_place_and_another_one_takes_none_of_theirs() -> None:
    owner, other = Place.all_of(("business-owner", ANOTHER_ROLE))
    assert owner == Place.of("business-owner")
    assert other.label == "a person of another role"
    assert other.roles == frozenset(ROLES) - {"business-owner"}
    assert other.fits({"dba": None})
    assert not other.fits({"business-owner": None})
    assert not other.fits({"runner": None})
