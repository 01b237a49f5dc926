from __future__ import annotations

import datetime as dt
import ssl
import time
import warnings
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pytest_readiness.catalogue.observation import Cause, Unavailable
from pytest_readiness.demo.pki import BAD, Authority, Issued, days, pem
from pytest_readiness.demo.standins import hostile
from pytest_readiness.demo.standins.listener import Listener
from pytest_readiness.demo.standins.postgres import postgres as old_postgres
from pytest_readiness.probes.look import Look
from pytest_readiness.probes.tls import EndpointFacts, Tls
from pytest_readiness.target.blocks import TlsBlock, TlsEndpoint

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Nginx, Pki, PostgresServer, RedisServer

    See = Callable[..., EndpointFacts]

LIMIT = 0.6
HEALTHY = {"chain": True, "host": True, "intermediates": True, "weak": ()}


def gather(
    *endpoints: TlsEndpoint,
    ca_file: Path | None,
    timeout: float = 5.0,
    retries: int = 0,
) -> Tls:
    block = TlsBlock(endpoints=endpoints, ca_file=ca_file, retries=retries)
    began = time.monotonic()
    facts = Tls.gather(block, Look(Tls.source(block), timeout))
    assert time.monotonic() - began < timeout * (1 + retries) + 0.4
    return facts


@pytest.fixture
def see(pki: Pki) -> See:
    """Give a look at one endpoint of this host."""

    def look(
        port: int, host: str = "localhost", ca_file: Path | None = None, **more: object
    ) -> EndpointFacts:
        limits = {name: more.pop(name) for name in {"timeout", "retries"} & more.keys()}
        endpoint = TlsEndpoint(host=host, port=port, **more)
        seen = gather(endpoint, ca_file=ca_file or pki.ca_file, **limits)
        (facts,) = seen.endpoints.value
        return facts

    return look


def shown(facts: EndpointFacts) -> dict[str, object]:
    return {
        "chain": facts.chain_trusted.value,
        "host": facts.host_matches.value,
        "intermediates": facts.intermediates_sent.value,
        "weak": facts.weak_signatures.value,
    }


def why(facts: EndpointFacts) -> Unavailable:
    """Give the reason why nothing was seen: the same for every fact."""
    reason = facts.chain_trusted.value
    assert isinstance(reason, Unavailable)
    assert set(shown(facts).values()) == {reason}
    assert facts.certificates.value == reason
    return reason


def expired(facts: EndpointFacts) -> list[str]:
    certificates = facts.certificates.value
    return [one.name for one in certificates if one.time_left.value < dt.timedelta(0)]


def smallest_key(facts: EndpointFacts) -> int:
    return min(one.key_bits.value for one in facts.certificates.value)


def read_one_byte(connection: socket.socket) -> None:
    connection.recv(1)


def serving(issued: Issued, folder: Path, **settings: object) -> Listener:
    context = issued.server_context(folder, "own")
    for name, value in settings.items():
        setattr(context, name, value)
    return Listener(read_one_byte, context)


# ------------------------------------------------------------------------- good targets


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_private_authority_is_a_good_target(
    host: str, nginx: Nginx, see: See
) -> None:
    facts = see(nginx.ports["good"], host)
    assert shown(facts) == HEALTHY
    names = [one.name for one in facts.certificates.value]
    assert names == [
        "localhost (server)",
        "Test Issuing CA (intermediate)",
        "Test Root CA (root)",
    ]
    leaf = facts.certificates.value[0]
    assert leaf.lifetime.value == days(398)
    assert days(199) < leaf.time_left.value <= days(200)
    assert (leaf.key_family, leaf.key_bits.value) == ("ec", 256)
    assert leaf.key_bits.detail == "secp256r1"


@pytest.mark.parametrize(("lifetime", "left"), [(6, 4), (45, 20), (398, 200)])
def test_every_usual_lifetime_is_a_good_target(
    lifetime: int, left: int, pki: Pki, tmp_path: Path, see: See
) -> None:
    issued = pki.authority.issue(lifetime=days(lifetime), left=days(left))
    with serving(issued, tmp_path) as server:
        facts = see(server.port)
    assert shown(facts) == HEALTHY
    assert facts.certificates.value[0].lifetime.value == days(lifetime)


def test_another_name_than_the_hosts_may_be_asked_for(nginx: Nginx, see: See) -> None:
    port = nginx.ports["wrong-host"]
    assert see(port, "127.0.0.1", server_name="trading.example").host_matches.value


def test_wildcards_match_one_label(pki: Pki, tmp_path: Path, see: See) -> None:
    with serving(pki.authority.issue(hosts=("*.example.net",)), tmp_path) as server:
        near = see(server.port, server_name="app.example.net")
        far = see(server.port, server_name="a.app.example.net")
    assert near.host_matches.value is True
    assert far.host_matches.value is False


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_2", "TLSv1_3"])
def test_certificates_are_seen_over_every_version_of_tls(
    version: str, pki: Pki, tmp_path: Path, see: See
) -> None:
    context = pki.authority.issue().server_context(tmp_path, "own")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of TLS 1.0
        chosen = getattr(ssl.TLSVersion, version)
        context.minimum_version = context.maximum_version = chosen
    with Listener(read_one_byte, context) as server:
        assert shown(see(server.port)) == HEALTHY


