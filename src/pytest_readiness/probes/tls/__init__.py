"""TLS endpoints: what their certificates are, each fault a fact of its own.

Rules: path validation RFC 5280 and the names RFC 9525, both as OpenSSL implements them;
key sizes and the end of SHA-1 as NIST SP 800-131A has them. Lifetimes of 6, 45 and 398
days are all healthy, so that what is left is judged against each one's lifetime.
"""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self, TypeAlias

from pytest_readiness.catalogue.observation import Observed, Unavailable
from pytest_readiness.probes.look import Facts, LookError, noted
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.tls.certificates import (
    Certificate,
    KeyFamily,
    missing_issuers,
    weak_signatures,
)
from pytest_readiness.probes.tls.handshakes import (
    MOST_HANDSHAKES,
    Answer,
    Chain,
    Shown,
    Trust,
    examine,
)

if TYPE_CHECKING:
    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import TlsBlock, TlsEndpoint

__all__ = ["Asked", "CertificateFacts", "EndpointFacts", "Tls"]

_Read: TypeAlias = tuple[Certificate, ...] | Unavailable


@dataclass(frozen=True, kw_only=True)
class CertificateFacts:
    """One certificate of an endpoint's path."""

    name: str
    """Its subject's common name, and its place: ``app.example (server)``."""
    time_left: Observed[dt.timedelta]
    """Until it ends; negative once it has."""
    lifetime: Observed[dt.timedelta]
    """From its beginning to its end."""
    key_family: KeyFamily
    """Which limit its key is held against: ``rsa`` (RSA, DSA) or ``ec``."""
    key_bits: Observed[int]
    """Size of its public key; the detail names the kind or curve."""


@dataclass(frozen=True, kw_only=True)
class EndpointFacts:
    """One endpoint; every fact stands for itself."""

    name: str
    """As the target calls it."""
    chain_trusted: Observed[bool]
    """Whether its certificates lead to the trust store; expiry aside."""
    host_matches: Observed[bool]
    """Whether its certificate carries the host's name, whoever signed it."""
    intermediates_sent: Observed[bool]
    """Whether it sends every certificate between its own and the root."""
    weak_signatures: Observed[tuple[str, ...]]
    """Certificates below the root that are signed over SHA-1 or MD5."""
    certificates: Observed[tuple[CertificateFacts, ...]]
    """The path from its own certificate to the root; without a path what it sends."""


