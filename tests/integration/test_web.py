"""Debian's nginx in front of the demo's engine: what a gateway makes of a service."""

from __future__ import annotations

import contextlib
import datetime as dt
import html
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.demo import Demo
from pytest_readiness.demo.engine.access import issue
from pytest_readiness.demo.standins import hostile
from pytest_readiness.probes.look import Doors, Look
from pytest_readiness.probes.web.authentication import Authentication
from pytest_readiness.probes.web.authorization import Authorization, AuthorizedWrites
from pytest_readiness.probes.web.pages import Pages, shown_as_markup
from pytest_readiness.probes.web.transport import CLOSED, REDIRECTS, Transport
from pytest_readiness.target.blocks import ServiceBlock
from pytest_readiness.target.blocks.security import (
    AuthenticationTable,
    AuthorizationTable,
    IdentityTable,
    LoginTable,
    PagesTable,
    TransportTable,
)
from pytest_readiness.target.secret import Secret
from tests.integration.conftest import find, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_readiness.probes.look import Facts

CONF = """
daemon off;
pid {folder}/pid;
events {{ worker_connections 64; }}
http {{
    log_format asked "$request_method $request_uri|$http_authorization|$status";
    access_log {folder}/access asked;
    error_log {folder}/error;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {http}
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {chain};
        ssl_certificate_key {key};
        ssl_protocols {protocols};
        ssl_ciphers ALL:@SECLEVEL=0;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        {server}
        location / {{ proxy_pass https://127.0.0.1:{engine}; {location} }}
        {more}
    }}
    server {{ listen 127.0.0.1:{plain}; {redirect} }}
}}
"""
TO_HTTPS = "return 301 https://$host:{port}$request_uri;"