@pytest.mark.parametrize("kind", ["nginx", "redis"])
def test_servers_that_want_a_client_certificate_are_seen(
    kind: str, nginx: Nginx, redis_mutual: RedisServer, see: See
) -> None:
    port = nginx.ports["mutual"] if kind == "nginx" else redis_mutual.port
    assert shown(see(port)) == HEALTHY


def test_postgresql_is_asked_for_tls_first(
    postgres_server: PostgresServer, see: See
) -> None:
    facts = see(postgres_server.port, starttls="postgres")
    assert shown(facts) == HEALTHY


def test_the_root_may_be_sent_too(pki: Pki, tmp_path: Path, see: See) -> None:
    whole = pki.authority.issue()
    sent = Issued((*whole.chain, pki.authority.root), whole.key)
    with serving(sent, tmp_path) as server:
        assert shown(see(server.port)) == HEALTHY


def test_certificates_beside_the_path_do_not_count(
    pki: Pki, tmp_path: Path, see: See
) -> None:
    whole, stray = pki.authority.issue(), BAD["sha1"](Authority.create("Stray"))
    with serving(
        Issued((*whole.chain, stray.certificate), whole.key), tmp_path
    ) as server:
        facts = see(server.port)
    assert shown(facts) == HEALTHY
    assert len(facts.certificates.value) == 3


# -------------------------------------------------------------------------- bad targets


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize(
    ("kind", "wrong", "detail"),
    [
        ("expired", {}, ""),
        ("expiring", {}, ""),
        ("wrong-host", {"host": False}, "mismatch"),
        ("self-signed", {"chain": False}, "self-signed certificate"),
        ("unknown-authority", {"chain": False}, "unable to get local issuer"),
        (
            "missing-intermediate",
            {"chain": False, "intermediates": False},
            "not sent: Test Issuing CA",
        ),
        ("rsa-1024", {}, ""),
        ("sha1", {"weak": ("localhost (sha1)",)}, ""),
    ],
)
def test_each_fault_turns_its_own_fact_and_no_other(
    kind: str, wrong: dict[str, object], detail: str, host: str, nginx: Nginx, see: See
) -> None:
    facts = see(nginx.ports[kind], host)
    assert shown(facts) == {**HEALTHY, **wrong}
    said = facts.chain_trusted.detail, facts.host_matches.detail
    assert detail in " ".join((*said, facts.intermediates_sent.detail))
    assert expired(facts) == (["localhost (server)"] if kind == "expired" else [])
    assert smallest_key(facts) == (1024 if kind == "rsa-1024" else 256) or (
        kind == "rsa-1024"
    )
    leaf = facts.certificates.value[0]
    assert (leaf.key_family == "rsa") is (kind == "rsa-1024")
    assert (leaf.time_left.value < days(30)) is (kind in {"expired", "expiring"})


def test_two_faults_at_once_are_two_facts(pki: Pki, tmp_path: Path, see: See) -> None:
    issued = pki.authority.issue(hosts=("trading.example",), left=days(-2))
    with serving(issued, tmp_path) as server:
        facts = see(server.port)
    assert shown(facts) == {**HEALTHY, "host": False}
    assert expired(facts) == ["trading.example (server)"]


def test_an_expired_intermediate_is_named(tmp_path: Path, see: See) -> None:
    then = dt.datetime.now(dt.UTC) - days(3651)
    old = Authority.create("Old", then)
    ca_file = tmp_path / "old.pem"
    ca_file.write_bytes(pem(old.root))
    issued = old.issue(left=days(3700))
    with serving(issued, tmp_path) as server:
        facts = see(server.port, ca_file=ca_file)
    assert shown(facts) == HEALTHY
    assert expired(facts) == ["Old Issuing CA (intermediate)", "Old Root CA (root)"]


def test_a_certificate_that_is_not_valid_yet_is_not_trusted(
    pki: Pki, tmp_path: Path, see: See
) -> None:
    issued = pki.authority.issue(lifetime=days(398), left=days(400))
    with serving(issued, tmp_path) as server:
        facts = see(server.port)
    assert shown(facts) == {**HEALTHY, "chain": False}
    assert facts.chain_trusted.detail == "certificate is not yet valid"


def test_a_ca_file_with_the_intermediate_does_not_hide_that_it_is_not_sent(
    nginx: Nginx, pki: Pki, tmp_path: Path, see: See
) -> None:
    ca_file = tmp_path / "bundle.pem"
    ca_file.write_bytes(pem(pki.authority.root, pki.authority.intermediate))
    facts = see(nginx.ports["missing-intermediate"], ca_file=ca_file)
    assert shown(facts) == {**HEALTHY, "intermediates": False}


