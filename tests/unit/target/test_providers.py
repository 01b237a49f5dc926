"""``[target.NAME.providers.PROVIDER]``: tables under names of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.demo.standins.providers import NAMES
from pytest_readiness.errors import ConfigError
from pytest_readiness.target.blocks.providers import PROVIDERS
from pytest_readiness.target.secret import MASK

if TYPE_CHECKING:
    from pytest_readiness.target.secret import Redactor
    from tests.unit.target.conftest import Load

TRADIER = """
[target.production.providers.tradier]
url = "https://api.tradier.com"
key = "${env:TRADIER_KEY}"
"""
POLYGON = """
[target.production.providers.polygon]
url = "https://api.prices.example"
key = "k3y-of-polygon"
"""


def test_the_known_ones_are_those_of_the_checklist() -> None:
    assert set(PROVIDERS) == set(NAMES)


def test_a_known_provider_needs_url_and_key(
    load_text: Load, redactor: Redactor
) -> None:
    target = load_text(TRADIER, {"TRADIER_KEY": "tr4dier-canary"}).select()
    tradier = target.providers["tradier"]
    assert (tradier.route, tradier.expects) == ("/v1/user/profile", "profile")
    assert tradier.sandboxes == ("sandbox.tradier.com",)
    assert tradier.key.name == "env:TRADIER_KEY"
    assert redactor("is tr4dier-canary") == f"is {MASK}"


def test_what_the_file_says_goes_before_what_is_known(load_text: Load) -> None:
    more = 'read = "/v1/markets/clock"\nsandboxes = []\n'
    tradier = load_text(TRADIER + more).select().providers["tradier"]
    assert (tradier.route, tradier.sandboxes) == ("/v1/markets/clock", ())


def test_another_place_for_the_key_replaces_the_known_one(load_text: Load) -> None:
    text = TRADIER.replace("tradier", "yahoo-finance") + 'query = "apikey"\n'
    yahoo = load_text(text).select().providers["yahoo-finance"]
    assert (yahoo.header, yahoo.query) == (None, "apikey")


def test_any_other_provider_is_a_few_lines(load_text: Load) -> None:
    text = POLYGON + 'read = "/v3/reference/tickers/AAPL"\nquery = "apiKey"\n'
    polygon = load_text(text).select().providers["polygon"]
    assert polygon.route == "/v3/reference/tickers/AAPL"
    assert polygon.query == "apiKey"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (POLYGON, "[target.production.providers.polygon]: misses read"),
        (POLYGON + 'read = "v3"', "providers.polygon] read: is no route"),
        (POLYGON + 'read = "/v3#x"', "providers.polygon] read: is no route"),
        (POLYGON + 'raed = "/v3"', "providers.polygon] raed: unknown key; did you"),
        (
            POLYGON + 'read = "/"\nquery = "k"\nheader = "X-Key"',
            "providers.polygon]: sets query and a header",
        ),
        (
            TRADIER.replace("https", "http"),
            "providers.tradier] url: would have the key go over plain HTTP",
        ),
        (
            TRADIER.replace('key = "${env:TRADIER_KEY}"', ""),
            "[target.production.providers.tradier]: misses `key`",
        ),
        (
            TRADIER.replace("providers.tradier", 'providers."Trade IT"'),
            "is no name that an item's id can end with",
        ),
        ("[target.production]\nproviders = 1", "expected a table"),
        ("[target.production.providers]\ntradier = 1", "expected a table"),
    ],
)
def test_mistakes_name_the_providers_table(
    text: str, message: str, load_text: Load
) -> None:
    with pytest.raises(ConfigError) as raised:
        load_text(text)
    assert message in str(raised.value)
    assert "k3y-of-polygon" not in str(raised.value)


def test_plain_http_on_loopback_stays_private(load_text: Load) -> None:
    text = TRADIER.replace("https://api.tradier.com", "http://127.0.0.1:8080")
    assert load_text(text).select().providers["tradier"].url.endswith(":8080")


def test_an_unset_reference_leaves_out_its_own_provider_only(load_text: Load) -> None:
    text = TRADIER.replace("https://api.tradier.com", "${env:TRADIER_URL}")
    text += POLYGON + 'read = "/v3"\n'
    target = load_text(text).select()
    assert set(target.providers) == {"polygon"}
    (table,) = target.unresolved
    assert table == "providers.tradier"
    assert "[target.production.providers.tradier] url" in target.unresolved[table]
    assert target.resource("providers.tradier") is None
    assert target.resource("providers.polygon") is target.providers["polygon"]


def test_two_unset_ones_are_both_told(load_text: Load) -> None:
    text = TRADIER.replace("https://api.tradier.com", "${env:TRADIER_URL}")
    text += POLYGON.replace("https://api.prices.example", "${env:POLYGON_URL}")
    target = load_text(f'{text}read = "/"\n').select()
    assert set(target.unresolved) == {"providers.tradier", "providers.polygon"}
    assert target.providers == {}


def test_the_digest_tells_providers_apart_and_holds_no_key(load_text: Load) -> None:
    one = load_text(TRADIER, {"TRADIER_KEY": "first-canary"})
    rotated = load_text(TRADIER, {"TRADIER_KEY": "second-canary"})
    moved = load_text(TRADIER.replace("api.", "sandbox."), {"TRADIER_KEY": "third"})
    first = one.digest(one.select())
    assert rotated.digest(rotated.select()) == first
    assert moved.digest(moved.select()) != first


def test_a_secret_url_is_hidden_where_it_stands(load_text: Load) -> None:
    text = TRADIER.replace("https://api.tradier.com", "${secret:env:URL}")
    target = load_text(text, {"URL": "https://h1dden.example"}).select()
    assert target.hidden == {("providers", "tradier", "url"): "env:URL"}