@dataclass(frozen=True)
class Gateway:
    """A running nginx, and what the target says of the service behind it."""

    demo: Demo
    port: int
    plain: int
    folder: Path

    def block(self, **tables: object) -> ServiceBlock:
        passwords = self.demo.bench.passwords
        return ServiceBlock(
            url=f"https://127.0.0.1:{self.port}",
            ca_file=self.demo.bench.ca_file,
            identities={
                name: IdentityTable(
                    username=name,
                    password=Secret(passwords[name], f"env:{name}"),
                    login=LoginTable(),
                )
                for name in ("trader", "risk", "admin")
            },
            **tables,
        )

    @property
    def asked(self) -> list[str]:
        return (self.folder / "access").read_text().splitlines()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with Demo.start(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def gateway(demo: Demo, tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Give what starts nginx with more of its own words."""
    with contextlib.ExitStack() as stack:

        def start(**words: str) -> Gateway:
            port, plain = free_port(), free_port()
            stored = demo.bench.authority.issue().store(tmp_path, "gateway")
            settings: dict[str, Any] = {
                "protocols": "TLSv1.2 TLSv1.3",
                **dict.fromkeys(("http", "server", "location", "more"), ""),
                "redirect": TO_HTTPS.format(port=port),
                **words,
            }
            conf = tmp_path / "nginx.conf"
            conf.write_text(
                CONF.format(
                    folder=tmp_path,
                    port=port,
                    plain=plain,
                    chain=stored.chain,
                    key=stored.key,
                    engine=demo.bench.engine.port,
                    **settings,
                )
            )
            command = [find("nginx", "/usr/sbin"), "-e", tmp_path / "log", "-c", conf]
            stack.enter_context(running(command, tmp_path / "out", port, plain))
            return Gateway(demo, port, plain, tmp_path)

        yield start


def see(probe: type[Facts], block: ServiceBlock, timeout: float = 20.0) -> Any:
    began = time.monotonic()
    look = Look(probe.source(block), timeout, environment="demo", doors=Doors())
    facts = probe.gather(block, look)
    assert time.monotonic() - began < timeout + 1
    for identity in block.identities.values():
        assert identity.password is not None
        assert identity.password.reveal() not in repr(facts)
    return facts


# ----------------------------------------------------------------------- authentication


def authentication(demo: Demo, **changes: Any) -> AuthenticationTable:
    key = demo.bench.tokens.private.read_text()
    expired = issue(key, "trader", "trader", -60)
    foreign = issue(key, "trader", "trader", audience="crm")
    settings: dict[str, Any] = {
        "routes": ("/orders",),
        "identity": "trader",
        "scheme": "jwt",
        "expired": Secret(expired, "env:EXPIRED"),
        "other_audience": Secret(foreign, "env:FOREIGN"),
        "public_key": demo.bench.tokens.public,
        **changes,
    }
    return AuthenticationTable(**{k: v for k, v in settings.items() if v is not None})


def statuses(facts: Authentication) -> dict[str, object]:
    (route,) = facts.routes.value
    found = {one.what: one.status.value for one in route.tried}
    return {**found, "accepted": route.accepted.value}


def test_strangers_are_refused_whatever_they_bring(
    gateway: Callable[..., Gateway],
) -> None:
    nginx = gateway()
    table = authentication(nginx.demo)
    facts = see(Authentication, nginx.block(authentication=table))
    assert statuses(facts) == {
        "without a credential": 401,
        "with a wrong credential": 401,
        "with an expired credential": 401,
        "with alg none": 401,
        "with alg nOnE": 401,
        "with a changed content": 401,
        "signed with another key": 401,
        "with the public key as secret": 401,
        "with another audience's token": 401,
        "accepted": 200,
    }
    assert [line.split("|")[0] for line in nginx.asked].count("POST /login") == 1
    # One wrong credential a route: what is no JWT at all.
    tokens = [line.split("|")[1].removeprefix("Bearer ") for line in nginx.asked]
    assert len([t for t in tokens if t not in {"", "-"} and "." not in t]) == 1


def test_an_open_route_and_a_broken_one_are_seen(
    gateway: Callable[..., Gateway],
) -> None:
    table = authentication
    nginx = gateway(more="location = /open { return 200 'orders'; } ")
    block = nginx.block(authentication=table(nginx.demo, routes=("/open",)))
    found = statuses(see(Authentication, block))
    assert set(found.values()) == {200}


@pytest.mark.parametrize(
    ("changes", "what", "key"),
    [
        ({"expired": None}, "with an expired credential", "expired"),
        ({"public_key": None}, "with the public key as secret", "public_key"),
        ({"other_audience": None}, "with another audience's token", "other_audience"),
    ],
)
def test_what_the_target_does_not_give_is_not_called_refused(
    gateway: Callable[..., Gateway], changes: dict[str, object], what: str, key: str
) -> None:
    nginx = gateway()
    table = authentication(nginx.demo, **changes)
    reason = statuses(see(Authentication, nginx.block(authentication=table)))[what]
    assert isinstance(reason, Unavailable)
    assert reason.cause is Cause.UNCONFIGURED
    assert key in reason.remedy


def test_a_rejected_log_in_is_not_sent_again(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway()
    block = nginx.block(authentication=authentication(nginx.demo))
    wrong = block.identities["trader"].model_copy(
        update={"password": Secret("wrong-password", "env:WRONG")}
    )
    block = block.model_copy(update={"identities": {"trader": wrong}})
    doors = Doors()
    for _ in range(2):
        look = Look("x", 10.0, environment="demo", doors=doors)
        reason = Authentication.gather(block, look).reason
        assert reason.cause is Cause.LOCAL
        assert "answered 401 to the log-in of trader" in reason.reason
    # nginx writes its log after the answer.
    over = time.monotonic() + 5
    while not nginx.asked and time.monotonic() < over:
        time.sleep(0.02)
    assert len([line for line in nginx.asked if "POST /login" in line]) == 1


def test_basic_authentication_and_keys(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway(
        more="""
        location = /key {
            if ($http_x_api_key != "the-right-key") { return 403; }
            return 200 'fine';
        }
        location = /basic {
            if ($http_authorization != "Basic Ym90OnRoZS1yaWdodC1rZXk=") { return 401; }
            return 200 'fine';
        }
        """
    )
    key = Secret("the-right-key", "env:KEY")
    who = {
        "key": IdentityTable(token=key, header="X-API-Key"),
        "basic": IdentityTable(username="bot", password=key),
    }
    for scheme, refusal in (("key", 403), ("basic", 401)):
        table = AuthenticationTable(
            routes=(f"/{scheme}",), identity=scheme, scheme=scheme
        )
        block = nginx.block().model_copy(
            update={"identities": who, "authentication": table}
        )
        look = Look("x", 10.0, environment="demo")
        assert statuses(Authentication.gather(block, look)) == {
            "without a credential": refusal,
            "with a wrong credential": refusal,
            "accepted": 200,
        }


def test_an_opaque_token_is_no_jwt(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway()
    table = authentication(nginx.demo)
    opaque = IdentityTable(token=Secret("opaque-token", "env:TOKEN"))
    block = nginx.block(authentication=table).model_copy(
        update={"identities": {"trader": opaque}}
    )
    look = Look("x", 10.0, environment="demo")
    assert "is no JWT" in Authentication.gather(block, look).reason.reason


def test_a_public_key_that_is_not_there(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway()
    table = authentication(nginx.demo, public_key=nginx.folder / "none.pem")
    reason = see(Authentication, nginx.block(authentication=table)).reason
    assert reason.reason == "public_key cannot be read (FileNotFoundError)"


# ------------------------------------------------------------------------ authorization


def test_the_matrix_is_asked_cell_by_cell(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway()
    matrix = {
        "GET /orders": {"anonymous": 401, "trader": 200, "admin": 403},
        "HEAD /version": {"anonymous": 200},
        "POST /orders": {"anonymous": 401, "trader": 400, "risk": 403},
    }
    block = nginx.block(authorization=AuthorizationTable(matrix=matrix))
    facts = see(Authorization, block)
    assert all(cell.status.value == cell.expected for cell in facts.cells.value)
    assert len(facts.cells.value) == 4
    assert (facts.declared.value, facts.identities.value, facts.writes.value) == (
        *(7, 3),
        3,
    )
    assert not any("POST /orders" in line for line in nginx.asked)

    writes = see(AuthorizedWrites, block)
    assert [cell.status.value for cell in writes.cells.value] == [401, 400, 403]
    assert AuthorizedWrites.grant == "write"


@pytest.mark.parametrize(
    ("operation", "expected", "observed"),
    [("GET /orders", 403, 200), ("GET /nowhere", 200, 404)],
)
def test_a_cell_that_is_otherwise_shows(
    gateway: Callable[..., Gateway], operation: str, expected: int, observed: int
) -> None:
    table = AuthorizationTable(matrix={operation: {"trader": expected}})
    (cell,) = see(Authorization, gateway().block(authorization=table)).cells.value
    assert (cell.status.value, cell.expected) == (observed, expected)


# -------------------------------------------------------------------------------- pages


def test_headers_and_reflection(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway()
    table = PagesTable(
        routes=("/contracts", "/version"), reflecting=("/contracts?q={marker}",)
    )
    facts = see(Pages, nginx.block(pages=table))
    page, version = facts.routes.value
    assert (page.html.value, version.html.value) == (True, False)
    assert (page.nosniff.value, version.nosniff.value) == (True, True)
    assert (page.weaknesses.value, page.framed.value) == ((), True)
    assert version.content_type.value == "application/json"
    (one,) = facts.reflecting.value
    assert one.encoded.value is True


def test_a_gateway_that_drops_the_headers(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway(
        location="proxy_hide_header Content-Security-Policy;"
        " proxy_hide_header X-Content-Type-Options;"
    )
    (page,) = see(
        Pages, nginx.block(pages=PagesTable(routes=("/contracts",)))
    ).routes.value
    assert page.nosniff.value is False
    assert page.weaknesses.value == ("no policy",)
    assert page.framed.value is False


@pytest.mark.parametrize(
    "body",
    [
        "<p>{}</p>",
        '<input value="{}">',
        "<!-- {} -->",
        "<script>let q = '{}';</script>",
        "<title>a</title><p title='{}'>",
    ],
)
def test_raw_reflections_are_told_by_where_they_stand(body: str) -> None:
    word = "rdy01234567"
    sent = f"{word}'\"><{word}>"
    assert shown_as_markup(body.format(sent), word)
    assert not shown_as_markup(body.format(html.escape(sent)), word)


def test_pages_that_cannot_be_judged(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway(
        more="location = /moved { return 302 /contracts; }"
        " location = /broken { return 503; }"
    )
    table = PagesTable(
        routes=("/moved", "/broken"),
        reflecting=("/contracts", "/version?q={marker}"),
        identity="trader",
    )
    facts = see(Pages, nginx.block(pages=table))
    moved, broken = facts.routes.value
    assert moved.nosniff.value.reason == "it answered 302"
    assert broken.html.value.reason == "it answered 503"
    assert [one.encoded.value.reason for one in facts.reflecting.value] == [
        "the route has no {marker}",
        "the marker does not come back",
    ]


def test_what_is_no_page_is_not_sniffed(gateway: Callable[..., Gateway]) -> None:
    nginx = gateway()
    table = PagesTable(routes=("/version",), reflecting=("/quotes/{marker}",))
    (one,) = see(Pages, nginx.block(pages=table)).reflecting.value
    assert one.encoded.value is True


# ---------------------------------------------------------------------------- transport


def transport(nginx: Gateway, **changes: Any) -> Transport:
    plain = f"http://127.0.0.1:{nginx.plain}"
    table = TransportTable(**{"plain": plain, **changes})
    return see(Transport, nginx.block(transport=table))


def test_a_careful_gateway(gateway: Callable[..., Gateway]) -> None:
    facts = transport(gateway())
    assert facts.plain.value == REDIRECTS
    assert facts.hsts.value == dt.timedelta(days=365)
    assert {one.name: one.accepted.value for one in facts.old_versions.value} == {
        "TLS 1.0": False,
        "TLS 1.1": False,
    }


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1.1"])
def test_an_old_version_that_is_accepted(
    gateway: Callable[..., Gateway], version: str
) -> None:
    facts = transport(gateway(protocols=f"{version} TLSv1.2 TLSv1.3"))
    accepted = {one.name: one.accepted.value for one in facts.old_versions.value}
    names = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1"}
    assert [name for name, yes in accepted.items() if yes] == [names[version]]


@pytest.mark.parametrize(
    ("redirect", "observed"),
    [
        ("return 200 'hi';", "status 200"),
        ("return 301 http://$host/;", "status 301, not to HTTPS"),
        ("return 302 https://other.example/;", "status 302, to another host"),
        ("return 404;", "status 404"),
        ("return 308 https://$host:8443$request_uri;", REDIRECTS),
    ],
)
def test_what_plain_http_comes_to(
    gateway: Callable[..., Gateway], redirect: str, observed: str
) -> None:
    assert transport(gateway(redirect=redirect)).plain.value == observed


def test_a_closed_port_is_better_than_a_redirect(
    gateway: Callable[..., Gateway],
) -> None:
    with hostile.refuses() as port:
        plain = f"http://127.0.0.1:{port}"
        assert transport(gateway(), plain=plain).plain.value == CLOSED


@pytest.mark.parametrize(
    ("header", "days"),
    [("max-age=86400", 1), ("includeSubDomains", 0), ("MAX-AGE='31536000'", 0)],
)
def test_hsts_is_read_as_browsers_read_it(
    gateway: Callable[..., Gateway], header: str, days: int
) -> None:
    nginx = gateway(
        location="proxy_hide_header Strict-Transport-Security;"
        f' add_header Strict-Transport-Security "{header}" always;'
    )
    assert transport(nginx, route="/version").hsts.value == dt.timedelta(days=days)


def test_what_the_target_says_of_other_sessions(
    gateway: Callable[..., Gateway],
) -> None:
    nginx = gateway()
    look = Look("x", 1.0)
    near, far = look.seen(False), look.seen(True)  # noqa: FBT003
    usual = transport(nginx)
    assert not usual.demands_encryption(near)
    assert usual.demands_encryption(far)
    assert transport(nginx, exempt_loopback=False).demands_encryption(near)
    assert not transport(nginx, mesh="istio").demands_encryption(far)


def test_what_this_openssl_cannot_offer_is_unknown(
    gateway: Callable[..., Gateway], monkeypatch: pytest.MonkeyPatch
) -> None:
    import ssl  # noqa: PLC0415

    from pytest_readiness.probes.web import transport as module  # noqa: PLC0415

    def bare(version: ssl.TLSVersion) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # As OpenSSL 3 is by default: no cipher of TLS 1.0 is left.
        context.set_ciphers("DEFAULT:@SECLEVEL=2")
        context.minimum_version = context.maximum_version = version
        return context

    monkeypatch.setattr(module, "_offering", bare)
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        facts = transport(gateway(protocols="TLSv1 TLSv1.1 TLSv1.2"))
    for one in facts.old_versions.value:
        assert isinstance(one.accepted.value, Unavailable)
        assert one.accepted.value.cause is Cause.LOCAL


# ------------------------------------------------------------------------- nobody there


@pytest.mark.parametrize(
    "probe", [Authentication, Authorization, AuthorizedWrites, Pages, Transport]
)
def test_a_service_that_is_not_there_or_not_described(
    demo: Demo, probe: type[Facts], tmp_path: Path
) -> None:
    bare = Gateway(demo, 1, 1, tmp_path).block()
    assert see(probe, bare).reason.cause is Cause.UNCONFIGURED
    assert probe.looks(bare) == ()

    with hostile.hangs() as silent:
        port = getattr(silent, "port", silent)
        gone = Gateway(demo, port, port, tmp_path)
        block = gone.block(
            authentication=authentication(demo),
            authorization=AuthorizationTable(
                matrix={"GET /orders": {"trader": 200}, "PUT /a": {"trader": 404}}
            ),
            pages=PagesTable(routes=("/",), identity="trader"),
            transport=TransportTable(),
        )
        facts = see(
            probe, block.model_copy(update={"timeout": dt.timedelta(seconds=1)}), 1.0
        )
    shown = repr(facts)
    assert "no answer within" in shown
    assert "value=True" not in shown.replace("exempts_loopback", "").split("for_")[0]
