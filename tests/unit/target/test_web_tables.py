from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_readiness.errors import ConfigError

if TYPE_CHECKING:
    from tests.unit.target.conftest import Load

SERVICE = """
[target.production.service]
url = "https://engine.example"
[target.production.service.identities.trader]
token = "t0ken-t0ken"
"""


def test_what_the_service_must_be_like(load_text: Load) -> None:
    text = f"""{SERVICE}
    [target.production.service.authentication]
    routes = ["/orders"]
    identity = "trader"
    scheme = "key"
    [target.production.service.authorization.matrix]
    "GET /orders" = {{ anonymous = 401, trader = 200 }}
    """
    service = load_text(text).select("production").service
    assert service is not None
    assert service.authentication is not None
    assert service.authentication.refusals == (401, 403)
    assert service.authorization is not None
    assert service.authorization.matrix["GET /orders"]["trader"] == 200


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            'authentication = {routes = ["/a"], identity = "tradr", scheme = "key"}',
            "did you mean `trader`?",
        ),
        (
            'authorization = {matrix = {"GET /a" = {nobody = 200}}}',
            "known are",
        ),
        ('pages = {routes = ["a"]}', "begin it with"),
        ('authorization = {matrix = {"FETCH /a" = {trader = 200}}}', "GET /orders"),
        ("authorization = {matrix = {}}", "matrix"),
        ("identities.anonymous = {token = 'abcdefgh'}", "it has no credential"),
        ("identities.x = {}", "either token, or username and password"),
        ("identities.x = {username = 'x'}", "give the password of username"),
        (
            "identities.x = {token = 'abcdefgh', login = {}}",
            "give username and password",
        ),
    ],
)
def test_mistakes_are_named(load_text: Load, more: str, says: str) -> None:
    lines = SERVICE.strip().splitlines()
    text = "\n".join([*lines[:2], f"{more}", *lines[2:]])
    with pytest.raises(ConfigError) as raised:
        load_text(text).select("production")
    assert says in str(raised.value)


def test_credentials_do_not_go_over_plain_http(load_text: Load) -> None:
    text = SERVICE.replace("https:", "http:")
    with pytest.raises(ConfigError, match="use an https URL"):
        load_text(text).select("production")