@dataclass(frozen=True, kw_only=True)
class Tls(Facts):
    """All endpoints of the target, looked at side by side."""

    block: ClassVar[str] = "tls"

    endpoints: Observed[tuple[EndpointFacts, ...]]

    @classmethod
    def gather(cls, block: TlsBlock, look: Look) -> Self:
        """Shake hands with every endpoint, each within its own limit."""
        trust = Trust(block.ca_file)

        def see(endpoint: TlsEndpoint) -> EndpointFacts:
            return _see(endpoint, block, trust, look)

        if not block.endpoints:
            return cls(endpoints=look.seen(()))
        with ThreadPoolExecutor(len(block.endpoints), "readiness tls") as pool:
            seen = tuple(pool.map(see, block.endpoints))
        return cls(endpoints=look.seen(seen))

    @classmethod
    def looks(cls, block: TlsBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked: handshakes alone, no application data."""
        connections = (
            PlannedLook(
                "connection",
                "PostgreSQL's SSLRequest, then a TLS handshake"
                if endpoint.starttls == "postgres"
                else "a TLS handshake",
                where=f"{endpoint.host}:{endpoint.port}",
                note=f"{MOST_HANDSHAKES} at most, where certificates have faults",
            )
            for endpoint in block.endpoints
        )
        return (*connections, *(trust_files(block.ca_file) if block.endpoints else ()))

    @staticmethod
    def source(block: TlsBlock) -> str:
        """Name the endpoints."""
        return "tls " + ", ".join(endpoint.name for endpoint in block.endpoints)


def _see(
    endpoint: TlsEndpoint, block: TlsBlock, trust: Trust, look: Look
) -> EndpointFacts:
    look = replace(look, source=f"tls {endpoint.name}")
    began = time.perf_counter()

    def attempt(look: Look) -> EndpointFacts:
        shown = examine(endpoint, trust, look)
        took = dt.timedelta(seconds=time.perf_counter() - began)
        return Asked(endpoint.name, shown, look, took).facts()

    seen, note = look.tries(block.retries, attempt)
    if isinstance(seen, Unavailable):
        took = dt.timedelta(seconds=time.perf_counter() - began)
        return _unseen(endpoint.name, seen, look, took)
    return replace(seen, chain_trusted=noted(seen.chain_trusted, note))


def _unseen(
    name: str, reason: Unavailable, look: Look, took: dt.timedelta
) -> EndpointFacts:
    return EndpointFacts(
        name=name,
        chain_trusted=look.seen(reason, what="chain", duration=took),
        host_matches=look.seen(reason, what="name", duration=took),
        intermediates_sent=look.seen(reason, what="intermediates", duration=took),
        weak_signatures=look.seen(reason, what="signatures", duration=took),
        certificates=look.seen(reason, what="certificates", duration=took),
    )


@dataclass(frozen=True)
class Asked:
    """What one endpoint showed, on its way to facts."""

    name: str
    shown: Shown
    look: Look
    took: dt.timedelta

    def facts(self) -> EndpointFacts:
        """Read the certificates; what cannot be read takes no other fact along."""
        sent, path = self._read(self.shown.sent), self._read(self.shown.path)
        return EndpointFacts(
            name=self.name,
            chain_trusted=noted(
                self._answer(self.shown.trusted, "chain"), self.shown.note
            ),
            host_matches=self._answer(self.shown.matches, "name"),
            intermediates_sent=self._intermediates(sent, path),
            weak_signatures=self._weak_signatures(path),
            certificates=self._certificates(path),
        )

    def _read(self, chain: Chain) -> tuple[Certificate, ...] | Unavailable:
        try:
            return tuple(Certificate.read(der) for der in chain)
        except LookError as error:
            return error.unavailable

    def _answer(self, answer: Answer, what: str) -> Observed[bool]:
        return self.look.seen(
            answer.value, what=what, detail=answer.why, duration=self.took
        )

    def _intermediates(self, sent: _Read, path: _Read) -> Observed[bool]:
        what = "intermediates"
        if isinstance(sent, Unavailable):
            return self.look.seen(sent, what=what)
        if isinstance(path, Unavailable):
            return self.look.seen(path, what=what)
        missing = missing_issuers(sent, path, anchored=self.shown.anchored)
        detail = f"not sent: {', '.join(missing)}" if missing else ""
        return self.look.seen(not missing, what=what, detail=detail)

    def _weak_signatures(self, path: _Read) -> Observed[tuple[str, ...]]:
        if isinstance(path, Unavailable):
            return self.look.seen(path, what="signatures")
        weak = weak_signatures(path, anchored=self.shown.anchored)
        return self.look.seen(weak, what="signatures")

    def _certificates(self, path: _Read) -> Observed[tuple[CertificateFacts, ...]]:
        if isinstance(path, Unavailable):
            return self.look.seen(path, what="certificates")
        facts = tuple(
            self._certificate(at, one, len(path)) for at, one in enumerate(path)
        )
        return self.look.seen(facts, what="certificates")

    def _certificate(
        self, place: int, certificate: Certificate, length: int
    ) -> CertificateFacts:
        if place == 0:
            role = "server"
        elif place == length - 1 and self.shown.anchored:
            role = "root"
        else:
            role = "intermediate"
        name, look = f"{certificate.subject} ({role})", self.look
        span = f"{certificate.begin:%Y-%m-%d} to {certificate.end:%Y-%m-%d}"
        key = certificate.key
        return CertificateFacts(
            name=name,
            time_left=look.seen(certificate.end - look.now(), what=name, detail=span),
            lifetime=look.seen(certificate.end - certificate.begin, what=name),
            key_family=key.family,
            key_bits=look.seen(key.bits, unit="bit", what=name, detail=key.name),
        )
