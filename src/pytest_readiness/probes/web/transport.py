"""How the service is reached unencrypted: plain HTTP, old versions of TLS, and HSTS.

Each old version is offered alone, in a handshake of its own with every cipher that this
machine's OpenSSL still has (``@SECLEVEL=0``: by default it does not offer TLS 1.0 at
all). What cannot be offered from here is unknown, not refused.
"""

from __future__ import annotations

import datetime as dt
import re
import ssl
import warnings
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

from pytest_readiness.catalogue.observation import Cause, Observed
from pytest_readiness.probes.look import Facts, LookError
from pytest_readiness.probes.network import connect
from pytest_readiness.probes.planned import PlannedLook, trust_files
from pytest_readiness.probes.secure import wrap
from pytest_readiness.probes.web.identities import client_of
from pytest_readiness.probes.web.unset import unset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_readiness.probes.look import Look
    from pytest_readiness.target.blocks import ServiceBlock
    from pytest_readiness.target.blocks.security import TransportTable

__all__ = ["CLOSED", "REDIRECTS", "OldVersion", "Transport"]

CLOSED = "closed"
REDIRECTS = "redirect to HTTPS at the same host"
"""What plain HTTP may come to."""

_MOVED = frozenset({301, 302, 303, 307, 308})
_MAX_AGE = re.compile(r'\s*max-age\s*=\s*"?(\d{1,10})"?\s*', re.IGNORECASE)
_OLD: Mapping[str, ssl.TLSVersion] = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
}
_REFUSED = frozenset(
    {"UNEXPECTED_EOF_WHILE_READING", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION"}
)
"""OpenSSL's reasons that are a refusal, beside every alert that the server sends. The
others are this side's: a signature or a key that it does not take from an old server
shows that the server went along."""


@dataclass(frozen=True)
class OldVersion:
    """One version of TLS that nobody should speak any more."""

    name: str
    accepted: Observed[bool]


@dataclass(frozen=True, kw_only=True)
class Transport(Facts):
    """The ways to the service that could be read on the way."""

    block: ClassVar[str] = "service"
    GOOD: ClassVar[tuple[str, ...]] = (CLOSED, REDIRECTS)
    """What plain HTTP may come to."""

    plain: Observed[str]
    """What plain HTTP comes to: ``CLOSED``, ``REDIRECTS``, or what else."""
    hsts: Observed[dt.timedelta]
    """How long browsers are told to use HTTPS alone (RFC 6797); none is no time."""
    for_browsers: Observed[bool]
    """Whether browsers come here, as the target says."""
    old_versions: Observed[tuple[OldVersion, ...]]
    """TLS 1.0 and 1.1 (RFC 8996)."""
    mesh: Observed[bool]
    """Whether something else encrypts between the hosts, as the target says."""
    exempts_loopback: Observed[bool]
    """Whether what does not leave the host may be unencrypted, as the target says."""

    def demands_encryption(self, leaves_host: Observed[bool]) -> bool:
        """Whether a session of the service must be encrypted by itself."""
        if self.mesh.otherwise(default=False):
            return False
        exempts = self.exempts_loopback.otherwise(default=False)
        return leaves_host.otherwise(default=True) or not exempts

    @classmethod
    def gather(cls, block: ServiceBlock, look: Look) -> Self:
        """Ask once over HTTPS, once over HTTP, and shake hands once a version."""
        return cls.tried(look, block.retries, lambda look: cls._once(block, look))

    @classmethod
    def _once(cls, block: ServiceBlock, look: Look) -> Self:
        table = block.transport
        if table is None:
            nothing = unset("transport", look.environment)
            return cls.unavailable(nothing, look.source, look.now())
        said = "as the target says"
        plain = _plain_url(block, table)
        return cls(
            hsts=look.observe(partial(_hsts, block, table, look), what=table.route),
            plain=replace(
                look.observe(partial(_plain, plain, block, table, look)), source=plain
            ),
            for_browsers=look.seen(table.hsts, detail=said),
            old_versions=look.seen(tuple(_versions(block, look)), what="TLS"),
            mesh=look.seen(table.mesh is not None, detail=table.mesh or said),
            exempts_loopback=look.seen(table.exempt_loopback, detail=said),
        )

    @classmethod
    def limit(cls, block: ServiceBlock) -> dt.timedelta:
        """Give each of its steps the block's time."""
        return block.timeout * (len(_OLD) + 2)

    @classmethod
    def looks(cls, block: ServiceBlock) -> tuple[PlannedLook, ...]:
        """Say beforehand what is asked."""
        table = block.transport
        if table is None:
            return ()
        return (
            PlannedLook("request", f"GET {table.route}"),
            PlannedLook("request", f"GET {table.route}", _plain_url(block, table)),
            *(
                PlannedLook("connection", f"a handshake with {name} alone")
                for name in _OLD
            ),
            *trust_files(block.ca_file),
        )

    @staticmethod
    def source(block: ServiceBlock) -> str:
        """Name the service by its URL, which holds no credentials."""
        return block.url


def _plain_url(block: ServiceBlock, table: TransportTable) -> str:
    if table.plain is not None:
        return table.plain
    host = urlsplit(block.url).hostname or ""
    return f"http://[{host}]" if ":" in host else f"http://{host}"


def _plain(plain: str, block: ServiceBlock, table: TransportTable, look: Look) -> str:
    """See what plain HTTP comes to."""
    parts = urlsplit(plain)
    brief = look.brief(block.timeout)
    try:
        connect(parts.hostname or "", parts.port or 80, brief).close()
    except LookError as error:
        if error.unavailable.cause is not Cause.NO_ANSWER:
            raise
        return CLOSED
    with client_of(block, brief, base=plain) as client:
        answer = client.ask("GET", table.route)
    to = urlsplit(answer.headers.get("Location", ""))
    if answer.status not in _MOVED:
        return f"status {answer.status}"
    if to.scheme != "https":
        return f"status {answer.status}, not to HTTPS"
    if to.hostname != parts.hostname:
        return f"status {answer.status}, to another host"
    return REDIRECTS


def _hsts(block: ServiceBlock, table: TransportTable, look: Look) -> dt.timedelta:
    if not block.url.startswith("https:"):
        raise LookError("the service's url is not HTTPS", Cause.LOCAL, "set url")
    with client_of(block, look.brief(block.timeout)) as client:
        answer = client.ask("GET", table.route)
    said: str = answer.headers.get("Strict-Transport-Security", "")
    for directive in said.partition(",")[0].split(";"):
        if found := _MAX_AGE.fullmatch(directive):
            return dt.timedelta(seconds=int(found[1]))
    return dt.timedelta(0)


def _versions(block: ServiceBlock, look: Look) -> list[OldVersion]:
    return [
        OldVersion(
            name,
            look.observe(
                partial(_accepts, block, version, look.brief(block.timeout)), what=name
            ),
        )
        for name, version in _OLD.items()
    ]


def _accepts(block: ServiceBlock, version: ssl.TLSVersion, look: Look) -> bool:
    """Offer one version, and see whether the handshake comes to its end."""
    parts = urlsplit(block.url)
    host = parts.hostname or ""
    context = _offering(version)
    sock = connect(host, parts.port or 443, look)
    with wrap(sock, context, host) as wrapped:
        try:
            wrapped.settimeout(look.remaining())
            wrapped.do_handshake()
        except TimeoutError:
            raise look.overdue("in the TLS handshake") from None
        except ssl.SSLError as error:
            reason = error.reason or ""
            if "_ALERT_" in reason or reason in _REFUSED:
                return False
            raise _cannot_offer(version, reason) from None
        except OSError:
            return False  # cut off, as some refuse
    return True


def _offering(version: ssl.TLSVersion) -> ssl.SSLContext:
    """Give a context that offers one version, with every cipher there is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # whom it trusts is another look's question
    try:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            # Python warns of the old versions, which are what is looked for.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
    except (ssl.SSLError, ValueError):
        raise _cannot_offer(version, "NO_PROTOCOLS_AVAILABLE") from None
    return context


def _cannot_offer(version: ssl.TLSVersion, why: str) -> LookError:
    words = why.replace("_", " ").lower() or "the handshake broke off"
    reason = f"OpenSSL here cannot offer {version.name.replace('_', '.')} ({words})"
    return LookError(reason, Cause.LOCAL, "look from another machine", final=True)