def special(authority: Authority, *extensions: x509.ExtensionType, name: str) -> Issued:
    """Issue a certificate with nothing but these extensions."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.intermediate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(authority.now)
        .not_valid_after(authority.now + days(90))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    return Issued((certificate, authority.intermediate), key)


def test_a_common_name_is_no_host_name(pki: Pki, tmp_path: Path, see: See) -> None:
    with serving(special(pki.authority, name="localhost"), tmp_path) as server:
        facts = see(server.port)
    assert shown(facts) == {**HEALTHY, "host": False}


def test_a_certificate_for_clients_serves_nobody(
    pki: Pki, tmp_path: Path, see: See
) -> None:
    clients = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    with serving(special(pki.authority, clients, name="localhost"), tmp_path) as server:
        facts = see(server.port)
    assert facts.chain_trusted.value is False
    assert isinstance(facts.host_matches.value, Unavailable)
    assert "not for servers" in facts.host_matches.value.reason


def test_another_certificate_at_each_connection_is_said(
    tmp_path: Path, see: See
) -> None:
    contexts = [
        Authority.create("Stray").issue().server_context(tmp_path, f"own{at}")
        for at in range(3)
    ]

    def serve(connection: socket.socket) -> None:
        with contexts.pop().wrap_socket(connection.dup(), server_side=True) as wrapped:
            wrapped.recv(1)

    with Listener(serve) as server:
        facts = see(server.port)
    assert isinstance(facts.host_matches.value, Unavailable)
    assert "another certificate at each connection" in facts.host_matches.value.reason
    assert facts.chain_trusted.value is False


# ---------------------------------------------------------------------- hostile servers

HELLO = bytes.fromhex("160303007a020000760303")
NOT_TLS = "TLS failed: the answer is not TLS"
HOSTILE = {
    "hangs": (hostile.hangs, "no answer within 0.6 s (in the TLS handshake)"),
    "nonsense": (hostile.talks_nonsense, NOT_TLS),
    "web server": (hostile.http, NOT_TLS),
    "endless": (hostile.floods, NOT_TLS),
    "breaks off": (hostile.breaks_off, "TLS failed: the server closed the connection"),
    "dribbles": (
        lambda: hostile.dribbles(HELLO),
        "no answer within 0.6 s (in the TLS handshake)",
    ),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_server_is_named_within_the_limit(kind: str, see: See) -> None:
    make, reason = HOSTILE[kind]
    with make() as server:
        nothing = why(see(server.port, "127.0.0.1", timeout=LIMIT))
    assert (nothing.reason, nothing.cause) == (reason, Cause.NO_ANSWER)


def test_a_refused_port_and_a_black_hole_are_told_apart(see: See) -> None:
    with hostile.refuses() as port:
        nothing = why(see(port, "127.0.0.1", timeout=LIMIT, retries=1))
        assert nothing.reason == "connection refused (2 tries)"
    with hostile.black_holes() as port:
        nothing = why(see(port, "127.0.0.1", timeout=LIMIT))
        assert nothing.reason == "no answer within 0.6 s"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: old_postgres("16.4"), "the PostgreSQL there offers no TLS"),
        (hostile.http, "what answers there is not PostgreSQL"),
        (hostile.hangs, "no answer within 0.6 s (in the TLS handshake)"),
    ],
)
def test_starttls_with_something_else_is_named(
    make: Callable[[], Listener], reason: str, see: See
) -> None:
    with make() as server:
        facts = see(server.port, "127.0.0.1", starttls="postgres", timeout=LIMIT)
    assert why(facts).reason == reason


def test_endpoints_are_looked_at_side_by_side(nginx: Nginx, pki: Pki) -> None:
    with hostile.hangs() as one, hostile.hangs() as other:
        endpoints = (
            TlsEndpoint(host="127.0.0.1", port=one.port),
            TlsEndpoint(host="localhost", port=nginx.ports["good"]),
            TlsEndpoint(host="127.0.0.1", port=other.port, name="other"),
        )
        seen = gather(*endpoints, ca_file=pki.ca_file, timeout=LIMIT).endpoints.value
    assert [facts.name for facts in seen] == [one.name for one in endpoints]
    assert [shown(facts) == HEALTHY for facts in seen] == [False, True, False]


def test_no_endpoint_is_an_empty_list(pki: Pki) -> None:
    assert gather(ca_file=pki.ca_file).endpoints.value == ()


def test_a_missing_ca_file_is_no_fault_of_the_endpoint(
    nginx: Nginx, tmp_path: Path, see: See
) -> None:
    nothing = why(see(nginx.ports["good"], ca_file=tmp_path / "none.pem"))
    assert nothing.cause is Cause.LOCAL
    assert "No such file or directory" in nothing.reason


def test_the_systems_store_is_asked_where_no_ca_file_is_given(nginx: Nginx) -> None:
    endpoint = TlsEndpoint(host="localhost", port=nginx.ports["good"])
    (facts,) = gather(endpoint, ca_file=None).endpoints.value
    assert shown(facts) == {**HEALTHY, "chain": False}
