"""``[target.NAME.network]``: endpoints, and the proxy that leads to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load

NETWORK = "[target.production.network]\n"


def test_endpoints_are_written_as_texts_or_tables(load_text: Load) -> None:
    text = (
        'endpoints = ["https://feed.example", "feed.example:8443",\n'
        '  { name = "clearing", host = "fix.example", port = 9880 }]\n'
    )
    block = load_text(NETWORK + text).select().network
    assert block is not None
    assert [(one.name, one.host, one.port) for one in block.endpoints] == [
        ("feed.example:443", "feed.example", 443),
        ("feed.example:8443", "feed.example", 8443),
        ("clearing", "fix.example", 9880),
    ]
    assert (block.connects, block.interval.total_seconds()) == (20, 0.05)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no table [target.production.network.endpoints]"),
        ('endpoints = ["ftp://feed.example"]', "is no endpoint"),
        ('endpoints = ["a:1", "a:1"]', "endpoints: has two of the same name"),
        ('endpoints = []\nproxy = "https://proxy.example"', "is no proxy of plain"),
        ('endpoints = []\nproxy = "proxy.example:3128"', "is no URL"),
        ('endpoints = []\nproxy_user = "x"', "sets one of proxy_user and proxy_passw"),
        (
            'endpoints = []\nproxy_user = "x"\nproxy_password = "y"',
            "sets proxy_user without proxy",
        ),
        ('endpoints = []\nhost = "x"', "sets one of host and interpreter"),
        (
            'endpoints = []\nhost = "x"\ninterpreter = "/p"\nproxy = "http://p.example"',
            "sets host and proxy",
        ),
        ("endpoints = []\nconnects = 0", "connects: is too small"),
        ('endpoints = []\nconnect_timeout = "0s"', "is no time at all"),
    ],
)
def test_mistakes_are_named(text: str, message: str, load_text: Load) -> None:
    with pytest.raises(ConfigError) as raised:
        load_text(NETWORK + text)
    assert message in str(raised.value)
